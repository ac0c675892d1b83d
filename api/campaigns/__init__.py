"""Campaigns: one message to the many recipients of a file, in the native envelope."""
