"""The manifests: Kubernetes knows them, they name what exists, and pods get no rights."""

import tomllib
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from deploy import processes
from tests.unit.deployments import sources

_FOLDER: Final = sources.DEPLOY / "kubernetes"
_VERSION: Final = "1.32"
_KUSTOMIZATIONS: Final = sorted(_FOLDER.glob("*/kustomization.yaml"))
_OUTSIDE: Final = {"secret.example.yaml"}
"""Never applied as it is."""


def label(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def kustomization(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("manifest", sources.manifests(), ids=label)
def test_kubernetes_knows_it(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, _VERSION, strict=True)


@pytest.mark.parametrize("path", _KUSTOMIZATIONS, ids=lambda path: path.parent.name)
def test_kustomizations_name_every_file(path: Path) -> None:
    named, there = kustomization(path)["resources"], {each.name for each in path.parent.glob("*.yaml")}
    assert set(named) == there - _OUTSIDE - {path.name}


def test_one_image_in_this_version_runs_everywhere() -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]
    images = [image for path in _KUSTOMIZATIONS for image in kustomization(path).get("images", [])]
    assert [(image["name"], image["newTag"]) for image in images] == [("antar", project["version"])] * 2
    assert {sources.container(pod)["image"] for pod in sources.pods().values()} == {"antar"}


@pytest.mark.parametrize(("name", "pod"), sources.pods().items(), ids=sources.pods())
def test_a_pod_gets_no_rights(name: str, pod: dict[str, Any]) -> None:
    spec, container = pod["spec"], sources.container(pod)
    assert spec["automountServiceAccountToken"] is spec["enableServiceLinks"] is False, name
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("pod", sources.pods().values(), ids=sources.pods())
def test_a_pod_reads_settings_that_are_there(pod: dict[str, Any]) -> None:
    (settings, secret) = sources.container(pod)["envFrom"]
    assert settings["configMapRef"]["name"] in sources.of_kind("ConfigMap")
    assert secret["secretRef"]["name"] in sources.of_kind("Secret")


@pytest.mark.parametrize("name", [f"antar-{name}" for name in processes.NAMES])
def test_a_process_is_probed_where_it_listens(name: str) -> None:
    container = sources.container(sources.pods()[name])
    probes = [container[probe] for probe in ("startupProbe", "livenessProbe", "readinessProbe") if probe in container]
    ports = {port["name"] for port in container.get("ports", [])}
    assert "livenessProbe" in container
    assert {probe["httpGet"]["port"] for probe in probes if "httpGet" in probe} <= ports


@pytest.mark.parametrize("name", [f"antar-{name}" for name in processes.NAMES])
def test_a_volume_for_everything_that_is_mounted(name: str) -> None:
    pod = sources.pods()[name]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    assert {mount["name"] for mount in sources.container(pod)["volumeMounts"]} == set(volumes)
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes.values() if "persistentVolumeClaim" in volume}
    assert claims <= set(sources.of_kind("PersistentVolumeClaim"))


def selectors() -> list[tuple[str, dict[str, str]]]:
    policies = {**sources.of_kind("NetworkPolicy"), **sources.of_kind("PodDisruptionBudget"), **sources.of_kind("Deployment")}
    chosen = [(name, each["spec"].get("selector") or each["spec"]["podSelector"]) for name, each in policies.items()]
    services = [(name, each["spec"]["selector"]) for name, each in sources.of_kind("Service").items()]
    return [*((name, each["matchLabels"]) for name, each in chosen), *services]


@pytest.mark.parametrize(("name", "wanted"), selectors(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_selector_chooses_pods(name: str, wanted: dict[str, str]) -> None:
    labels = [pod["metadata"]["labels"].items() for pod in sources.pods().values()]
    assert any(wanted.items() <= each for each in labels), name


def test_beat_is_one_and_never_two() -> None:
    spec = sources.of_kind("Deployment")["antar-beat"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_workers_are_scaled_by_a_metric_that_is_served() -> None:
    (rule,) = yaml.safe_load((_FOLDER / "adapter-rules.yaml").read_text())
    for name, scaler in sources.of_kind("HorizontalPodAutoscaler").items():
        (metric,) = scaler["spec"]["metrics"]
        queue = metric["external"]["metric"]["selector"]["matchLabels"]["queue"]
        assert metric["external"]["metric"]["name"] == rule["name"]["as"] == "antar_queue_oldest_seconds"
        assert queue in processes.QUEUES[name.removeprefix("antar-")]
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in sources.of_kind("Deployment")[name]["spec"]
