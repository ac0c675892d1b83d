"""What the credentials of every channel have in common."""

from pydantic import BaseModel, ConfigDict


class Credentials(BaseModel):
    """What a channel key holds, decrypted. Subclasses name the fields; secrets are ``SecretStr``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    public_only: bool = False
    """Whether the provider must be on the public internet, or in ``ANTAR_EGRESS_ALLOW``: so it must for a key that a customer made,
    who names the provider's address, and with it what antar connects to."""
