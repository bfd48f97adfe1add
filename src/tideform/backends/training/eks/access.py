"""The way of a burst to its cluster's API, and as the one that a brake's last steps take."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.components.kubernetes.names import EksNames
from tideform.errors import CloudError, RefusedError
from tideform.kube import UNSERVED, Kube, KubeError
from tideform.reaper import kubernetes_groups as groups
from tideform.reaper.kubernetes_api import token
from tideform.reaper.kubernetes_groups import UnservedError
from tideform.spec.deployment import Deployment

KUBECONFIG = "TIDEFORM_KUBECONFIG"
_TOKEN_SECONDS = 600.0  # EKS takes a token for fifteen minutes
_FIXES = {
    0: "See that the API's address answers from here; a cluster without public access does inside of its network only.",
    401: "Your credentials for the cluster are over, or not taken: renew them (`kubectl get ns` has to work).",
    403: "Have somebody let you do this in the cluster: a role and a binding, or an access entry.",
    UNSERVED: "Upgrade what asks, or the controller, to a version that both know; `tideform doctor` lists them.",
}


@dataclass
class Access:
    """One deployment's cluster: an existing one by kubeconfig, one of ours by its name and a token of AWS's."""

    cloud: Cloud
    deployment: Deployment
    _kube: Kube | None = field(default=None, init=False)
    _made: float = field(default=0.0, init=False)

    @property
    def existing(self) -> str | None:
        """The context of an existing cluster."""
        cluster = self.deployment.spec.cluster
        return cluster.existing if cluster else None

    @property
    def kube(self) -> Kube:
        """The API. Raises `RefusedError` TD660 where there is none, `CloudError` TD664 where it cannot be used."""
        if self._kube is None or time.monotonic() - self._made > _TOKEN_SECONDS:
            try:
                self._kube, self._made = self._connect(), time.monotonic()
            except KubeError as error:
                raise refused(error) from error
        return self._kube

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """A `kubernetes_api.Call`: None where there is no such thing, `OSError` where the API refuses."""
        content = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            return self.kube.request(method, path, body, content_type=content)
        except KubeError as error:
            if error.status == 404:
                return None
            raise OSError(str(error)) from error

    def version(self, group: str) -> str:
        """The version of an API to ask in, with its group. Raises `RefusedError` TD665 where none is known here."""
        try:
            found = groups.version(self.kube.groups(), group)
        except UnservedError as unknown:
            raise unfit(str(unknown), existing=self.existing is not None) from unknown
        if found is None:
            raise unfit(f"the cluster has no {group}", existing=self.existing is not None)
        return found

    def seen(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """One object; empty where one may not look at such: whoever submits jobs need not be let see all of a cluster.

        None where it is not there. Raises `KubeError`.
        """
        try:
            return self.kube.get(api_version, kind, name, namespace)
        except KubeError as error:
            if error.status != 403:
                raise
            return {}

    @property
    def none(self) -> bool:
        """Whether there is no cluster at all: on the local target, or where it was removed."""
        if os.environ.get(KUBECONFIG) or self.existing:
            return False
        if self.deployment.target == "local":
            return True
        eks = self.cloud.client("eks")
        try:
            eks.describe_cluster(name=EksNames(self.deployment).cluster)
        except eks.exceptions.ResourceNotFoundException:
            return True
        return False

    def _connect(self) -> Kube:
        given = os.environ.get(KUBECONFIG)
        if given or self.existing:
            return Kube.of_kubeconfig(given or None, self.existing)
        if self.deployment.target == "local":
            raise no_cluster()
        name = EksNames(self.deployment).cluster
        found = self.cloud.client("eks").describe_cluster(name=name)["cluster"]
        cluster = {
            "server": found["endpoint"],
            "certificate-authority-data": found["certificateAuthority"]["data"],
        }
        return Kube.of_kubeconfig(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "eks", "cluster": cluster}],
                "contexts": [{"name": "eks", "context": {"cluster": "eks", "user": "eks"}}],
                "current-context": "eks",
                "users": [{"name": "eks", "user": {"token": token(self.cloud, name)}}],
            }
        )


@contextmanager
def kube_errors(doing: str) -> Iterator[None]:
    """What the API or a service refuses while ``doing``, as an error of ours."""
    with cloud_errors(doing):
        try:
            yield
        except KubeError as error:
            raise refused(error) from error


def no_cluster() -> Exception:
    """The sandbox has no Kubernetes: its objects are kept, and nothing acts on them."""
    return RefusedError.of(
        "TD660",
        "There is no Kubernetes to run on",
        detail="The local target stands in for AWS and keeps objects of Kubernetes without acting on them: no pod "
        "would ever run.",
        fix=f"Set {KUBECONFIG} or `cluster: {{existing: CONTEXT}}` to a cluster, or use `backend: batch` locally.",
    )


def unfit(detail: str, *, existing: bool) -> Exception:
    """A controller that bursts need is not in the cluster, or in no version that is known here."""
    known = "; ".join(f"{group} {', '.join(versions)}" for group, versions in groups.KNOWN.items())
    ours = (
        "`tideform apply` puts the controllers of this cluster in place, each in the version that fits, and JobSet "
        "where `job.nodes` of a pool says several."
    )
    theirs = "Install or upgrade the controller, or have its owner do it. `tideform doctor` looks at all of them."
    return RefusedError.of(
        "TD665",
        "The cluster's controllers do not fit",
        detail=f"{detail}. Nothing would let jobs in, or end them.",
        fix=f"{theirs if existing else ours} Known here: {known}.",
    )


def refused(error: KubeError) -> CloudError:
    """What the API says, as an error of ours."""
    fix = _FIXES.get(error.status, "See who you are there with `kubectl auth whoami`, and what the API server says.")
    return CloudError.of("TD664", "The Kubernetes API refused", detail=str(error), fix=fix)
