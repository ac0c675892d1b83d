"""The provider stand-in: WAHA, the Cloud API and the Bot API as far as texts need them, at a few dozen microseconds a call.

The same stand-in serves antar and what it is measured against: ``python -m tests.bench.provider PORT``. How it behaves is put to
``/_bench/behaviour``, what it counted is got from ``/_bench/counts``.
"""
