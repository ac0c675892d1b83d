"""How :mod:`shared.metrics` is kept, added up and served: ``prometheus_client`` in its multiprocess mode, and what that lacks."""
