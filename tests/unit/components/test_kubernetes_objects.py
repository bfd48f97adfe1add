"""What the state keeps of the way to a cluster, and what of its objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks.pool_objects import canonical
from tideform.components.kubernetes.objects import cluster_provider


@pytest.mark.parametrize("cluster", [{}, {"existing": "mine"}])
def test_nothing_of_whoever_applies_goes_into_the_state_and_nothing_is_taken_over(
    cluster: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(pulumi, "ProviderResource", lambda _package, _name, settings, _options: seen.append(settings))
    monkeypatch.setenv("KUBECONFIG", "/home/ann/.kube/config")
    monkeypatch.setenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "true")
    cluster_provider(deployment_of({**FULL, "cluster": cluster}, tmp_path))
    (settings,) = seen
    assert settings.keys() <= {"context", "clusterIdentifier", "upsertExistingObjects"}
    assert settings["upsertExistingObjects"] == "false"


@pytest.mark.parametrize(
    ("amount", "units", "step", "written"),
    [
        (95000, ("m", ""), 1000, "95"),
        (95500, ("m", ""), 1000, "95500m"),
        (2 * 1024**2, ("Mi", "Gi", "Ti"), 1024, "2Ti"),
        (3072, ("Mi", "Gi", "Ti"), 1024, "3Gi"),
        (3073, ("Mi", "Gi", "Ti"), 1024, "3073Mi"),
    ],
)
def test_a_quantity_is_written_as_the_api_gives_it_back(
    amount: int, units: tuple[str, ...], step: int, written: str
) -> None:
    assert canonical(amount, units, step) == written
