"""Webhooks to customers: an outbox that is written with what it tells of, and posted from until it was heard."""
