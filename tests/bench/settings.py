"""antar's settings as the processes of a stack have them."""

from collections.abc import Mapping
from typing import Final

from shared.settings import Settings

_PREFIX: Final = "ANTAR_"


def of(variables: Mapping[str, str]) -> Settings:
    """Read the settings out of a stack's variables, whatever the environment of this process says."""
    given = {name.removeprefix(_PREFIX).lower(): value for name, value in variables.items()}
    return Settings.model_validate({name: given.get(name, field.default) for name, field in Settings.model_fields.items()})
