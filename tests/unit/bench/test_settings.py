import pytest

from shared.settings import Settings
from tests.bench import settings


def test_settings_are_those_of_the_stack_and_else_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_DELIVER_BATCH", "7")
    known = settings.of({"ANTAR_API_THREADS": "96", "ANTAR_BROKER_URL": "redis://127.0.0.1:7000/0", "PATH": "/bin"})
    assert known.api_threads == 96
    assert known.broker_url.get_secret_value() == "redis://127.0.0.1:7000/0"
    assert known.deliver_batch == Settings.model_fields["deliver_batch"].default
