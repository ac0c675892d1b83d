"""The image: what is copied exists, and what is installed is what was tested, without what only tests need."""

import re
import tomllib
from typing import Final

import pytest

from tests.unit.deployments import sources

_DOCKERFILE: Final = (sources.DEPLOY / "image" / "Dockerfile").read_text()


def locked(name: str) -> dict[str, str]:
    """Give the versions in a lock, by package and by where they are for."""
    text = (sources.ROOT / name).read_text()
    return {
        package + marker: version
        for package, version, marker in re.findall(r"^([\w.-]+)==([^\s;]+)( ; [^\\\n]+)?", text, re.MULTILINE)
    }


def wanted(*groups: str) -> set[str]:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *(each for group in groups for each in project["optional-dependencies"][group])]
    return {re.split(r"[\[><; ]", each)[0] for each in named}


def test_production_gets_what_was_tested() -> None:
    production, everything = locked("requirements-production.lock"), locked("requirements.lock")
    tested = {(name.split(" ;")[0], version) for name, version in everything.items()}
    assert {(name.split(" ;")[0], version) for name, version in production.items()} <= tested
    assert wanted() <= {name.split(" ;")[0] for name in production}


def test_production_gets_nothing_that_only_tests_need() -> None:
    names = {name.split(" ;")[0] for name in locked("requirements-production.lock")}
    assert names & (wanted("dev", "local") - wanted()) == set()


@pytest.mark.parametrize("lock", ["requirements-production.lock", "requirements-build.lock"])
def test_all_is_installed_by_hash(lock: str) -> None:
    blocks = re.split(r"^(?=\S)", (sources.ROOT / lock).read_text(), flags=re.MULTILINE)
    assert [block for block in blocks if block and "--hash=sha256:" not in block] == []
    assert re.search(rf"--require-hashes .*{lock}|--require-hashes -r {lock}", _DOCKERFILE)


def test_what_is_copied_is_there_and_let_through() -> None:
    copied = [source for line in re.findall(r"^COPY (?!--from)(.*) \S+$", _DOCKERFILE, re.MULTILINE) for source in line.split()]
    let_through = (sources.DEPLOY / "image" / "Dockerfile.dockerignore").read_text().splitlines()
    assert [source for source in copied if not (sources.ROOT / source).exists()] == []
    assert sorted(f"!{source}" for source in copied) == sorted(line for line in let_through if line.startswith("!"))


def test_it_runs_as_a_number_that_is_not_root_s() -> None:
    assert re.findall(r"^USER (.*)$", _DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert {service["user"] for service in sources.services().values()} == {"10001:10001"}
    assert {pod["spec"]["securityContext"]["runAsUser"] for pod in sources.pods().values()} == {10001}
