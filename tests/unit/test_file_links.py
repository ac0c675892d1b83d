"""Links to files: nobody makes one but us, and each says until when it works."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import file_links, settings, unsubscribe, vault
from tests.unit.domain.test_files import file

NOW = datetime(2026, 5, 1, 12, 0, 0, 999_999, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC, microsecond=0))  # noqa: DTZ001


@pytest.fixture(autouse=True, scope="module")
def _keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        _use(patch, vault.new_key("old"))
        yield
        patch.undo()
        _forget()


def _use(patch: pytest.MonkeyPatch, *keys: str) -> None:
    patch.setenv("ANTAR_SECRET_KEYS", ",".join(keys))
    patch.setenv("ANTAR_PUBLIC_URL", "https://antar.example/")
    _forget()


def _forget() -> None:
    settings.get.cache_clear()
    vault.get.cache_clear()


@given(file_id=st.uuids(), moment=MOMENTS)
def test_a_token_says_what_was_put_into_it(file_id: UUID, moment: datetime) -> None:
    assert file_links.read(file_links.token(file_id, moment)) == file_links.Claimed(file_id=file_id, expires_at=moment)


@given(file_id=st.uuids(), moment=MOMENTS, place=st.integers(0, 50), other=st.sampled_from("ABCabc019-_"))
def test_a_token_that_is_changed_anywhere_is_none(file_id: UUID, moment: datetime, place: int, other: str) -> None:
    token = file_links.token(file_id, moment)
    forged = token[:place] + other + token[place + 1 :]
    assert file_links.read(forged) is None or forged == token


@given(text=st.text(max_size=80))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert file_links.read(text) is None


def test_a_token_of_another_purpose_is_none() -> None:
    assert file_links.read(unsubscribe.url(file().id).rpartition("/")[2]) is None


def test_a_link_lasts_as_long_as_the_setting_says() -> None:
    link = file_links.make(file(name="Faktur 50%/é.pdf"), NOW)
    assert link.expires_at == NOW.replace(microsecond=0) + timedelta(seconds=3600)
    start, token, name = link.url.rsplit("/", 2)
    assert (start, name) == ("https://antar.example/files", "Faktur%2050%25%2F%C3%A9.pdf")
    claimed = file_links.read(token)
    assert claimed is not None
    assert claimed.expires_at == link.expires_at


def test_a_link_outlives_a_rotation_of_keys_and_not_the_loss_of_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = vault.new_key("first"), vault.new_key("second")
    _use(monkeypatch, old)
    token = file_links.token(file().id, NOW)
    _use(monkeypatch, new, old)
    assert file_links.read(token) is not None
    _use(monkeypatch, new)
    assert file_links.read(token) is None
    monkeypatch.undo()
    _forget()
