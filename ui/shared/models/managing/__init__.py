"""What can be done with a model from any page: another name, deleting it, files for use elsewhere."""
