"""Signing, and whose turn it is."""
