"""When a key that a refusal has suspended is asked again whether it can send."""

from typing import Final

from shared.domain.outcome import Code

_SECONDS: Final[dict[Code, float]] = {
    Code.DEVICE_DISCONNECTED: 30.0,
    Code.CREDENTIALS_REJECTED: 300.0,
    Code.SENDER_RESTRICTED: 3600.0,
}
_USUAL: Final = 300.0
_SOON: Final = 30.0


def probe_after(code: Code, *, explained: bool) -> float:
    """Give the seconds until a suspended key is asked again; ``explained``: its provider has said in words why.

    A phone comes back by itself as soon as it has a network (30 s). Credentials are renewed by a person, and a provider counts
    wrong ones against the sender (300 s, as for whatever else suspends a key), unless it was only a proxy that said no in its place
    (30 s). A restriction is lifted by a review of the provider's, after hours or days (3600 s).
    """
    if code is Code.CREDENTIALS_REJECTED and not explained:
        return _SOON
    return _SECONDS.get(code, _USUAL)
