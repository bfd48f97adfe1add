"""What a cluster has to have before a burst on it begins, and what is said where it has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, get_args

import pytest

from tideform.backends.training.eks.access import unfit
from tideform.backends.training.eks.controllers import lacks, look
from tideform.components.kubernetes.names import KUEUE_VERSIONS
from tideform.errors import TideformError
from tideform.kube import Kube, KubeError
from tideform.reaper.kubernetes_groups import KNOWN
from tideform.spec.project import Cluster

WHOLE: dict[str, Sequence[str]] = dict(KNOWN)


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2"])
def test_either_version_of_kueue_will_do(version: str) -> None:
    assert list(lacks({**WHOLE, "kueue.x-k8s.io": (version,)}, {"minor": "36"}, gangs=True)) == []


def test_a_version_of_a_controller_that_nobody_knows_is_named_with_those_that_are() -> None:
    (found,) = lacks({**WHOLE, "kueue.x-k8s.io": ("v2",)}, {"minor": "36"}, gangs=False)
    assert found == "the cluster serves kueue.x-k8s.io as v2; known here: v1beta2, v1beta1"


@pytest.mark.parametrize(
    ("group", "gangs"), [("karpenter.sh", False), ("kueue.x-k8s.io", False), ("jobset.x-k8s.io", True)]
)
def test_a_controller_that_is_not_there_is_named(group: str, gangs: bool) -> None:
    there = {name: versions for name, versions in WHOLE.items() if name != group}
    (found,) = lacks(there, {"minor": "36+"}, gangs=gangs)
    assert group in found


def test_jobset_is_for_gangs_alone() -> None:
    there = {name: versions for name, versions in WHOLE.items() if name != "jobset.x-k8s.io"}
    assert list(lacks(there, {"minor": "36"}, gangs=False)) == []


def test_a_kubernetes_that_is_too_old_is_told() -> None:
    (found,) = lacks(WHOLE, {"minor": "27"}, gangs=True)
    assert "1.27" in found


def test_the_versions_of_kueue_are_the_same_wherever_they_stand() -> None:
    accepted = get_args(get_args(Cluster.model_fields["kueue"].annotation)[0])
    assert accepted == KUEUE_VERSIONS == KNOWN["kueue.x-k8s.io"]


class Guarded:
    """A cluster where one may not list what runs."""

    def groups(self) -> dict[str, Sequence[str]]:
        return WHOLE

    def request(self, _method: str, path: str, **_query: Any) -> dict[str, Any]:
        if path == "/version":
            return {"minor": "36"}
        raise KubeError(403, "Forbidden", "deployments.apps is forbidden")


def test_whoever_may_not_see_what_runs_is_told_so_and_goes_on() -> None:
    found = look(cast(Kube, Guarded()), gangs=True, adapters=False)
    assert found.lacking == ()
    assert found.remarks == ("which versions of its controllers run cannot be read: deployments.apps is forbidden",)


@pytest.mark.parametrize(
    ("existing", "way"), [(True, "Install or upgrade the controller"), (False, "`tideform apply`")]
)
def test_the_way_out_is_that_of_the_clusters_owner(existing: bool, way: str) -> None:
    (told,) = cast(TideformError, unfit("there is no Kueue", existing=existing)).diagnostics
    assert told.fix.startswith(way)
