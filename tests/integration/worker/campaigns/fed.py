"""A campaign in hand whose recipients have become sends."""

from dataclasses import dataclass
from uuid import UUID

from shared.domain.outcome import Outcome
from shared.domain.retry import Decision
from shared.management.campaigns import control
from tests.integration.worker.campaigns import rows
from tests.integration.worker.campaigns.conftest import Campaigns, Feed
from tests.integration.worker.conftest import Desk, result
from worker.deliver import release
from worker.deliver.claim import Claim
from worker.deliver.release import Later


@dataclass(frozen=True, kw_only=True)
class Fed:
    """A campaign all of whose recipients are sends, and its deliveries by their targets, each in the order of tiers."""

    id: UUID
    desk: Desk
    deliveries: dict[str, list[UUID]]

    def states(self) -> list[list[str]]:
        return [[self.desk.state(each) for each in theirs] for theirs in self.deliveries.values()]

    def first(self, position: int) -> UUID:
        return self.deliveries[str(1000 + position)][0]

    def claim(self, position: int) -> Claim:
        (claimed,) = self.desk.claim([self.first(position)])
        return claimed

    def everything(self) -> list[UUID]:
        return [each for theirs in self.deliveries.values() for each in theirs]

    def record(self, claimed: Claim, outcome: Outcome | None = None, decision: Decision | None = None) -> None:
        self.desk.runtime.run(self.desk.process.writer.write(result(claimed, outcome, decision)))

    def give_back(self, claimed: Claim) -> None:
        back = Later(claim=claimed, seconds=0.0, refund=False)
        self.desk.runtime.run(release.give_back(self.desk.process.engine, [back]))

    def pause(self, seconds: float = 0.0) -> int:
        return control.pause(self.desk.database, self.desk.account_id, self.id, seconds).in_flight

    def cancel(self, seconds: float = 0.0) -> int:
        return control.cancel(self.desk.database, self.desk.account_id, self.id, seconds).in_flight

    def resume(self) -> list[UUID]:
        return sorted(each.id for each in control.resume(self.desk.database, self.desk.account_id, self.id))


def fed(campaigns: Campaigns, feed: Feed, number: int, *channels: tuple[str, int]) -> Fed:
    campaign_id = campaigns.run(number, *channels)
    feed()
    found: dict[str, list[UUID]] = {}
    for row in rows.delivered(campaigns.database, campaign_id):
        found.setdefault(row["target"], []).append(row["id"])
    return Fed(id=campaign_id, desk=campaigns.desk, deliveries=found)
