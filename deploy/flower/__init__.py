"""Flower, the operators' view of Celery, as every deployment runs it: ``python -m deploy.flower``.

It reads antar's own variables (``ANTAR_BROKER_URL`` and the rest of a worker's) and Flower's, which are named ``FLOWER_`` and the
option in capitals; what nobody sets is as in :mod:`deploy.flower.options`. A deployment sets these:

- ``FLOWER_BASIC_AUTH``: ``user:password``, several with commas. Without it (or ``FLOWER_AUTH``, for OAuth) Flower does not start.
  By the environment or not at all: everybody on the machine may read a command line.
- ``FLOWER_ADDRESS``, ``FLOWER_PORT``: where it listens, ``127.0.0.1`` and ``5555`` unless told otherwise. In a container the
  address is ``0.0.0.0``.
- ``FLOWER_DB``: where it keeps the tasks it knows between two starts, ``/var/lib/antar/flower/tasks`` unless told otherwise. The
  folder is made if it can be; it needs some twenty megabytes, and must outlast the container.
- ``FLOWER_URL_PREFIX``: where a proxy serves it below a path.
- ``FLOWER_BROKER_API``: ``http://user:password@host:15672/api/``, RabbitMQ's management plugin, for the page of the broker. Redis
  answers it without.
- ``FLOWER_READ_ONLY=false``: lets who has the password stop workers and end tasks, too.

``GET /healthcheck`` tells that it lives; that and ``/metrics`` need no password, the pages and ``/api`` do. Of what it keeps, half
a minute is lost when it is killed, and nothing when it is stopped.

Flower counts tasks, not messages, and forgets: ``antar top`` and ``antar why`` tell what Postgres knows.
"""
