"""A pool on the cluster: who its jobs are in AWS, and its objects in the cluster. Empty until a burst."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.backends.training.eks.pool_objects import NodePlace, PoolObjects
from tideform.components.base import Component
from tideform.components.iam.grants import fetch_secrets, read, read_write, use_key
from tideform.components.iam.policies import Statement, allow, pod_identity_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.jobs.environment import tracking_arn
from tideform.components.kubernetes.efa import wants_adapters
from tideform.components.kubernetes.names import SERVICE_ACCOUNT, EksNames
from tideform.components.kubernetes.objects import cluster_provider, resource
from tideform.components.program import upstream
from tideform.components.storage.burst_places import work_with_bursts
from tideform.pools.shape import PoolShape
from tideform.registry.training import PoolOrder
from tideform.resources.moved_by_bursts import LOCAL_QUEUE


class EksPool(Component):
    """Namespace, queue and node pool; the queue is closed, and the pool at zero."""

    def __init__(self, order: PoolOrder, shape: PoolShape) -> None:
        super().__init__("pool", order.scope, order.opts)
        self.order = order
        self.deployment = order.scope.deployment
        self.names = EksNames(self.deployment, order.name)
        self.objects = PoolObjects(self.deployment, order.name, order.pool, shape)
        self.cluster = cluster_provider(self.deployment, self._access())
        self._namespace()
        self._nodes()
        self._queues()
        self._identity()

    @property
    def _unit(self) -> str:
        return self.order.scope.unit or self.order.name

    @property
    def _existing(self) -> bool:
        cluster = self.deployment.spec.cluster
        return cluster is not None and cluster.existing is not None

    def _access(self) -> dict[str, Any] | None:
        if self._existing:
            return None
        foundation = upstream("foundation")
        return {key: foundation[f"cluster_{key}"] for key in ("name", "endpoint", "authority")}

    def _namespace(self) -> None:
        self.namespace = resource(self.objects.namespace(), self._placed())
        inside = self._placed(self.namespace)
        for found in (self.objects.quota(), self.objects.deny_all(), self.objects.allow_needed()):
            resource(found, inside)
        self.account = resource(self.objects.service_account(), inside)
        self.priorities = [resource(found, self._placed()) for found in self.objects.priorities()]

    def _nodes(self) -> None:
        """The place is known after foundation, its subnets as a list: an unknown list would hide the whole spec."""
        site = self.order.site
        profile = EksNames(self.deployment).instance_profile
        group = self._placement_group() if wants_adapters(self.order.pool) else None
        close = "" if group is None else self._close

        def spec(known: dict[str, Any]) -> Any:
            place = NodePlace(known["subnets"], known["group"], known["key"], profile, close)
            return self.objects.node_class(place)["spec"]

        where = pulumi.Output.all(subnets=site.subnet_ids, group=site.security_group_id, key=site.key_arn)
        shell = self.objects.node_class(NodePlace([], "", "", profile, close))
        placed = self._placed(*([] if group is None else [group]))
        node_class = resource({**shell, "spec": where.apply(spec)}, placed, f"{self.names.pool_id}-class")
        resource(self.objects.node_pool(), self._placed(node_class))

    @property
    def _close(self) -> str:
        return self.scope.name(self._unit, limit=255)

    def _placement_group(self) -> aws.ec2.PlacementGroup:
        """Karpenter finds it by its name: https://karpenter.sh/docs/concepts/nodeclasses/"""
        name = self._close
        return aws.ec2.PlacementGroup(
            self._unit, name=name, strategy="cluster", tags=self.scope.tags(name), opts=self.named()
        )

    def _queues(self) -> None:
        flavor = resource(self.objects.flavor(), self._placed())
        queue = resource(self.objects.cluster_queue(), self._placed(flavor, *self.priorities))
        opened = pulumi.ResourceOptions(ignore_changes=[*LOCAL_QUEUE])  # a burst opens it
        resource(
            self.objects.local_queue(),
            pulumi.ResourceOptions.merge(self._placed(queue, self.namespace), opened),
        )

    def _identity(self) -> None:
        """Pods of the service account get this role's credentials. In a cluster that is not ours they get none.

        https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
        """
        if self._existing:
            return
        part = f"{self._unit}-job"
        role = ServiceRole(
            part,
            self.scope,
            trust=pod_identity_trust(),
            description="What the pool's jobs may do",
            statements=self._statements(),
            opts=self.nameless,
        )
        aws.eks.PodIdentityAssociation(
            part,
            cluster_name=self.names.cluster,
            namespace=self.names.pool_id,
            service_account=SERVICE_ACCOUNT,
            role_arn=role.arn,
            tags=self.scope.tags(),
            opts=self.named(),
        )

    def _statements(self) -> list[Statement]:
        job, scope = self.order.pool.job, self.scope
        statements = [
            *read(scope, [scope.store_bucket(store) for store in job.inputs]),
            *read_write(scope, [scope.store_bucket(store) for store in job.outputs]),
            *work_with_bursts(scope, self._unit),
            use_key(scope),
            *fetch_secrets(scope, job.secrets.values()),
        ]
        if self.deployment.spec.tracking is not None:
            statements.append(allow("Track", ["sagemaker-mlflow:*"], [tracking_arn(scope)]))
        return statements

    def _placed(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, provider=self.cluster, depends_on=list(after))
