"""The charts that a cluster of ours runs on, each at one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s


@dataclass(frozen=True)
class Chart:
    """Where a chart comes from; an OCI address needs no repository."""

    name: str
    chart: str
    version: str
    namespace: str
    repository: str | None = None


KARPENTER = Chart("karpenter", "oci://public.ecr.aws/karpenter/karpenter", "1.14.1", "kube-system")
KUEUE = Chart("kueue", "oci://registry.k8s.io/kueue/charts/kueue", "0.14.0", "kueue-system")
JOBSET = Chart("jobset", "oci://registry.k8s.io/jobset/charts/jobset", "0.10.1", "jobset-system")
DEVICE_PLUGIN = Chart(
    "nvidia-device-plugin",
    "nvidia-device-plugin",
    "0.17.4",
    "kube-system",
    "https://nvidia.github.io/k8s-device-plugin",
)
DCGM_EXPORTER = Chart(
    "dcgm-exporter", "dcgm-exporter", "4.5.2", "tideform-system", "https://nvidia.github.io/dcgm-exporter/helm-charts"
)


def chart(wanted: Chart, values: Mapping[str, Any], opts: pulumi.ResourceOptions) -> k8s.helm.v3.Release:
    """Install a chart and wait until what it runs is there."""
    repository = k8s.helm.v3.RepositoryOptsArgs(repo=wanted.repository) if wanted.repository else None
    return k8s.helm.v3.Release(
        wanted.name,
        name=wanted.name,
        chart=wanted.chart,
        version=wanted.version,
        namespace=wanted.namespace,
        create_namespace=True,
        repository_opts=repository,
        values=dict(values),
        timeout=600,
        opts=opts,
    )
