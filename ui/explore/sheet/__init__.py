"""The images of a data set, small, on one sheet in the page: brought once somebody needs them."""
