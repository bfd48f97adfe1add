"""Plain objects as Pulumi resources: of the SDK's own type where it has one, as custom resources otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from tideform.catalogue.training._eks_names import EksNames
from tideform.spec.deployment import Deployment

_TYPED = {
    "v1": "core.v1",
    "networking.k8s.io/v1": "networking.v1",
    "rbac.authorization.k8s.io/v1": "rbac.v1",
    "scheduling.k8s.io/v1": "scheduling.v1",
}


def resource(found: Mapping[str, Any], opts: pulumi.ResourceOptions, name: str | None = None) -> pulumi.Resource:
    """Register one object under its own name, or ``name`` where two of a kind have the same."""
    logical = name or found["metadata"]["name"]
    if (module := _TYPED.get(found["apiVersion"])) is not None:
        kind = getattr(import_module(f"pulumi_kubernetes.{module}"), found["kind"])
        arguments = {_snake(key): value for key, value in found.items() if key not in ("apiVersion", "kind")}
        made: pulumi.Resource = kind(logical, **arguments, opts=opts)
        return made
    return k8s.apiextensions.CustomResource(
        logical,
        api_version=found["apiVersion"],
        kind=found["kind"],
        metadata=found["metadata"],
        spec=found.get("spec"),
        opts=opts,
    )


def cluster_provider(deployment: Deployment, access: Mapping[str, Any] | None = None) -> k8s.Provider:
    """The way to the deployment's cluster.

    An existing one is a context of the user's kubeconfig. One of ours is reached with ``access`` (its name, endpoint
    and authority) and a token that the AWS CLI makes; on the local target there is none, and objects are kept.
    """
    identifier = EksNames(deployment).cluster
    existing = deployment.spec.cluster.existing if deployment.spec.cluster else None
    if existing is not None:
        return k8s.Provider("kubernetes", context=existing, cluster_identifier=existing)
    if deployment.target == "local" or access is None:
        return k8s.Provider("kubernetes", cluster_identifier=identifier)
    made = pulumi.Output.all(**access).apply(lambda known: _kubeconfig(deployment.region, known))
    return k8s.Provider("kubernetes", kubeconfig=made, cluster_identifier=identifier)


def _kubeconfig(region: str, known: Mapping[str, Any]) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html"""
    token = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", known["name"], "--output", "json"],
        "interactiveMode": "Never",
    }
    cluster = {"server": known["endpoint"], "certificate-authority-data": known["authority"]}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "eks", "cluster": cluster}],
        "contexts": [{"name": "eks", "context": {"cluster": "eks", "user": "eks"}}],
        "current-context": "eks",
        "users": [{"name": "eks", "user": {"exec": token}}],
    }
    return json.dumps(config, sort_keys=True)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
