"""The body of a request: antar's, as far as texts need it."""

from typing import Literal

from pydantic import BaseModel, Field

Channel = Literal["whatsapp", "telegram", "waba"]


class Key(BaseModel):
    """A channel to send by, and its tier."""

    token: str = Field(min_length=1)
    fallback: bool = False
    fallback_sequence: int = Field(default=1, ge=1)

    @property
    def tier(self) -> int:
        """The tier, from 0 on."""
        return self.fallback_sequence if self.fallback else 0


class Message(BaseModel):
    """A text with ``{{placeholders}}``."""

    type: Literal["text"]
    message: str = Field(min_length=1)


class Content(BaseModel):
    """What to send on a channel."""

    message: Message


class Target(BaseModel):
    """The recipient, by channel."""

    whatsapp: str | None = None
    telegram: str | None = None
    waba: str | None = None
    variables: dict[str, str] = {}


class Body(BaseModel):
    """A send to one recipient, on one channel or several."""

    keys: dict[Channel, Key] = Field(min_length=1)
    content: dict[Channel, Content]
    target: Target

    def tiers(self) -> list[list[Channel]]:
        """Give the channels, tier by tier."""
        numbers = sorted({key.tier for key in self.keys.values()})
        return [[channel for channel, key in self.keys.items() if key.tier == number] for number in numbers]

    def parts(self) -> dict[str, dict[str, str]]:
        """Give what each channel sends. Raises :class:`ValueError` when one has no content or no target."""
        return {channel: self._part(channel, key) for channel, key in self.keys.items()}

    def _part(self, channel: Channel, key: Key) -> dict[str, str]:
        target = getattr(self.target, channel)
        if target is None or channel not in self.content:
            raise ValueError(f"{channel} needs content and a target")
        return {"key": key.token, "target": target, "text": self._text(channel)}

    def _text(self, channel: Channel) -> str:
        text = self.content[channel].message.message
        for name, value in self.target.variables.items():
            text = text.replace("{{" + name + "}}", value)
        return text
