"""Karpenter: its role, the queue that tells it of reclaims, and its chart.

https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from tideform.components.base import Component
from tideform.components.iam.policies import document, pod_identity_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.kubernetes.charts import KARPENTER, chart
from tideform.components.kubernetes.cluster import EksCluster
from tideform.components.kubernetes.karpenter_policy import controller_statements
from tideform.components.scope import Scope

NAMESPACE = "kube-system"  # where upstream puts it: its pods then have the priority of the system's
# https://karpenter.sh/docs/concepts/disruption/#interruption
_EVENTS = {
    "reclaimed": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "at-risk": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "changed": ("aws.ec2", "EC2 Instance State-change Notification"),
    "maintained": ("aws.health", "AWS Health Event"),
}


class Karpenter(Component):
    """What brings nodes; it launches nothing as long as no pod of a pool waits."""

    def __init__(
        self,
        scope: Scope,
        cluster: EksCluster,
        kubernetes: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("karpenter", scope, opts)
        self.cluster, self.kubernetes = cluster, kubernetes
        self.queue_name = scope.name("karpenter", limit=80)
        self.queue_arn = scope.arn("sqs", self.queue_name)
        self.queue = self._queue()
        self.role = self._role()
        self.release = self._release()

    def _queue(self) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            "karpenter",
            name=self.queue_name,
            message_retention_seconds=300,
            sqs_managed_sse_enabled=True,
            tags=self.scope.tags(),
            opts=self.named(),
        )
        aws.sqs.QueuePolicy(
            "karpenter", queue_url=queue.url, policy=document(*self._queue_statements()), opts=self.named()
        )
        for part, (source, detail) in _EVENTS.items():
            self._rule(part, {"source": [source], "detail-type": [detail]})
        return queue

    def _queue_statements(self) -> list[dict[str, Any]]:
        return [
            {
                "Sid": "EventsSend",
                "Effect": "Allow",
                "Principal": {"Service": ["events.amazonaws.com", "sqs.amazonaws.com"]},
                "Action": "sqs:SendMessage",
                "Resource": self.queue_arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": self.scope.account}},
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": self.queue_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]

    def _rule(self, part: str, pattern: dict[str, Any]) -> None:
        rule = aws.cloudwatch.EventRule(
            f"nodes-{part}",
            name=self.scope.name(f"nodes-{part}", limit=64),
            description=f"Tells Karpenter of machines that are {part}",
            event_pattern=json.dumps(pattern, sort_keys=True),
            state="ENABLED",
            tags=self.scope.tags(),
            opts=self.named(),
        )
        aws.cloudwatch.EventTarget(
            f"nodes-{part}", rule=rule.name, target_id="karpenter", arn=self.queue_arn, opts=self.named()
        )

    def _role(self) -> ServiceRole:
        names, scope = self.cluster.names, self.scope
        node_role = scope.role_arn(scope.name("eks-node", limit=64))
        role = ServiceRole(
            "karpenter",
            scope,
            trust=pod_identity_trust(),
            description="Lets Karpenter bring nodes, and nothing but nodes of this cluster",
            statements=controller_statements(scope, names.cluster, node_role, self.queue_arn),
            braked=True,
            opts=self.nameless,
        )
        aws.eks.PodIdentityAssociation(
            "karpenter",
            cluster_name=self.cluster.cluster.name,
            namespace=NAMESPACE,
            service_account="karpenter",
            role_arn=role.arn,
            tags=scope.tags(),
            opts=self.named(),
        )
        return role

    def _release(self) -> k8s.helm.v3.Release:
        values = {
            "replicas": 2,
            "settings": {
                "clusterName": self.cluster.names.cluster,
                "interruptionQueue": self.queue_name,
                "isolatedVPC": True,  # prices are public only; those of the book it was built with will do
            },
            "nodeSelector": {"tideform.dev/controllers": "true"},
        }
        after = [*self.role.policies, self.cluster.controllers, *self.cluster.late]
        return chart(KARPENTER, values, self.named_in_cluster(after))

    def named_in_cluster(self, after: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        """Options of what is made inside the cluster."""
        return pulumi.ResourceOptions(parent=self, provider=self.kubernetes, depends_on=after)
