"""What a WABA channel key holds."""

from typing import Annotated

from pydantic import SecretStr, StringConstraints

from shared.credentials.base import Credentials
from shared.credentials.endpoints import BaseUrl, HeaderSecret

_GraphId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]+$")]
_Version = Annotated[str, StringConstraints(pattern=r"^v[0-9]+\.[0-9]+$")]


class WabaCredentials(Credentials):
    """A business phone number on Meta's Cloud API, and the token that may send by it."""

    phone_number_id: _GraphId
    access_token: HeaderSecret
    app_secret: SecretStr | None = None
    """What Meta signs its webhooks with; without it none is taken."""
    verify_token: SecretStr | None = None
    """What Meta shows when it is given the webhooks' address, as entered beside it."""
    waba_id: _GraphId | None = None
    api_version: _Version = "v23.0"
    base_url: BaseUrl = "https://graph.facebook.com"
    """Everything before ``/<version>/<phone number id>``."""
