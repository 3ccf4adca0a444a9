"""One own image in Explore: the tool in the panel's place, and what it is sent."""
