"""Campaigns: made and changed, filled from files, started and stopped, and told of."""
