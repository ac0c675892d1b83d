"""The units: systemd understands them, and they get no more rights than they need."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.unit.deployments import sources

_ANALYZE: Final = shutil.which("systemd-analyze")
_FOLDER: Final = sources.DEPLOY / "systemd"
_EXPOSURE: Final = 20
"""In tenths, of 100: what systemd calls OK ends at 40."""
_needs_systemd: Final = pytest.mark.skipif(_ANALYZE is None, reason="needs systemd-analyze")


def instance(name: str) -> str:
    return name.replace("@.", "@1.")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the units, with programs that exist in the place of those of an installation."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(_FOLDER, folder, dirs_exist_ok=True)
    for path in folder.glob("*.service"):
        text = re.sub(r"/opt/antar/bin/\S+", "/bin/true", path.read_text())
        (folder / instance(path.name)).write_text(text)
    return folder


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    command = [str(_ANALYZE), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command.


@_needs_systemd
def test_systemd_reads_them(installed: Path) -> None:
    done = analyze(installed, "verify", "--man=no", "antar.target", *(instance(name) for name in sources.units()))
    assert (done.returncode, done.stderr) == (0, "")


@_needs_systemd
def test_they_get_no_more_rights_than_they_need(installed: Path) -> None:
    names = [instance(name) for name in sources.units()]
    done = analyze(installed, "security", "--offline=yes", f"--threshold={_EXPOSURE}", "--no-pager", *names)
    assert done.returncode == 0, done.stdout


def test_the_target_starts_what_was_enabled_alone() -> None:
    """A machine that only delivers enables fewer; the documentation enables all."""
    (enabling,) = re.findall(r"systemctl enable --now antar\.target (.*?)\n```", (_FOLDER / "README.md").read_text(), re.DOTALL)
    named = {name for name in enabling.split() if name != "\\"}
    assert named == {instance(name).removesuffix(".service") for name in sources.units()}
    assert "Wants" not in sources.unit("antar.target")


@pytest.mark.parametrize("name", sources.units())
def test_a_unit_belongs_to_the_target(name: str) -> None:
    directives = sources.unit(name)
    assert directives["PartOf"] == directives["WantedBy"] == ["antar.target"]


@pytest.mark.parametrize("name", [name for name in sources.units() if name != "antar-migrate.service"])
def test_a_process_is_started_again_whatever_ended_it(name: str) -> None:
    directives = sources.unit(name)
    assert (directives["Restart"], directives["StartLimitIntervalSec"]) == (["always"], ["0"])


def test_what_outlives_a_process_is_the_user_s_own() -> None:
    directives = sources.unit("antar-api.service")
    variables = dict(each.split("=", 1) for each in directives["Environment"])
    assert variables["ANTAR_JOURNAL_DIR"].startswith(f"/var/lib/{directives['StateDirectory'][0]}/")
    assert variables["ANTAR_METRICS_DIR"].startswith(f"/run/{directives['RuntimeDirectory'][0]}/")
    assert directives["RuntimeDirectoryPreserve"] == ["yes"]


def test_workers_of_one_machine_have_names_of_their_own() -> None:
    for name in sources.units():
        if "@" in name:
            queue = name.removeprefix("antar-").removesuffix("@.service")
            assert f"CELERY_WORKER_HOSTNAME={queue}-%i@%%h" in sources.unit(name)["Environment"]
