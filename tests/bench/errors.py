"""Why a figure cannot be given."""


class NoFigure(Exception):
    """A figure would count what was not done.

    NoFigure
    +- UnexpectedAnswer
    +- Overdue
    +- Miscounted
    """


class UnexpectedAnswer(NoFigure):
    """A post was answered in another way than the load asked for."""


class Overdue(NoFigure):
    """What was waited for did not come."""


class Miscounted(NoFigure):
    """The tables and the provider do not agree on what was sent."""
