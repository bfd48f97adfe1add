"""Putting a real engine together for a deployment: its binary, its state, and its way to the target."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tideform.engine.fit import require_fit
from tideform.engine.kueue_version import with_kueue_version
from tideform.engine.pulumi import PulumiEngine, Reach
from tideform.registry.training import on_cluster
from tideform.state.checkpoint import Blobs, FolderBlobs
from tideform.state.location import location_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment


def connect_engine(
    deployment: Deployment,
    *,
    say: Callable[[str], None] = lambda _: None,
    environ: Mapping[str, str] | None = None,
    pool: str | None = None,
) -> PulumiEngine:
    """The engine for this deployment; on ``local`` the sandbox is started if need be.

    ``environ`` goes into the environment of every engine process: the mark of the run that holds the lock. What is of
    one ``pool`` alone needs no other stack that can be read.

    Raises `EngineError` without an engine, `SandboxError` where the state's sandbox is gone, `RefusedError` on the
    wrong account.
    """
    from tideform.connect import cloud_for
    from tideform.engine.acquire import acquire

    found = acquire(say)
    deployment = with_kueue_version(deployment)
    cloud = cloud_for(deployment)
    reach_of = _sandbox_reach if deployment.target == "local" else _aws_reach
    reach = reach_of(deployment, cloud, environ or {})
    return PulumiEngine(deployment, found.path, found.version, blobs_of(deployment, cloud, pool), reach)


def blobs_of(deployment: Deployment, cloud: Cloud, pool: str | None = None) -> Blobs:
    """Where the deployment's state lives. Raises as `require_fit` does."""
    blobs = location_of(deployment, cloud)
    require_fit(deployment, blobs, pool)
    return blobs


def _sandbox_reach(deployment: Deployment, cloud: Cloud, marks: Mapping[str, str]) -> Reach:
    from tideform.engine.provider_process import ProviderProcess, write_launcher
    from tideform.local.client import check_boot

    check_boot(deployment.workspace, deployment.environment)
    folder = deployment.workspace.sandbox
    environ = {**cloud.environ(), **marks}
    attached = {"aws": ProviderProcess(write_launcher(folder / "bin", "aws"), environ, folder / "provider.log")}
    if _has_kubernetes(deployment):
        script = write_launcher(folder / "bin", "kubernetes")
        attached["kubernetes"] = ProviderProcess(script, environ, folder / "kubernetes.log")
    return Reach(environ={**environ, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}, attached=attached)


def _has_kubernetes(deployment: Deployment) -> bool:
    """Whether the spec has objects in a cluster, or the state still has some from when it had."""
    if on_cluster(deployment.spec.training):
        return True
    blobs = FolderBlobs(deployment.workspace.state(deployment.environment))
    return any(b'"pulumi:providers:kubernetes"' in (blobs.read(key) or b"") for key in blobs.keys(".pulumi/stacks/"))


def _aws_reach(deployment: Deployment, cloud: Cloud, marks: Mapping[str, str]) -> Reach:
    from tideform.engine.bootstrap import check_account, state_key_alias

    check_account(cloud, deployment)
    key = f"awskms://alias/{state_key_alias(deployment)}?region={deployment.region}"
    return Reach(environ={**marks, **kubeconfig(os.environ)}, keys=cloud.environ, secrets_provider=key)


def kubeconfig(environ: Mapping[str, str]) -> dict[str, str]:
    """Where the vendor's plugin finds the contexts that the program itself finds: it knows no variable of ours.

    A relative path is of the folder that the command runs in, and the plugin runs in another one. It is a variable of
    this run and no setting of the provider, which would be kept in the state.
    """
    given = environ.get("TIDEFORM_KUBECONFIG") or environ.get("KUBECONFIG")
    if not given:
        return {}
    files = [str(Path(each).expanduser().absolute()) for each in given.split(os.pathsep) if each]
    return {"KUBECONFIG": os.pathsep.join(files)}
