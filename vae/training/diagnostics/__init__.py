"""What the numbers of a run mean: fine, watch or failing, and the remedy."""
