from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import webhook_secrets
from shared.domain.webhook_secrets import Secret

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def secret(name: str, hour: int = 0, *, ends: int | None = None) -> Secret:
    """Make a secret of some hour after noon, that ends at another."""
    ends_at = None if ends is None else NOON + timedelta(hours=ends)
    return Secret(id=f"sec_{name}", secret=f"whsec_{name}", created_at=NOON + timedelta(hours=hour), expires_at=ends_at)


def names(secrets: tuple[Secret, ...]) -> list[str]:
    return [each.id.removeprefix("sec_") for each in secrets]


@pytest.mark.parametrize(("hours", "left"), [(-1, "abc"), (0, "bc"), (1, "bc"), (2, "c"), (100, "c")])
def test_a_secret_signs_until_it_ends(hours: int, left: str) -> None:
    kept = (secret("a", ends=0), secret("b", ends=2), secret("c"))
    assert names(webhook_secrets.active(kept, NOON + timedelta(hours=hours))) == list(left)


def test_a_new_one_takes_over_after_a_while() -> None:
    old, new = webhook_secrets.rotate((secret("a"),), secret("b", 3), timedelta(hours=24))
    assert (old.expires_at, new.expires_at) == (NOON + timedelta(hours=27), None)


def test_an_end_that_was_set_is_not_put_off() -> None:
    first, second, _ = webhook_secrets.rotate((secret("a", ends=5), secret("b", ends=50)), secret("c", 3), timedelta(hours=24))
    assert (first.expires_at, second.expires_at) == (NOON + timedelta(hours=5), NOON + timedelta(hours=27))


def test_without_an_overlap_only_the_new_one_is_left() -> None:
    assert names(webhook_secrets.rotate((secret("a"), secret("b", ends=9)), secret("c", 3), timedelta(0))) == ["c"]


def test_what_has_ended_is_forgotten() -> None:
    assert names(webhook_secrets.rotate((secret("a", ends=1), secret("b")), secret("c", 3), timedelta(hours=1))) == ["b", "c"]


def test_what_is_written_is_read_again() -> None:
    kept = (secret("a", ends=5), secret("b", 2))
    assert webhook_secrets.read(webhook_secrets.dump(kept)) == kept
