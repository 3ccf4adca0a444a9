"""Train: the form, the estimate, the run that is watched, and all runs."""
