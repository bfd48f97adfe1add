"""Which versions of the controllers a cluster runs, and what is said of those that are too old or newer than known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from tideform.backends.training.eks.installed import newer, running, too_old
from tideform.components.kubernetes.charts import JOBSET, KARPENTER, KUEUE
from tideform.kube import Kube

Object = dict[str, Any]


def deployment(name: str, *images: str, version: str = "") -> Object:
    labels = {"app.kubernetes.io/name": name, **({"app.kubernetes.io/version": version} if version else {})}
    containers = [{"name": f"c{index}", "image": image} for index, image in enumerate(images)]
    return {"metadata": {"name": name, "labels": labels}, "spec": {"template": {"spec": {"containers": containers}}}}


@dataclass
class Cluster:
    """What runs in it."""

    items: list[Object]

    def request(self, _method: str, _path: str, query: Any = None) -> Object:
        return {"items": self.items}


def seen(*items: Object) -> dict[str, tuple[int, ...]]:
    return dict(running(cast(Kube, Cluster(list(items)))))


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("public.ecr.aws/karpenter/controller:1.14.1@sha256:0123", (1, 14, 1)),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/ecr-public/karpenter/controller:1.9.0", (1, 9, 0)),
        ("localhost:5000/karpenter/controller:v1.8", (1, 8)),
    ],
    ids=["by digest", "through a cache", "a registry with a port"],
)
def test_a_version_is_that_of_the_controllers_image(image: str, version: tuple[int, ...]) -> None:
    assert seen(deployment("karpenter", "example.com/proxy:9.9.9", image)) == {"karpenter": version}


def test_where_the_image_says_none_the_charts_label_does() -> None:
    assert seen(deployment("kueue", "mirror/kueue:stable", version="v0.19.0")) == {"kueue": (0, 19, 0)}


def test_what_says_no_version_is_not_judged() -> None:
    assert seen(deployment("jobset", "mirror/jobset/jobset:main")) == {}


def test_of_two_the_older_one_counts() -> None:
    both = [deployment("kueue", f"registry.k8s.io/kueue/kueue:v0.{minor}.0") for minor in (19, 13)]
    assert seen(*both) == {"kueue": (0, 13, 0)}


@pytest.mark.parametrize(
    ("there", "minor", "told"),
    [
        ({"kueue": (0, 13, 9)}, 35, ["Kueue is 0.13.9, and has to be 0.14 or newer"]),
        ({"kueue": (0, 14, 0)}, 35, []),
        ({"jobset": (0, 9, 0)}, 35, ["JobSet is 0.9.0, and has to be 0.10 or newer"]),
        ({"karpenter": (1, 12, 1)}, 36, ["Karpenter is 1.12.1, and has to be 1.13 or newer on Kubernetes 1.36"]),
        ({"karpenter": (1, 12, 1)}, 35, []),
        ({"karpenter": (1, 14, 1)}, 99, ["Karpenter is 1.14.1, and has to be 1.15 or newer on Kubernetes 1.99"]),
    ],
)
def test_a_controller_that_is_too_old_is_named_with_what_it_has_to_be(
    there: dict[str, tuple[int, ...]], minor: int, told: list[str]
) -> None:
    assert list(too_old(there, minor, gangs=True, adapters=False)) == told


def test_jobset_is_for_gangs_alone() -> None:
    assert list(too_old({"jobset": (0, 1)}, 35, gangs=False, adapters=False)) == []


def test_adapters_want_a_newer_karpenter() -> None:
    (told,) = too_old({"karpenter": (1, 13, 0)}, 36, gangs=True, adapters=True)
    assert told == "Karpenter is 1.13.0, and has to be 1.14 or newer for machines with EFA"


def test_a_controller_that_is_newer_than_any_that_was_tried_is_told() -> None:
    there = {"kueue": (0, 20, 1), "jobset": (0, 12, 9), "karpenter": (2, 0)}
    assert list(newer(there)) == [
        "Kueue 0.20.1 is newer than what was tried here, up to 0.19",
        "Karpenter 2.0 is newer than what was tried here, up to 1.15",
    ]


def test_what_our_own_charts_install_is_neither_too_old_nor_newer() -> None:
    charts = {"kueue": KUEUE, "jobset": JOBSET, "karpenter": KARPENTER}
    there = {name: tuple(map(int, chart.version.split("."))) for name, chart in charts.items()}
    assert [*too_old(there, 36, gangs=True, adapters=True), *newer(there)] == []
