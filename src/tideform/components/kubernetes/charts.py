"""The charts that a cluster of ours runs on, each at one version, from the address that its project names.

The newest releases of what is known on 30 November 2026, for Kubernetes 1.35 and 1.36:

- Karpenter: `helm upgrade --install` in https://github.com/aws/karpenter-provider-aws/blob/v1.15.2/Makefile. Kubernetes
  1.36 wants 1.13 or newer, 1.37 wants 1.15 (https://karpenter.sh/docs/upgrading/compatibility/).
- Kueue: https://github.com/kubernetes-sigs/kueue/blob/v0.19.0/charts/kueue/README.md, in the last patch of 0.19
  that Go's proxy has: 0.20 drops ``v1beta1``, which an earlier version of tideform has written.
- JobSet: https://github.com/kubernetes-sigs/jobset/blob/v0.12.0/charts/jobset/README.md.
- NVIDIA's device plugin: https://github.com/NVIDIA/k8s-device-plugin#deployment-via-helm.
- DCGM exporter: ``helm-charts/`` of https://github.com/NVIDIA/dcgm-exporter's branch gh-pages; the chart's version is
  the exporter's, 4.8.4 with DCGM 4.6.1.
- EFA's device plugin: https://github.com/aws/eks-charts/tree/master/stable/aws-efa-k8s-device-plugin.

What values are called is read off each chart's ``values.yaml``, for Karpenter and JobSet at the very version, for Kueue
at 0.19.0, for the others off an earlier one. The tests' cluster runs Karpenter 1.14.1 and Kueue 0.19.0.
"""

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


KARPENTER = Chart("karpenter", "oci://public.ecr.aws/karpenter/karpenter", "1.15.2", "kube-system")
KUEUE = Chart("kueue", "oci://registry.k8s.io/kueue/charts/kueue", "0.19.2", "kueue-system")
JOBSET = Chart("jobset", "oci://registry.k8s.io/jobset/charts/jobset", "0.12.0", "jobset-system")
DEVICE_PLUGIN = Chart(
    "nvidia-device-plugin",
    "nvidia-device-plugin",
    "0.19.3",
    "kube-system",
    "https://nvidia.github.io/k8s-device-plugin",
)
DCGM_EXPORTER = Chart(
    "dcgm-exporter", "dcgm-exporter", "4.8.4", "tideform-system", "https://nvidia.github.io/dcgm-exporter/helm-charts"
)
EFA_PLUGIN = Chart(
    "aws-efa-k8s-device-plugin",
    "aws-efa-k8s-device-plugin",
    "v0.5.20",
    "kube-system",
    "https://aws.github.io/eks-charts",
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
