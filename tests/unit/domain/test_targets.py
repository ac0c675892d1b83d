import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import targets
from shared.domain.channels import Channel

PHONES = [
    ("6281234567890", "6281234567890"),
    ("+6281234567890", "6281234567890"),
    ("  +62 812-3456-7890\r\n", "6281234567890"),
    ("+1 (650) 555-1234", "16505551234"),
    ("+49.170.1234567", "491701234567"),
    ("+62\u00a0812\u00a034567890", "6281234567890"),
    ("+49 (0)170 1234567", "491701234567"),
    ("+39 06 1234 5678", "390612345678"),
    ("+54 11 15 2345 6789", "5491123456789"),
    ("+52 1 55 1234 5678", "5215512345678"),
    ("+52 55 1234 5678", "525512345678"),
]
NO_PHONES = [
    "",
    "   ",
    "+",
    "0",
    "1",
    "00",
    "0812345678",
    "+49 00170 1234567",
    "006281234567890",
    "+006281234567890",
    "++6281234567890",
    "62+81234567890",
    "62812345678 ext 5",
    "1-800-FLOWERS",
    "\uff16\uff12\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10",
    "٦٢٨١٢٣٤٥٦٧٨٩٠",
    "62812345678²",
    "62812345\x007890",
    "62812\r\n34567890",
    "62812\n34567890",
    "6281234567890😀",
    "😀",
    "999123456789",
    "62" + "8" * 30,
    "6281234567890,6281234567891",
]


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.WABA])
@pytest.mark.parametrize(("target", "canonical"), PHONES)
def test_phone_numbers(channel: Channel, target: str, canonical: str) -> None:
    assert targets.normalise(channel, target) == canonical


_CODES = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)).map(str)
_PREFIXES = st.sampled_from(["", "0", "00", "1", "8", "9", "15", "044"])


@settings(max_examples=1000, deadline=None)
@given(st.tuples(_CODES, _PREFIXES, st.from_regex(r"[0-9]{1,13}", fullmatch=True)).map("".join))
def test_a_number_that_needs_no_parsing_is_what_the_parser_makes_of_it(digits: str) -> None:
    parsed = targets._e164(digits)
    settled = parsed if parsed is not None and targets._e164(parsed) == parsed else None
    assert targets.phone(digits) == (digits if targets._MEXICAN_MOBILE.fullmatch(digits) else settled)


@pytest.mark.parametrize("digits", ["6281234567890", "16505551234", "33612345678", "4915112345678"])
def test_most_numbers_need_no_parsing(digits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(phonenumbers, "parse")
    assert targets.phone(digits) == digits


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.WABA])
@pytest.mark.parametrize("target", NO_PHONES)
def test_no_phone_numbers(channel: Channel, target: str) -> None:
    assert targets.normalise(channel, target) is None


@pytest.mark.parametrize(
    ("target", "canonical"),
    [
        ("120363043968066561@g.us", "120363043968066561@g.us"),
        ("6281234567890-1612345678@g.us", "6281234567890-1612345678@g.us"),
        (" 120363043968066561@G.US ", "120363043968066561@g.us"),
        ("123456789012345@lid", "123456789012345@lid"),
        ("6281234567890@c.us", "6281234567890"),
        ("6281234567890@s.whatsapp.net", "6281234567890"),
    ],
)
def test_whatsapp_chats(target: str, canonical: str) -> None:
    assert targets.normalise(Channel.WHATSAPP, target) == canonical
    assert targets.normalise(Channel.WABA, target) is None


@pytest.mark.parametrize(
    "target",
    [
        "@g.us",
        "12 345@g.us",
        "ann@g.us",
        "12345@g.us.evil",
        "12345@gXus",
        "0812345678@c.us",
        "@c.us",
        "6281234567890@c.us@c.us",
    ],
)
def test_no_whatsapp_chats(target: str) -> None:
    assert targets.normalise(Channel.WHATSAPP, target) is None


@pytest.mark.parametrize(
    ("target", "canonical"),
    [
        ("42", "42"),
        (" 123456789\r\n", "123456789"),
        ("-1001234567890", "-1001234567890"),
        ("4503599627370495", "4503599627370495"),
        ("-4503599627370495", "-4503599627370495"),
        ("@Antar_News", "@antar_news"),
        ("@abcd", "@abcd"),
        ("@" + "a" * 32, "@" + "a" * 32),
    ],
)
def test_telegram_chats(target: str, canonical: str) -> None:
    assert targets.normalise(Channel.TELEGRAM, target) == canonical


@pytest.mark.parametrize(
    "target",
    [
        "",
        "0",
        "-",
        "-0",
        "007",
        "0042",
        "+42",
        "4 2",
        "4.2",
        "1e3",
        "4503599627370496",
        "-4503599627370496",
        "9" * 300,
        "\uff14\uff12",
        "٤٢",
        "42\x00",
        "4\r\n2",
        "😀",
        "antar_news",
        "@",
        "@abc",
        "@1abcd",
        "@_abcd",
        "@antar-news",
        "@antar news",
        "@antar\nnews",
        "@äntar",
        "@anta\u212a",
        "@" + "a" * 33,
        "https://t.me/antar_news",
    ],
)
def test_no_telegram_chats(target: str) -> None:
    assert targets.normalise(Channel.TELEGRAM, target) is None


@pytest.mark.parametrize(
    ("target", "canonical"),
    [
        ("ann@mail.example", "ann@mail.example"),
        ("  ann@mail.example\r\n", "ann@mail.example"),
        ("Ann.Smith+news@Mail.EXAMPLE", "Ann.Smith+news@mail.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("jürgen@mail.example", "jürgen@mail.example"),
        ("ann@mail.test", "ann@mail.test"),
        ("ann@test", "ann@test"),
        ("ann@mail.local", "ann@mail.local"),
        ("ann@Mail.LOCAL", "ann@mail.local"),
        ("ann@local.mail.example", "ann@local.mail.example"),
        ("ann@localhost", "ann@localhost"),
        ("ann@mail.localhost", "ann@mail.localhost"),
        ("ann@mailhost", "ann@mailhost"),
        ("ann@mail01", "ann@mail01"),
        ("o'hara@mail.example", "o'hara@mail.example"),
        ("ann@" + "a" * 63 + ".example", "ann@" + "a" * 63 + ".example"),
    ],
)
def test_email_addresses(target: str, canonical: str) -> None:
    assert targets.normalise(Channel.EMAIL, target) == canonical


@pytest.mark.parametrize(
    "target",
    [
        "",
        "@",
        "ann",
        "ann@",
        "@mail.example",
        "ann@@mail.example",
        "ann smith@mail.example",
        '"ann smith"@mail.example',
        "Ann <ann@mail.example>",
        "ann@mail.example, bob@mail.example",
        "ann@mail..example",
        ".ann@mail.example",
        "ann.@mail.example",
        "ann@mail.example.",
        "ann@-mail.example",
        "ann@mail_host.example",
        "ann@[192.0.2.1]",
        "ann@192.0.2.1",
        "ann@mail.12",
        "ann@mail。12",
        "ann@mail.invalid",
        "ann@.local",
        "ann@mail.example\r\nBcc: eve@evil.example",
        "ann\r\n@mail.example",
        "ann\x00@mail.example",
        "ann@mail\x00.example",
        "ann@mail.example😀",
        "+6281234567890",
        "a" * 320 + "@mail.example",
        "ann@" + "a" * 64 + ".example",
    ],
)
def test_no_email_addresses(target: str) -> None:
    assert targets.normalise(Channel.EMAIL, target) is None


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("unit", ["6", "a", "@", "a.", "a@b.", "😀", "{{", "ü", " a"])
def test_ten_kilobytes_are_no_address(channel: Channel, unit: str) -> None:
    assert targets.normalise(channel, (unit * 10_000)[:10_000]) is None


def test_padding_does_not_count_as_length() -> None:
    assert targets.normalise(Channel.EMAIL, " " * 10_000 + "ann@mail.example") == "ann@mail.example"


domains = st.text("abü1-.。\uff42K\u017f", min_size=1) | st.sampled_from(["Mail.Local", "localhost", "test", "mail.EXAMPLE"])
codes = st.sampled_from(["62", "1", "20", "39", "49", "52", "54", "57", "7", "225", "375"])
likely = st.one_of(
    st.builds("{}{}".format, codes, st.from_regex(r"\A0{0,2}[0-9]{6,11}\Z")),
    st.from_regex(r"\A\+?[0-9 ().\-]{5,20}\Z"),
    st.from_regex(r"\A[0-9-]{3,20}@(g\.us|lid|c\.us|s\.whatsapp\.net)\Z"),
    st.from_regex(r"\A-?[0-9]{1,17}\Z"),
    st.from_regex(r"\A@\w{3,33}\Z"),
    st.builds("{}@{}".format, st.text("aB.+üe\u0301", min_size=1), domains),
    st.text(),
)


def test_what_only_looks_like_a_private_domain_is_not_kept_as_it_looks() -> None:
    assert targets.normalise(Channel.EMAIL, "ann@localho\u017ft") in {None, "ann@localhost"}


@pytest.mark.parametrize("channel", Channel)
@given(target=likely)
@settings(max_examples=100, deadline=None)
def test_the_canonical_form_is_its_own(channel: Channel, target: str) -> None:
    canonical = targets.normalise(channel, target)
    if canonical is not None:
        assert targets.normalise(channel, canonical) == canonical
        assert not any(character.isspace() or character == "\0" for character in canonical)


@given(code=codes, national=st.from_regex(r"\A[0-9]{6,12}\Z"))
@settings(max_examples=100, deadline=None)
def test_spellings_of_a_phone_number_agree(code: str, national: str) -> None:
    spellings = [
        f"{code}{national}",
        f"+{code} {national}",
        f"+{code}-{national[:3]}-{national[3:]}",
        f"+{code} ({national[:2]}) {national[2:]}",
    ]
    assert len({targets.phone(spelling) for spelling in spellings}) == 1


_LOCALS = st.from_regex(r"[a-zA-Z0-9._+\-\"@ é]{1,12}", fullmatch=True) | st.sampled_from(["info", "INFO", "a", "a" * 62])
_DOMAINS = st.sampled_from(
    ["b.example", "B.Example.", "localhost", "x.local", "münchen.example", "1.2.3.4", "[1.2.3.4]", "b.example>"]
)


@settings(deadline=None)
@given(local=_LOCALS, domain=_DOMAINS | st.from_regex(r"[a-zA-Z0-9.\-<>\"@()]{1,12}", fullmatch=True))
def test_an_everyday_address_is_what_the_validator_makes_of_it(local: str, domain: str) -> None:
    assert targets._email(f"{local}@{domain}") == targets._checked_email(f"{local}@{domain}")
