"""Some images of a model, chosen by a person: what they have in common, tags that are kept, files to take along."""
