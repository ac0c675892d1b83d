"""Links that a customer gives for others to follow."""

from urllib.parse import urlsplit


def is_web_url(text: str) -> bool:
    """Tell whether a text is an ``http`` or ``https`` URL that names a host and can be sent as it is."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
