"""From content to the body of ``POST /<phone number id>/messages``, after Meta's OpenAPI description of v23.0."""

from uuid import UUID

from shared.domain.content import CloudMessage, JsonObject, Message, MessageType, Rendered, TemplateMessage
from shared.domain.outcome import Code
from worker.channels.waba import interactive, limits


def build(delivery_id: UUID, target: str, content: Rendered) -> JsonObject:
    """Build the body. Meta repeats the delivery's id in every status webhook.

    Raises :class:`worker.channels.waba.limits.UnsendableError` for what Meta is known to refuse.
    """
    kind, value = _content(content)
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": target,
        "type": kind,
        kind: value,
        "biz_opaque_callback_data": str(delivery_id),
    }


def _content(content: Rendered) -> tuple[str, JsonObject]:
    match content:
        case CloudMessage():
            return content.kind, content.cloud
        case TemplateMessage():
            return "template", _template(content)
        case Message():
            return _message(content)
        case _:
            raise limits.UnsendableError(Code.CONTENT_UNSUPPORTED, "WABA does not send emails")


def _template(template: TemplateMessage) -> JsonObject:
    named: JsonObject = {"name": template.name, "language": {"code": template.language}}
    return {**named, "components": list(template.components)} if template.components else named


def _message(message: Message) -> tuple[str, JsonObject]:
    """Choose the shape: whatever has options and may have them is interactive, a picture as its header."""
    if message.type is MessageType.LOCATION:
        return "location", _location(message)
    if message.type is MessageType.AUDIO:
        return "audio", {"link": _file_url(message)}
    if message.type is MessageType.INTERACTIVE or interactive.has_options(message.rich_context):
        return "interactive", interactive.build(message)
    if message.type is MessageType.TEXT:
        return "text", {"body": limits.filled("message", _with_footer(message), limits.TEXT_BODY), "preview_url": False}
    return message.type.value, _media(message)


def _file_url(message: Message) -> str:
    return limits.link("richContext.fileUrl", message.rich_context.file_url)


def _media(message: Message) -> JsonObject:
    media: JsonObject = {"link": _file_url(message)}
    caption = limits.within("message", _with_footer(message), limits.CAPTION)
    if caption:
        media["caption"] = caption
    if message.type is MessageType.DOCUMENT and message.rich_context.file_name:
        media["filename"] = message.rich_context.file_name
    return media


def _with_footer(message: Message) -> str:
    """Write the footer below the text: only interactive messages have a place of their own for it."""
    blocks = (message.text, message.rich_context.footer or "")
    return "\n\n".join(block for block in blocks if block.strip())


def _location(message: Message) -> JsonObject:
    location = message.rich_context.location
    if location is None:
        raise limits.invalid("richContext.location is missing")
    words = {"name": location.name, "address": location.address}
    return {"latitude": location.lat, "longitude": location.lng, **{name: word for name, word in words.items() if word}}
