"""Messages as a device can send them."""

import pytest

from shared.domain.content import Message, MessageType
from tests.integration.channels.samples import LIST, message
from worker.channels.whatsapp import rendering
from worker.channels.whatsapp.rendering import File, Place, Text


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (message("text", "Hi"), "Hi"),
        (message("text", "Hi", footer="Bye"), "Hi\n\nBye"),
        (message("text", "Hi", footer=" "), "Hi"),
        (message("interactive", "Hi", buttons=[{"text": "Yes"}]), "Hi\n\n1. Yes"),
        (message("text", "Hi", buttons=[{"text": "Yes"}]), "Hi\n\n1. Yes"),
        (message("interactive", None, buttons=[{"text": "Go", "url": "https://a.example"}]), "Go: https://a.example"),
        (message("interactive", "Hi", listMessage=LIST), "Hi\n\n1. Soto - with rice\n2. Rawon\n3. Tea"),
    ],
)
def test_text_footer_and_options_follow_one_another(content: Message, body: str) -> None:
    assert rendering.render(content) == Text(body=body)


def test_file_has_its_caption_and_the_name_of_its_sender() -> None:
    content = message("document", "Hi", footer="Bye", fileUrl="https://a.example/b.pdf", fileName="Bill.pdf")
    assert rendering.render(content) == File(
        kind=MessageType.DOCUMENT, url="https://a.example/b.pdf", mimetype="application/pdf", name="Bill.pdf", caption="Hi\n\nBye"
    )


@pytest.mark.parametrize(
    ("kind", "url", "mimetype", "name"),
    [
        ("image", "https://a.example/b.png?x=1", "image/png", "b.png"),
        ("image", "https://a.example/b.pdf", "image/jpeg", "b.pdf"),
        ("image", "https://a.example/", "image/jpeg", None),
        ("video", "https://a.example/b.webm", "video/webm", "b.webm"),
        ("video", "https://a.example/b", "video/mp4", "b"),
        ("document", "https://a.example/b.png", "image/png", "b.png"),
        ("document", "https://a.example/b", "application/octet-stream", "b"),
        ("audio", "https://a.example/b.mp3", "audio/mpeg", "b.mp3"),
        ("audio", "https://a.example/b", "audio/ogg; codecs=opus", "b"),
    ],
)
def test_type_of_a_file_fits_its_message(kind: str, url: str, mimetype: str, name: str | None) -> None:
    file = rendering.render(message(kind, None, fileUrl=url))
    assert isinstance(file, File)
    assert (file.mimetype, file.name, file.caption) == (mimetype, name, "")


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ({"fileUrl": "https://a.example/b.png"}, MessageType.IMAGE),
        ({"fileUrl": "https://a.example/b", "fileName": "c.mp4"}, MessageType.VIDEO),
        ({"fileUrl": "https://a.example/b.mp3"}, MessageType.DOCUMENT),
        ({"fileUrl": "https://a.example/b"}, MessageType.DOCUMENT),
    ],
)
def test_file_of_an_interactive_message_has_the_options_below_it(context: dict[str, str], kind: MessageType) -> None:
    file = rendering.render(message("interactive", "Hi", buttons=[{"text": "Yes"}], **context))
    assert isinstance(file, File)
    assert (file.kind, file.caption) == (kind, "Hi\n\n1. Yes")


def test_audio_has_no_caption() -> None:
    file = rendering.render(message("audio", "Hi", fileUrl="https://a.example/b.mp3"))
    assert isinstance(file, File)
    assert file.caption == ""


@pytest.mark.parametrize(
    ("location", "title"),
    [
        ({"name": "Monas", "address": "Jakarta"}, "Monas"),
        ({"address": "Jakarta"}, "Jakarta"),
        ({}, "-6.2, 106.8"),
    ],
)
def test_place_has_a_title_always(location: dict[str, str], title: str) -> None:
    content = message("location", "ignored", location={"lat": -6.2, "lng": 106.8, **location})
    assert rendering.render(content) == Place(latitude=-6.2, longitude=106.8, title=title)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (message("text", None), "message must not be empty"),
        (message("text", " \n"), "message must not be empty"),
        (message("interactive", ""), "message must not be empty"),
        (message("image"), "richContext.fileUrl is missing"),
        (message("image", fileUrl="ftp://a.example/b"), "richContext.fileUrl must be an http or https URL"),
        (message("document", fileUrl="http://[::1/b"), "richContext.fileUrl must be an http or https URL"),
        (message("interactive", fileUrl="http://[::1/b"), "richContext.fileUrl must be an http or https URL"),
        (message("location"), "richContext.location is missing"),
    ],
)
def test_what_is_missing_is_named(content: Message, reason: str) -> None:
    with pytest.raises(rendering.UnsendableError, match=f"^{reason}$"):
        rendering.render(content)
