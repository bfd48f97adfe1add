"""One control plane for the whole session: starting takes seconds, and tests use namespaces and pools of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes import build, versions
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.control_plane import ControlPlane


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a control plane is marked so, whoever wrote it."""
    for item in items:
        if {"control_plane", "cluster", "kubeconfig"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kubernetes)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The API server with every custom resource, and nothing that acts on objects."""
    build.ensure([versions.CONTROL_PLANE], build.show)
    with ControlPlane() as started:
        yield started


@pytest.fixture(scope="session")
def kubeconfig(control_plane: ControlPlane) -> Path:
    """The kubeconfig of the API server alone."""
    return control_plane.kubeconfig


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A whole cluster whose nodes and pods are simulated."""
    build.ensure(versions.PARTS, build.show)
    with Cluster() as started:
        yield started
