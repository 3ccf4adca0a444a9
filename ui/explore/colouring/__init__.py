"""What the points of the map are coloured by: what is on offer, the choice, and a table that somebody adds."""
