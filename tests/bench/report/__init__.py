"""What was measured, for people and for scripts: tables, JSON and pictures."""
