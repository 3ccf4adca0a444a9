"""A model from elsewhere, loaded on a page: the files, the job that reads them, how they were read."""
