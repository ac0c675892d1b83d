"""Orders that commit together."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy
from sqlalchemy import Engine

from api.intake import Accepted, Intake, Order
from api.publishing import Publisher
from shared import ids
from shared.domain.channels import Channel
from shared.domain.send import PlannedDelivery, SendPlan
from tests.integration.api.caller import Caller, await_true


def _order(caller: Caller, number: float) -> Order:
    delivery = PlannedDelivery(
        channel=Channel.WABA,
        tier=0,
        fallback=False,
        key_id=ids.new(),
        target="6281311100000",
        template_id=None,
        content={"number": number},
    )
    plan = SendPlan(dialect="kirisan", deliveries=(delivery,), variables={}, schedule=None, expires_at=None)
    return Order(plan=plan, account_id=caller.account_id, token_id=ids.new(), request_id="", waiter=None)


@pytest.mark.usefixtures("own_process")
def test_one_that_cannot_be_written_fails_alone(database: Engine, caller: Caller) -> None:
    intake = Intake(Publisher())
    with ThreadPoolExecutor(max_workers=5) as threads:

        def submit(number: float) -> Future[Accepted]:
            return threads.submit(intake.submit, _order(caller, number))

        with database.begin() as blocker:
            blocker.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
            first = submit(0)
            await_true(lambda: _blocked(database), 5)
            good, bad = [submit(1), submit(2)], submit(float("nan"))
        with pytest.raises(ValueError, match="not JSON compliant"):
            bad.result()
        assert not any(each.result().replayed for each in (first, *good))
    assert caller.sends(database) == 3


def _blocked(database: Engine) -> bool:
    with database.connect() as connection:
        return bool(connection.execute(sqlalchemy.text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
