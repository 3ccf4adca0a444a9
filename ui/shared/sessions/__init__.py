"""Who has a tab open, what each of them made, and what goes when the tab is gone."""
