"""Images that are selected on Explore's map: which they are, what they have in common, and where they go from here."""
