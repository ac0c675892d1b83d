"""Addresses that an account does not write to."""
