"""The reaper's way into a cluster of ours: who it is there, and the least that draining takes.

Where the API is out of its reach it ends machines all the same (`backends.training.eks.in_account.ending`).
https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.kubernetes.cluster import EksCluster
from tideform.components.kubernetes.names import EksNames
from tideform.components.kubernetes.objects import resource
from tideform.components.scope import Scope

REAPER = "tideform:reaper"  # the group that its role is in, its cluster role, and the binding of both
_RBAC = "rbac.authorization.k8s.io"
# What the ending asks for: it holds a queue, and lists and deletes jobs, pods and nodes. It reads nothing else.
_RULES = (
    ("kueue.x-k8s.io", "localqueues", ("patch",)),
    ("", "pods", ("list", "deletecollection")),
    ("batch", "jobs", ("list", "deletecollection")),
    ("jobset.x-k8s.io", "jobsets", ("list", "deletecollection")),
    ("trainer.kubeflow.org", "trainjobs", ("list", "deletecollection")),
    ("karpenter.sh", "nodeclaims", ("list", "deletecollection")),
)


class ReaperAccess(Component):
    """An access entry for the reaper's role, and what its group may do."""

    def __init__(
        self,
        scope: Scope,
        cluster: EksCluster,
        kubernetes: pulumi.ProviderResource,
        *,
        role_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("eks-reaper", scope, opts)
        aws.eks.AccessEntry(
            "eks-reaper",
            cluster_name=cluster.cluster.name,
            principal_arn=role_arn,
            kubernetes_groups=[REAPER],
            type="STANDARD",
            tags=scope.tags(),
            opts=self.named(),
        )
        inside = pulumi.ResourceOptions(parent=self, provider=kubernetes, depends_on=list(cluster.early))
        role, binding = permissions(cluster.names)
        made = resource(role, inside, "reaper-role")
        after = pulumi.ResourceOptions(parent=self, provider=kubernetes, depends_on=[made])
        resource(binding, after, "reaper-binding")


def permissions(names: EksNames) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cluster role and its binding, as the API takes them. Pure."""
    metadata = {"name": REAPER, "labels": names.labels}
    rules = [{"apiGroups": [group], "resources": [what], "verbs": list(verbs)} for group, what, verbs in _RULES]
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": REAPER},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": REAPER}],
    }
    return role, binding
