"""What a row must have, and what is said of one that does not have it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids
from shared.domain import rows
from shared.domain.campaigns import CampaignPlan, ColumnMapping, PlannedChannel
from shared.domain.channels import Channel
from shared.domain.rows import Recipient, Refused

_CHANNELS = (Channel.WHATSAPP, Channel.EMAIL, Channel.TELEGRAM)
_PLAN = CampaignPlan(
    channels=tuple(PlannedChannel(channel=each, tier=0, fallback=False, key_id=ids.new()) for each in _CHANNELS),
    variables={"shop": "Toko"},
)
_MAPPING = ColumnMapping(
    targets={Channel.WHATSAPP: "Phone", Channel.EMAIL: "Mail", Channel.WABA: "Other"},
    variables={"name": "Name", "shop": "Shop"},
    time_zone="Zone",
)
_UNSTORABLE = "has a character that is none: NUL, or half of a surrogate pair"
_RULES = rows.rules(_PLAN, _MAPPING, {Channel.WHATSAPP: ["name", "shop"], Channel.EMAIL: ["code"]})


def _read(phone: str = "", mail: str = "", name: str = "Ann", **cells: str) -> Recipient | Refused:
    return rows.read({"Phone": phone, "Mail": mail, "Name": name, **cells}, _RULES)


def _recipient(phone: str = "", mail: str = "", **cells: str) -> Recipient:
    found = _read(phone, mail, **cells)
    assert isinstance(found, Recipient)
    return found


def test_the_columns_are_those_of_the_channels_that_are_planned() -> None:
    assert _RULES.columns == ["Phone", "Mail", "Name", "Shop", "Zone"]


def test_a_recipient_has_what_the_row_says() -> None:
    found = _recipient(" +62 812-1111-2222 ", "nobody", Shop="", Zone=" Asia/Makassar ", Age="7")
    assert found.targets == {"whatsapp": "+62 812-1111-2222", "email": "nobody"}
    assert found.addresses == {"whatsapp": "6281211112222", "email": None}
    assert found.variables == {"name": "Ann"}
    assert found.time_zone == "Asia/Makassar"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({}, "no WhatsApp target: column 'Phone' is empty, no Email target: column 'Mail' is empty"),
        ({"phone": "12"}, "invalid WhatsApp target in column 'Phone', no Email target: column 'Mail' is empty"),
        ({"phone": "12", "mail": "x"}, "invalid WhatsApp target in column 'Phone', invalid Email target in column 'Mail'"),
        ({"phone": "6281211112222", "name": ""}, "the WhatsApp message needs the variable 'name': column 'Name' is empty"),
        ({"mail": "a@b.example"}, "the Email message needs the variable 'code': no column is mapped to it"),
        (
            {"phone": "6281211112222", "Zone": "Jakarta"},
            "unknown time zone in column 'Zone': it must be an IANA time zone, such as Asia/Jakarta",
        ),
        ({"phone": "6281211112222", "name": "x" * 65_536}, "the row is longer than 65536 characters"),
        ({"phone": "6281211112222", "name": "A\0"}, f"column 'Name' {_UNSTORABLE}"),
        ({"phone": "6281211112222", "Z\ud800": "\ud83d"}, f"column 'Z\ufffd' {_UNSTORABLE}"),
    ],
)
def test_a_refusal_names_the_column(cells: dict[str, str], reason: str) -> None:
    assert _read(**cells) == Refused(reason)


def test_without_a_mapped_channel_every_row_is_refused() -> None:
    bare = rows.rules(_PLAN, ColumnMapping(targets={Channel.WABA: "Other"}, variables={}), {})
    assert rows.read({"Other": "6281211112222"}, bare) == Refused("no column is mapped to a target of the campaign's channels")


@pytest.mark.parametrize(
    ("phone", "zone"),
    [
        ("31612345678", "Europe/Amsterdam"),
        ("6281211112222", "Asia/Jakarta"),
        ("12125550123", "America/New_York"),
        ("442071838750", "Europe/London"),
        ("77011234567", "Asia/Almaty"),
        ("79161234567", "Europe/Moscow"),
        ("85221234567", "Asia/Hong_Kong"),
        ("18005550123", None),
        ("351912345678", None),
        ("120363025246125486@g.us", None),
    ],
)
def test_a_phone_number_tells_its_time_zone_unless_it_could_be_in_several(phone: str, zone: str | None) -> None:
    assert _recipient(phone).time_zone == zone


class TestFingerprint:
    """What duplicates have in common."""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("+62 812-1111-2222", ""), ("6281211112222", "")),
            (("6281211112222@c.us", ""), ("6281211112222", "")),
            (("6281211112222", "nobody"), ("6281211112222", "")),
        ],
    )
    def test_is_the_same_for_one_recipient_however_written(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert _recipient(*one).fingerprint == _recipient(*other).fingerprint

    @given(numbers=st.lists(st.integers(10_000_000, 99_999_999), min_size=2, max_size=50, unique=True))
    def test_differs_for_different_recipients(self, numbers: list[int]) -> None:
        found = {_recipient(f"62812{number}").fingerprint for number in numbers}
        assert len(found) == len(numbers)
        assert all(-(2**63) <= each < 2**63 for each in found)

    def test_does_not_depend_on_the_order_of_the_channels(self) -> None:
        turned = CampaignPlan(channels=_PLAN.channels[::-1])
        cells = {"Phone": "6281211112222", "Other": "", "Mail": "A@B.example"}
        mapping = ColumnMapping(targets=_MAPPING.targets, variables={})
        both = [rows.read(cells, rows.rules(plan, mapping, {})) for plan in (_PLAN, turned)]
        assert isinstance(both[0], Recipient)
        assert isinstance(both[1], Recipient)
        assert both[0].fingerprint == both[1].fingerprint


def test_the_cells_of_a_refused_row_are_kept_as_far_as_they_can_be() -> None:
    assert rows.kept({"a\0": "b\ud800", "c": "x" * 1000}) == {"a\ufffd": "b\ufffd", "c": "x" * 1000}
    assert rows.kept({"a": "x" * 70_000, "b": "y"}) == {"a": "x" * 1000, "b": "y"}
