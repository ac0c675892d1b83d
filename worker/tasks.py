"""The Celery tasks: nothing but calls."""

from functools import partial
from typing import Any, Final

from celery import Task

from shared import queues
from worker import confirmation, probing, recovery, schedule, templates, upkeep
from worker.campaigns import feeding, importing
from worker.deliver import batch
from worker.deliver.result import Lineage
from worker.failing import Guarded
from worker.receipts import handling
from worker.runtime import current
from worker.webhooks import delivery

_task: Final = partial(queues.app.task, base=Guarded)


@_task(name=queues.Task.DELIVER.value, bind=True)
def deliver(self: Task[Any, Any], delivery_ids: list[str]) -> None:
    """Deliver what can be claimed among some deliveries."""
    lineage = Lineage(root_id=self.request.root_id, task_id=self.request.id)
    runtime = current.get()
    runtime.run(batch.deliver(runtime.process, queues.read_deliveries(delivery_ids), lineage))


@_task(name=queues.Task.SETTLE.value)
def settle(send_ids: list[str]) -> None:
    """Take the next step of sends whose deliveries a person has changed."""
    runtime = current.get()
    runtime.run(recovery.advance_sends(runtime.process, queues.read_sends(send_ids)))


@_task(name=queues.Task.CONFIRM.value)
def confirm(delivery_ids: list[str]) -> None:
    """Open the next tiers of deliveries that were not confirmed in time."""
    runtime = current.get()
    runtime.run(confirmation.end_due(runtime.process, queues.read_deliveries(delivery_ids)))


@_task(name=queues.Task.PROMOTE.value)
def promote() -> None:
    """Hand the scheduled sends that fall due to the queue."""
    schedule.promote()


@_task(name=queues.Task.RECOVER.value)
def recover() -> None:
    """Publish queued deliveries that nobody took; end claims whose worker is gone."""
    runtime = current.get()
    runtime.run(recovery.recover(runtime.process))


@_task(name=queues.Task.PROBE.value)
def probe() -> None:
    """Ask suspended channel keys whether they can send again."""
    runtime = current.get()
    runtime.run(probing.probe_due(runtime.process.engine, runtime.process.wires))


@_task(name=queues.Task.SYNC.value)
def sync() -> None:
    """Read the templates of business numbers from Meta, and hand in those that are submitted."""
    runtime = current.get()
    runtime.run(templates.sync_due(runtime.process.engine, runtime.process.wires))


@_task(name=queues.Task.RECEIPT.value)
def receipt(webhook_ids: list[str]) -> None:
    """Record what webhooks of providers report of messages."""
    runtime = current.get()
    runtime.run(handling.handle(runtime.process, queues.read_receipts(webhook_ids)))


@_task(name=queues.Task.WEBHOOK.value)
def webhook(webhook_ids: list[str]) -> None:
    """Post webhooks to customers."""
    runtime = current.get()
    runtime.run(delivery.deliver(runtime.process, queues.read_webhooks(webhook_ids)))


@_task(name=queues.Task.PARTITIONS.value)
def partitions() -> None:
    """Make the partitions of the coming weeks, and drop those that are kept no longer."""
    upkeep.tend_partitions()


@_task(name=queues.Task.EXPIRE.value)
def expire() -> None:
    """Delete what has expired."""
    upkeep.expire()


@_task(name=queues.Task.FEED.value)
def feed() -> None:
    """Start the campaigns whose time has come, and make sends of the next recipients of those that run."""
    feeding.feed(current.get().process.stopping)


@_task(name=queues.Task.IMPORT.value)
def import_recipients(campaign_ids: list[str]) -> None:
    """Read the files of campaigns, each row of which becomes a recipient."""
    importing.read_files(current.get().process.stopping, queues.read_campaigns(campaign_ids))
