"""Front ends in JavaScript, a folder each, and what all of them share."""
