"""What no implementation can leave out, measured alone: the bounds that antar's figures are held against.

``intake`` parses a request and commits it together with all that wait; ``delivery`` claims a batch, calls the provider, and writes
the results together. Both work on antar's tables, with their indexes and partitions, and nothing of antar's code is on their way:
no Celery, no ORM, no guards, retries, leases to be honoured, pacing, events or waiters.
"""
