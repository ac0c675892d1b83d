"""Deliveries that our own code could not process: what went wrong, until a person has them tried again."""

from sqlalchemy import Column, Index, Table, Uuid

from shared.db.tables.base import metadata, moment, now, one_of, text

STEPS = ("claim", "prepare", "call", "record")

quarantine = Table(
    "quarantine",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column("send_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    text("step"),
    text("error"),
    text("trace"),
    now("at"),
    moment("replayed_at"),
    one_of("step", STEPS),
    Index(None, "at"),
)
