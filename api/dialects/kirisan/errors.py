"""Why a request is turned away."""


class Rejection(Exception):
    """The whole request is refused, before anything was accepted; nothing of it will be sent."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        """The HTTP status."""
        self.reason = reason
        """The text for the answer's ``reason``."""


def invalid(reason: str) -> Rejection:
    """Make the answer to a request that is wrong in itself."""
    return Rejection(400, reason)
