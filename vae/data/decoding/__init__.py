"""Many image files decoded at once: by threads where they are few, by processes of their own where they are many."""
