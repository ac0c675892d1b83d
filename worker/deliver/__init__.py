"""Delivering: claim, guards, call, record, settle."""
