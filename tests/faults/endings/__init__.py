"""How processes end, by signals and without, and what they leave behind."""
