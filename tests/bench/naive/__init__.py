"""The same service as the documentation of Flask, Celery and SQLAlchemy teaches it: what antar's figures are compared with.

A request is validated by pydantic, inserted and committed, and published as a canvas: a chain of one chord per tier. Its header
delivers by the tier's channels side by side, its callback decides. Results are kept in Redis, the pool is prefork, and what is not
said in these files is Celery's default. Every step writes its row. Where more than one way is taught, the cheaper one was taken.

``serve`` starts it as processes of its own beside a running stack, with a database and a Redis database of its own.
"""

from tests.bench.naive.serving import Naive, serve

__all__ = ["Naive", "serve"]
