"""Receipts: what providers report by webhook of messages that they have taken."""
