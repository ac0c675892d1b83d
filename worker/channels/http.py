"""Where *not sent* ends and *unknown* begins, for every provider that is spoken to over HTTP."""

import httpx

from shared.domain.outcome import Action, Code, NotSent, Trace, Unknown

_BEFORE_THE_REQUEST_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_OUR_REQUEST_IS_WRONG = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


def outcome_of_failure(error: httpx.RequestError, request: str) -> NotSent | Unknown:
    """Say what a failed HTTP exchange means for the message.

    Nothing was sent while no connection stood; once bytes may have left, nobody but the provider knows. ``request`` is the
    redacted request line for the trace.
    """
    trace = Trace(request=request)
    if isinstance(error, _BEFORE_THE_REQUEST_LEFT):
        return NotSent(code=Code.CONNECTION_FAILED, reason="could not connect to the provider", action=Action.RETRY, trace=trace)
    if isinstance(error, _OUR_REQUEST_IS_WRONG):
        return NotSent(
            code=Code.CREDENTIALS_REJECTED, reason="the channel key's base_url is not usable", action=Action.KEY, trace=trace
        )
    if isinstance(error, httpx.TimeoutException):
        return Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time", trace=trace)
    return Unknown(code=Code.CONNECTION_LOST, reason="the connection was lost after the request left", trace=trace)
