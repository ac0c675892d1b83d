from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from shared import settings, vault
from shared.vault import Vault, VaultError

OWNER, STRANGER = uuid4(), uuid4()
DOCUMENT = {"host": "mail.example", "port": 25, "password": "s3cret ü", "dkim": None}
OLD, NEW = vault.new_key("2025"), vault.new_key("2026")


@pytest.fixture
def old() -> Vault:
    return vault.parse_keys(OLD)


@pytest.fixture
def rotated() -> Vault:
    return vault.parse_keys(f"{NEW},{OLD}")


def test_what_is_encrypted_reads_back(old: Vault) -> None:
    assert old.decrypt(OWNER, old.encrypt(OWNER, DOCUMENT)) == DOCUMENT


def test_nothing_of_it_can_be_read(old: Vault) -> None:
    ciphertext = old.encrypt(OWNER, DOCUMENT)
    assert not any(word in ciphertext for word in (b"mail.example", b"s3cret", b"password"))


def test_the_same_document_never_looks_the_same(old: Vault) -> None:
    assert old.encrypt(OWNER, DOCUMENT) != old.encrypt(OWNER, DOCUMENT)


def test_it_is_bound_to_its_row(old: Vault) -> None:
    with pytest.raises(VaultError, match="altered or moved"):
        old.decrypt(STRANGER, old.encrypt(OWNER, DOCUMENT))


def test_another_key_under_the_same_name_does_not_read_it(old: Vault) -> None:
    with pytest.raises(VaultError, match="or the key is another"):
        vault.parse_keys(vault.new_key("2025")).decrypt(OWNER, old.encrypt(OWNER, DOCUMENT))


def test_a_key_that_is_gone_is_named_as_the_cause(old: Vault) -> None:
    with pytest.raises(VaultError, match="ANTAR_SECRET_KEYS does not hold"):
        vault.parse_keys(NEW).decrypt(OWNER, old.encrypt(OWNER, DOCUMENT))


def test_after_a_rotation_the_old_is_read_and_the_new_is_used(old: Vault, rotated: Vault) -> None:
    before, after = old.encrypt(OWNER, DOCUMENT), rotated.encrypt(OWNER, DOCUMENT)
    assert rotated.decrypt(OWNER, before) == rotated.decrypt(OWNER, after) == DOCUMENT
    with pytest.raises(VaultError):
        old.decrypt(OWNER, after)


def test_a_name_that_begins_another_is_not_taken_for_it() -> None:
    longer, shorter = vault.new_key("k10"), vault.new_key("k1")
    ciphertext = vault.parse_keys(longer).encrypt(OWNER, DOCUMENT)
    with pytest.raises(VaultError, match="ANTAR_SECRET_KEYS does not hold"):
        vault.parse_keys(shorter).decrypt(OWNER, ciphertext)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_byte_can_be_altered(rotated: Vault, mask: int) -> None:
    ciphertext = rotated.encrypt(OWNER, DOCUMENT)
    for position in range(len(ciphertext)):
        altered = bytearray(ciphertext)
        altered[position] ^= mask
        with pytest.raises(VaultError):
            rotated.decrypt(OWNER, bytes(altered))


def test_nothing_can_be_cut_off(old: Vault) -> None:
    ciphertext = old.encrypt(OWNER, DOCUMENT)
    for length in range(len(ciphertext)):
        with pytest.raises(VaultError):
            old.decrypt(OWNER, ciphertext[:length])


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_missing_keys_are_named(text: str) -> None:
    with pytest.raises(VaultError, match="ANTAR_SECRET_KEYS is not set"):
        vault.parse_keys(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026",
        "2026:",
        OLD.partition(":")[2],
        ":" + OLD.partition(":")[2],
        OLD[:-1],
        OLD[:-4],
        OLD + "AAAA",
        "2026:not base64 at all",
        "2026:schlüssel",
        f"{OLD},2026:x",
        f"{OLD};{NEW}",
    ],
    ids=[
        *("no colon", "no key", "no id", "empty id", "no padding", "too short", "too long"),
        *("not base64", "not ascii", "second entry", "semicolon"),
    ],
)
def test_malformed_keys_are_named_and_not_shown(text: str) -> None:
    with pytest.raises(VaultError, match="ANTAR_SECRET_KEYS: each entry is id:base64 of 32 bytes") as raised:
        vault.parse_keys(text)
    assert OLD[10:20] not in str(raised.value)


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(VaultError, match="two entries have the same id"):
        vault.parse_keys(f"{OLD},{vault.new_key('2025')}")


def test_spaces_around_entries_do_not_matter() -> None:
    assert vault.parse_keys(f" {NEW} ,\n{OLD}, ") == vault.parse_keys(f"{NEW},{OLD}")


@pytest.fixture
def fresh_process() -> Iterator[None]:
    """Forget what this process has read of its environment, before and after."""
    for cached in (settings.get, vault.get):
        cached.cache_clear()
    yield
    for cached in (settings.get, vault.get):
        cached.cache_clear()


@pytest.mark.usefixtures("fresh_process")
def test_a_process_takes_its_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_SECRET_KEYS", f"{NEW},{OLD}")
    assert vault.get().active == "2026"
    assert vault.get() is vault.get()


@pytest.mark.usefixtures("fresh_process")
def test_without_keys_a_process_says_so_when_it_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTAR_SECRET_KEYS", raising=False)
    with pytest.raises(VaultError, match="ANTAR_SECRET_KEYS is not set"):
        vault.get()


def test_tokens_are_long_and_differ() -> None:
    tokens = {vault.new_token("wa_") for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("wa_") and len(token) == 3 + 32 for token in tokens)


def test_the_hash_of_a_token_is_its_own() -> None:
    token = vault.new_token()
    assert vault.token_hash(token) == vault.token_hash(token) != vault.token_hash(token + "x")
    assert len(vault.token_hash(token)) == 32
    assert token.encode() not in vault.token_hash(token)


def test_whatever_a_header_holds_can_be_hashed() -> None:
    assert vault.token_hash("\udcff \0 😀") != vault.token_hash("\udcfe \0 😀")


def test_an_owner_is_told_apart_in_every_bit(old: Vault) -> None:
    ciphertext = old.encrypt(OWNER, DOCUMENT)
    for bit in range(128):
        with pytest.raises(VaultError):
            old.decrypt(UUID(int=OWNER.int ^ 1 << bit), ciphertext)
