"""Beat's scheduler: Celery's own, which leaves a sign of life for probes, since beat answers no requests."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Celery's, with a file beside its schedule, named ``.alive``, that is as old as its last turn: a few seconds."""

    def tick(self, *args: Any, **options: Any) -> float:
        """Start what is due, and give the seconds until the next turn."""
        with suppress(OSError):
            Path(f"{self.schedule_filename}.alive").touch()  # type: ignore[attr-defined]  # The stubs lack it.
        return float(super().tick(*args, **options))
