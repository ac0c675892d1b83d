"""Campaigns fed, paused, resumed and cancelled, on a real database."""
