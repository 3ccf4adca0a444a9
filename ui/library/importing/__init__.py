"""From files, or a folder, to a job that makes a data set of them."""
