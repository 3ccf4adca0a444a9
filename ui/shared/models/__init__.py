"""What a page says of the model it works with: its card and its health."""
