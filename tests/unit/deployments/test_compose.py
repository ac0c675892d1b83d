"""Docker Compose: one file that a client understands, and that shows nothing to the network."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.deployments import sources

_CLIENT: Final = shutil.which("docker-compose")
_FOLDER: Final = sources.DEPLOY / "compose"
_SERVICES: Final[dict[str, dict[str, Any]]] = sources.compose()["services"]


@pytest.mark.skipif(_CLIENT is None, reason="needs docker-compose")
def test_a_client_reads_it(tmp_path: Path) -> None:
    example = (_FOLDER / ".env.example").read_text()
    variables = tmp_path / "env"
    variables.write_text(re.sub(r"=$", "=value", example, flags=re.MULTILINE))
    command = [
        str(_CLIENT),
        "--env-file",
        str(variables),
        "-f",
        str(_FOLDER / "compose.yaml"),
        "--profile",
        "metrics",
        "config",
        "-q",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command.
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_has_every_variable_and_no_other() -> None:
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", (_FOLDER / "compose.yaml").read_text()))
    assert set(re.findall(r"^(\w+)=", (_FOLDER / ".env.example").read_text(), re.MULTILINE)) == read


def test_ports_are_this_machine_s_alone_unless_told_otherwise() -> None:
    published = [port for service in _SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 4
    assert [port for port in published if not re.fullmatch(r"\$\{\w+:-127\.0\.0\.1:\d+\}:\d+", port)] == []


@pytest.mark.parametrize("name", _SERVICES)
def test_every_service_is_looked_after(name: str) -> None:
    service = _SERVICES[name]
    assert service["mem_limit"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "migrate":
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    if name != "postgres":
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


@pytest.mark.parametrize("name", sources.services())
def test_what_a_process_writes_has_a_place(name: str) -> None:
    """The root file system is read-only, and what was written has to be there when the container is made anew."""
    needed = {
        "api": {"files"},
        "worker-send": {"files", "journal"},
        "worker-bulk": {"files", "journal"},
        "worker-events": {"files", "journal"},
        "beat": {"beat"},
        "flower": {"flower"},
    }
    mounted = dict(volume.split(":") for volume in _SERVICES[name].get("volumes", []) if ":" in volume)
    assert mounted == {volume: f"/var/lib/antar/{volume}" for volume in needed.get(name, set())}


@pytest.mark.parametrize("name", _SERVICES)
def test_dependencies_can_come_true(name: str) -> None:
    for needed, wish in _SERVICES[name].get("depends_on", {}).items():
        if wish["condition"] == "service_healthy":
            assert "healthcheck" in _SERVICES[needed]
        if wish["condition"] == "service_completed_successfully":
            assert _SERVICES[needed]["restart"] == "no"


def test_volumes_and_files_are_there() -> None:
    mounted = [volume.split(":")[0] for service in _SERVICES.values() for volume in service.get("volumes", []) if ":" in volume]
    files = {source for source in mounted if source.startswith(".")}
    assert [source for source in files if not (_FOLDER / source).is_file()] == []
    assert set(mounted) - files == set(sources.compose()["volumes"])


def test_prometheus_asks_every_process_that_counts() -> None:
    asked = re.search(r"names: \[(.*)\]", (_FOLDER / "prometheus.yml").read_text())
    assert asked is not None
    assert set(asked.group(1).split(", ")) == {name for name in _SERVICES if name == "api" or name.startswith("worker-")}
