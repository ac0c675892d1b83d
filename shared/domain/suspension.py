"""When a key that a refusal has suspended is asked again whether it can send."""

from typing import Final

from shared.domain.outcome import Code

_SECONDS: Final[dict[Code, float]] = {
    Code.DEVICE_DISCONNECTED: 30.0,
    Code.CREDENTIALS_REJECTED: 300.0,
    Code.SENDER_RESTRICTED: 3600.0,
}
_USUAL: Final = 300.0


def probe_after(code: Code) -> float:
    """Give the seconds until a suspended key is asked again.

    A phone comes back by itself as soon as it has a network (30 s). Credentials are renewed by a person, and a provider counts
    wrong ones against the sender (300 s, as for whatever else suspends a key). A restriction is lifted by a review of the
    provider's, after hours or days (3600 s).
    """
    return _SECONDS.get(code, _USUAL)
