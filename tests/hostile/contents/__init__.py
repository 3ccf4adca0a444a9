"""What a file of each family may hold that no good one holds."""
