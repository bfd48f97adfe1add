"""Plain objects of a cluster as Pulumi resources, and the way to the cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version as version_of
from typing import Any

import pulumi

from tideform.components.kubernetes.names import KUEUE, KUEUE_VERSIONS, EksNames
from tideform.spec.deployment import Deployment

PLUGIN = version_of("pulumi-kubernetes")  # an SDK and its plugin have the same version


def resource(found: Mapping[str, Any], opts: pulumi.ResourceOptions, name: str | None = None) -> pulumi.Resource:
    """Register one object under its own name, or ``name`` where two of a kind have the same.

    It goes as the API takes it: the SDK's typed classes would add nothing to it, and take seconds to load.
    """
    version, kind = found["apiVersion"], found["kind"]
    token = f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}"
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=_in_other_versions(version, kind)))
    return pulumi.CustomResource(token, name or found["metadata"]["name"], dict(found), opts)


def _in_other_versions(version: str, kind: str) -> list[pulumi.Alias]:
    """The version is part of the engine's name for a resource; another one is the same object in the cluster."""
    group, _, own = version.rpartition("/")
    others = [each for each in KUEUE_VERSIONS if group == KUEUE and each != own]
    return [pulumi.Alias(type_=f"kubernetes:{group}/{each}:{kind}") for each in others]


def cluster_provider(deployment: Deployment, access: Mapping[str, Any] | None = None) -> pulumi.ProviderResource:
    """The way to the deployment's cluster.

    An existing one is a context of the user's kubeconfig. One of ours is reached with ``access`` (its name, endpoint
    and authority) and a token that the AWS CLI makes; on the local target there is none, and objects are kept.
    """
    existing = deployment.spec.cluster.existing if deployment.spec.cluster else None
    if existing is not None:
        return _provider(context=existing, clusterIdentifier=existing)
    identifier = EksNames(deployment).cluster
    if deployment.target == "local" or access is None:
        return _provider(clusterIdentifier=identifier)
    made = pulumi.Output.all(**access).apply(lambda known: _kubeconfig(deployment.region, known))
    return _provider(kubeconfig=made, clusterIdentifier=identifier)


def _provider(**settings: Any) -> pulumi.ProviderResource:
    """A provider with these settings, and no others.

    The SDK's own class puts variables of whoever runs it into the state: with ``KUBECONFIG`` a path that the next one
    may not have. The plugin reads them where it runs. An object of the same name that is there already is somebody
    else's: the plugin would take it over, and delete it with the stack.
    """
    options = pulumi.ResourceOptions(version=PLUGIN)
    given = {**settings, "upsertExistingObjects": "false"}  # settings of providers are texts
    return pulumi.ProviderResource("kubernetes", "kubernetes", given, options)


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
