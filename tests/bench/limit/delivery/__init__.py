"""The bare delivery: one batched claim, one call per delivery, one batched result.

A send's tiers have a channel each. A refused delivery opens that of the next tier in the transaction that writes the refusal,
claimed already: the same commit does both, and nothing goes through the queue again.
"""

from tests.bench.limit.delivery.serving import Delivery, serve

__all__ = ["Delivery", "serve"]
