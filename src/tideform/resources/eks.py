"""EKS: clusters, and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tideform.prices.book import book
from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, NOT_IN_THE_BOOK, Cost, Planned, Price
from tideform.resources.eks_inventory import access_entries, clusters, node_groups, pod_identities
from tideform.resources.identity import Inputs, named, text
from tideform.resources.inventory import Area
from tideform.spec.kubernetes_versions import EXTENDED_FACTOR, extended

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_CLUSTER = "aws:eks/cluster:Cluster"
_TAG = "TagResource UntagResource"


def pod_identity(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The association of this service account: a cluster has at most one of each."""
    where = {"clusterName": inputs["clusterName"], "namespace": inputs["namespace"]}
    eks = cloud.client("eks")
    try:
        found = eks.list_pod_identity_associations(**where, serviceAccount=inputs["serviceAccount"])["associations"]
    except eks.exceptions.ResourceNotFoundException:
        return
    for each in found:
        if (each["namespace"], each["serviceAccount"]) == (inputs["namespace"], inputs["serviceAccount"]):
            yield str(each["associationId"])


def _control_plane(planned: Planned) -> Iterator[Price]:
    """Dearer in extended support, which a version comes to by itself."""
    version, price = str(planned.inputs.get("version") or ""), book().services["eks:cluster"].hourly
    if extended(version, datetime.now(UTC).date()):
        yield Price(f"EKS control plane, {version} in extended support", price * EXTENDED_FACTOR)
        return
    yield Price("EKS control plane", price)


def _node_group(planned: Planned) -> Iterator[Price]:
    """The machines of a cluster's controllers, which stand all the time."""
    kinds, scaling = planned.inputs.get("instanceTypes"), planned.inputs.get("scalingConfig")
    kind = kinds[0] if isinstance(kinds, list | tuple) and kinds else None
    count = scaling.get("desiredSize") if isinstance(scaling, Mapping) else None
    known = book().known(kind) if isinstance(kind, str) else None
    if known is None or not isinstance(count, int):
        yield Price(f"machines of type {kind}", None, NOT_IN_THE_BOOK, missing=True)
        return
    yield Price(f"{count} x {kind} for the controllers", known.on_demand_usd * count)


TYPES = (
    ResourceType(
        _CLUSTER,
        terraform="aws_eks_cluster",
        identify=named("name"),
        cost=Cost(_control_plane),
        inventory=Area("EKS clusters", clusters),
        actions=actions(
            "eks",
            create="CreateCluster iam:CreateServiceLinkedRole kms:CreateGrant kms:DescribeKey",
            read="DescribeCluster",
            update="UpdateClusterConfig UpdateClusterVersion AssociateEncryptionConfig DescribeUpdate",
            delete="DeleteCluster",
            tag=_TAG,
            search="ListClusters",
            passes=("eks",),
        ),
    ),
    ResourceType(
        "aws:eks/nodeGroup:NodeGroup",
        terraform="aws_eks_node_group",
        identify=text("{clusterName}:{nodeGroupName}"),
        cost=Cost(_node_group),
        inventory=Area("EKS node groups", node_groups),
        actions=actions(
            "eks",
            create="CreateNodegroup iam:CreateServiceLinkedRole",
            read="DescribeNodegroup",
            update="UpdateNodegroupConfig UpdateNodegroupVersion DescribeUpdate",
            delete="DeleteNodegroup",
            tag=_TAG,
            search="ListNodegroups",
            passes=("ec2", "eks"),
        ),
    ),
    ResourceType(
        "aws:eks/addon:Addon",
        terraform="aws_eks_addon",
        identify=text("{clusterName}:{addonName}"),
        cost=FREE,
        inventory=PartOf(_CLUSTER),
        actions=actions(
            "eks",
            create="CreateAddon",
            read="DescribeAddon",
            update="UpdateAddon DescribeUpdate",
            delete="DeleteAddon",
            tag=_TAG,
        ),
    ),
    ResourceType(
        "aws:eks/accessEntry:AccessEntry",
        terraform="aws_eks_access_entry",
        identify=text("{clusterName}:{principalArn}"),
        cost=FREE,
        inventory=Area("EKS access entries", access_entries),
        actions=actions(
            "eks",
            create="CreateAccessEntry",
            read="DescribeAccessEntry",
            update="UpdateAccessEntry",
            delete="DeleteAccessEntry",
            tag=_TAG,
            search="ListAccessEntries",
        ),
    ),
    ResourceType(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        terraform="aws_eks_pod_identity_association",
        identify=pod_identity,
        cost=FREE,
        inventory=Area("EKS pod identities", pod_identities),
        actions=actions(
            "eks",
            create="CreatePodIdentityAssociation",
            read="DescribePodIdentityAssociation",
            update="UpdatePodIdentityAssociation",
            delete="DeletePodIdentityAssociation",
            tag=_TAG,
            search="ListPodIdentityAssociations",
            passes=("pods.eks",),
        ),
        read_by=("associationId",),
        in_units=True,
    ),
)
