"""A process that counts, as an api process or a worker does: it takes the port if it can, and says each line it is told to."""

import sys

import structlog

from shared import metrics
from shared.figures import endpoint


def main() -> None:
    """Count one delivery for every line that comes, and end with the input."""
    # A line of the log in the middle of an answer would make it none.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    endpoint.start(lambda: metrics.PROCESSES.labels("worker").set(1))
    for _ in sys.stdin:
        metrics.RECOVERED.labels("deliveries").inc()
        print("counted", flush=True)  # noqa: T201 - whoever started it reads this.


if __name__ == "__main__":
    main()
