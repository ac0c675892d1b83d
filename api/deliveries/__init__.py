"""Deliveries of which nobody knows whether they were sent, and what a person decides."""
