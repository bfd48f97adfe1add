"""A Kubernetes cluster on EKS, in the private network, with two small machines for its controllers.

https://docs.aws.amazon.com/eks/latest/best-practices/security.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import plain_trust, trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.kubernetes.names import EksNames
from tideform.components.scope import Scope
from tideform.spec.project import Cluster

CONTROLLER_NODES = 2  # one may be replaced while the other works
_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")  # what a node needs before anything runs on it
# Without this the add-on's agent lets through whatever the pools' network policies forbid.
# https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
_SETTINGS = {"vpc-cni": {"enableNetworkPolicy": "true"}}
_LATE_ADDONS = ("coredns",)  # needs a node
_NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
)


class EksCluster(Component):
    """Control plane, add-ons, the controllers' node group, and what nodes of pools are.

    The API is reachable inside the network alone. Who may use it is said by access entries, never by a config map:
    whoever applies is its administrator.
    """

    def __init__(
        self,
        scope: Scope,
        *,
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        workload_group_id: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("eks", scope, opts)
        self.names = EksNames(scope.deployment)
        self.wanted = scope.deployment.spec.cluster or Cluster()
        self.cluster = self._control_plane(subnet_ids, workload_group_id, key_arn)
        self.early = [self._addon(name) for name in _ADDONS]
        self.node_role, self.profile = self._node_identity()
        self.controllers = self._controllers(subnet_ids)
        self.late = [self._addon(name, self.controllers) for name in _LATE_ADDONS]

    @property
    def authority(self) -> pulumi.Output[str]:
        """The API's certificate authority, in base64."""
        return self.cluster.certificate_authority.apply(lambda found: found.data or "")

    def _control_plane(
        self,
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        workload_group_id: pulumi.Input[str],
        key_arn: pulumi.Input[str],
    ) -> aws.eks.Cluster:
        role = ServiceRole(
            "eks-cluster",
            self.scope,
            trust=trust("eks.amazonaws.com", self.scope.account),
            description="Lets EKS run the cluster",
            statements=[],
            managed=("AmazonEKSClusterPolicy",),
            opts=self.nameless,
        )
        eks = aws.eks
        return eks.Cluster(
            "eks",
            name=self.names.cluster,
            version=self.wanted.version,
            role_arn=role.arn,
            access_config=eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True
            ),
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=_LOGS,
            encryption_config=eks.ClusterEncryptionConfigArgs(
                provider=eks.ClusterEncryptionConfigProviderArgs(key_arn=key_arn), resources=["secrets"]
            ),
            vpc_config=eks.ClusterVpcConfigArgs(
                subnet_ids=subnet_ids,
                security_group_ids=[workload_group_id],
                endpoint_private_access=True,
                endpoint_public_access=False,
            ),
            tags=self.scope.tags(),
            opts=self.named(after=[role.role, *role.policies]),
        )

    def _addon(self, name: str, *after: pulumi.Resource) -> aws.eks.Addon:
        return aws.eks.Addon(
            name,
            cluster_name=self.cluster.name,
            addon_name=name,
            configuration_values=json.dumps(_SETTINGS[name]) if name in _SETTINGS else None,
            tags=self.scope.tags(),
            opts=self.named(after=after),
        )

    def _node_identity(self) -> tuple[ServiceRole, aws.iam.InstanceProfile]:
        """What every node is, controllers' and pools': the managed policies of a worker, and nothing of ours."""
        role = ServiceRole(
            "eks-node",
            self.scope,
            trust=plain_trust(f"ec2.{self.scope.dns_suffix}"),
            description="Lets machines join the cluster",
            statements=[],
            managed=_NODE_POLICIES,
            opts=self.nameless,
        )
        profile = aws.iam.InstanceProfile(
            "eks-node",
            name=self.names.instance_profile,
            role=role.role.name,
            tags=self.scope.tags(),
            opts=self.named(),
        )
        aws.eks.AccessEntry(
            "eks-node",
            cluster_name=self.cluster.name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            tags=self.scope.tags(),
            opts=self.named(),
        )
        return role, profile

    def _controllers(self, subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]) -> aws.eks.NodeGroup:
        """On-demand: whoever brings the spot capacity must not be reclaimed with it."""
        arm = self.wanted.controllers.partition(".")[0].rstrip("bdnez")[-1:] == "g"
        return aws.eks.NodeGroup(
            "controllers",
            cluster_name=self.cluster.name,
            node_group_name=self.scope.name("controllers"),
            node_role_arn=self.node_role.arn,
            subnet_ids=subnet_ids,
            instance_types=[self.wanted.controllers],
            ami_type="AL2023_ARM_64_STANDARD" if arm else "AL2023_x86_64_STANDARD",
            capacity_type="ON_DEMAND",
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=CONTROLLER_NODES, desired_size=CONTROLLER_NODES, max_size=CONTROLLER_NODES + 1
            ),
            labels={"tideform.dev/controllers": "true"},
            tags=self.scope.tags(),
            opts=self.named(after=[*self.node_role.policies, *self.early]),
        )
