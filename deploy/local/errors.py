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


class AlreadyRunning(StackError):
    """Another stack runs in the same home."""


class ServerNotFound(StackError):
    """Neither PATH nor the installed wheels have a server that can be used."""


class ServerBroken(StackError):
    """A server was found and its data cannot be made or used with it."""


class NotReady(StackError):
    """A process died again and again, or did not become ready in time."""


class StepFailed(StackError):
    """A command that runs to completion, such as the migration, ended with an error."""
