"""The bare intake: one HTTP request parsed, one batched and durable commit, one answer. Nothing is published."""

from tests.bench.limit.intake.serving import Intake, serve

__all__ = ["Intake", "serve"]
