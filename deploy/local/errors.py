"""What can keep a local stack from running.

StackError
├── AlreadyRunning
├── ServerNotFound
├── ServerBroken
├── NotReady
└── StepFailed
"""


class StackError(Exception):
    """The local stack cannot go on; the message is meant for the person at the terminal."""


class AlreadyRunning(StackError):  # noqa: N818 - it is a state, as in FileExistsError's "exists"
    """Another stack runs in the same home."""


class ServerNotFound(StackError):  # noqa: N818 - named as FileNotFoundError is
    """Neither PATH nor the installed wheels have a server that can be used."""


class ServerBroken(StackError):  # noqa: N818 - the server is, not the code
    """A server was found and its data cannot be made or used with it."""


class NotReady(StackError):  # noqa: N818 - a state
    """A process died again and again, or did not become ready in time."""


class StepFailed(StackError):  # noqa: N818 - a command that was to end well did not
    """A command that runs to completion, such as the migration, ended with an error."""
