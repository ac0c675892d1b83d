"""What files are called, and which of them each channel carries."""

from datetime import UTC, datetime

import pytest

from shared import ids
from shared.domain import files
from shared.domain.channels import Channel
from shared.domain.content import MessageType
from shared.domain.files import File
from shared.domain.media_types import UnacceptableFile
from shared.domain.outcome import Code

MIB = 1024 * 1024


def file(media_type: str = "image/png", size: int = 1, name: str = "a.png") -> File:
    return File(
        id=ids.new(),
        account_id=ids.new(),
        name=name,
        media_type=media_type,
        size_bytes=size,
        sha256=b"",
        location="files/a",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a.png", "a.png"),
        ("C:\\Users\\ann\\Faktur Mei.pdf", "Faktur Mei.pdf"),
        ("../../etc/passwd", "passwd"),
        (" struk é.jpg ", "struk é.jpg"),
        ("a" * 200, "a" * 200),
    ],
)
def test_a_name_is_without_its_folders(text: str, name: str) -> None:
    assert files.clean_name(text) == name


@pytest.mark.parametrize("text", ["", " ", "a/", "..", "a/..", "a\x00b", "a\nb", "a\u202egpj.exe", "\ud800", "a" * 201])
def test_a_name_that_cannot_be_shown_is_refused(text: str) -> None:
    with pytest.raises(UnacceptableFile, match="name"):
        files.clean_name(text)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, "a.png"),
        ("", "a.png"),
        ("Struk", "Struk.png"),
        ("Struk.jpg", "Struk.jpg"),
        ("Faktur 12/2026", "Faktur 12_2026.png"),
        ("..\\..\\run.exe", ".._.._run.exe"),
        ("a\r\nBcc: b@test.example", "a__Bcc: b@test.example"),
        ("a\x00\u202egpj.png", "a__gpj.png"),
    ],
)
def test_a_given_name_gets_the_files_ending(given: str | None, shown: str) -> None:
    assert files.shown_name(given, file()) == shown


@pytest.mark.parametrize(
    ("channel", "message_type", "media_type", "limit"),
    [
        (Channel.WABA, MessageType.IMAGE, "image/png", 5 * MIB),
        (Channel.WABA, MessageType.VIDEO, "video/3gpp", 16 * MIB),
        (Channel.WABA, MessageType.AUDIO, "audio/ogg", 16 * MIB),
        (Channel.WABA, MessageType.DOCUMENT, "application/pdf", 100 * MIB),
        (Channel.WABA, MessageType.INTERACTIVE, "image/jpeg", 5 * MIB),
        (Channel.WABA, MessageType.INTERACTIVE, "application/pdf", 100 * MIB),
        (Channel.TELEGRAM, MessageType.IMAGE, "image/jpeg", 5 * MIB),
        (Channel.TELEGRAM, MessageType.VIDEO, "video/mp4", 20 * MIB),
        (Channel.TELEGRAM, MessageType.DOCUMENT, "application/zip", 20 * MIB),
        (Channel.WHATSAPP, MessageType.IMAGE, "image/webp", 16 * MIB),
        (Channel.WHATSAPP, MessageType.DOCUMENT, "text/csv", 100 * MIB),
    ],
)
def test_what_a_channel_carries_and_how_much(channel: Channel, message_type: MessageType, media_type: str, limit: int) -> None:
    assert files.refusal(channel, message_type, file(media_type, limit)) is None
    refused = files.refusal(channel, message_type, file(media_type, limit + 1))
    assert refused is not None
    assert refused[0] is Code.CONTENT_TOO_LARGE
    assert refused[1].endswith(f"{limit + 1} bytes; at most {limit} can be sent")


@pytest.mark.parametrize(
    ("channel", "message_type", "media_type"),
    [
        (Channel.WABA, MessageType.IMAGE, "image/webp"),
        (Channel.WABA, MessageType.IMAGE, "application/pdf"),
        (Channel.WABA, MessageType.INTERACTIVE, "image/gif"),
        (Channel.WABA, MessageType.DOCUMENT, "text/csv"),
        (Channel.TELEGRAM, MessageType.DOCUMENT, "text/plain"),
        (Channel.TELEGRAM, MessageType.VIDEO, "video/3gpp"),
        (Channel.WHATSAPP, MessageType.VIDEO, "audio/mp4"),
    ],
)
def test_what_a_channel_does_not_carry_is_named(channel: Channel, message_type: MessageType, media_type: str) -> None:
    expected = (Code.CONTENT_UNSUPPORTED, f"{channel} does not take {media_type} as {message_type}")
    assert files.refusal(channel, message_type, file(media_type)) == expected


@pytest.mark.parametrize("message_type", [MessageType.TEXT, MessageType.LOCATION])
def test_a_message_that_carries_no_file_has_no_limit(message_type: MessageType) -> None:
    assert files.refusal(Channel.WABA, message_type, file("text/csv", 1000 * MIB)) is None


def test_the_attachments_of_an_email_are_limited_together() -> None:
    half = file("application/pdf", files.EMAIL_BYTES // 2)
    assert files.refusal_of_attachments([half, half]) is None
    refused = files.refusal_of_attachments([half, half, file(size=1)])
    assert refused is not None
    assert refused[0] is Code.CONTENT_TOO_LARGE
