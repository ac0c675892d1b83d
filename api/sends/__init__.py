"""Sends as they stand: one with its whole story, or a page of an account's."""
