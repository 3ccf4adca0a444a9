"""What a person keeps: under a name beside a checkpoint, or as a file."""
