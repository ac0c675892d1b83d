"""The providers' published schemas, where a copy lies beside the checkout; tests that need one skip without it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "providers"
_FOLDER = Path(os.environ.get("ANTAR_PROVIDER_SCHEMAS", _BESIDE_THE_CHECKOUT))


def provider_file(name: str) -> Any:
    """Load ``waba/messages_v23.0.patched.json`` and the like, or skip the test."""
    path = _FOLDER / name
    if not path.is_file():
        pytest.skip(f"no copy of the provider's {name}: set ANTAR_PROVIDER_SCHEMAS to a folder that holds it")
    text = path.read_text()
    return yaml.safe_load(text) if path.suffix in {".yaml", ".yml"} else json.loads(text)
