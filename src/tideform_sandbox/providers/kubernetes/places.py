"""Where objects go: a cluster, or the sandbox's own store where there is none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from tideform.kube import Kube, KubeError
from tideform.local import control
from tideform.local.description import Description
from tideform_sandbox.providers.aws.refusal import Refusal

Object = dict[str, Any]
KUBECONFIG = "TIDEFORM_KUBECONFIG"


class Place(Protocol):
    """What `lifecycle` needs of a cluster. Every call raises `KubeError` where it is refused."""

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object; None if it is not there."""
        ...

    def create(self, body: Mapping[str, Any]) -> Object:
        """Make an object that must not be there yet."""
        ...

    def apply(self, body: Mapping[str, Any], *, force: bool = False) -> Object:
        """Make or change an object by server-side apply."""
        ...

    def delete(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, propagation: str = "Foreground"
    ) -> bool:
        """Ask for an object's end; False if it is gone already."""
        ...


@dataclass(frozen=True)
class Stored:
    """The sandbox's store, over its own endpoint."""

    server: Description = field(repr=False)
    cluster: str = "default"

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object; None if it is not there."""
        return self._ask("get", _naming(api_version, kind, name, namespace))

    def create(self, body: Mapping[str, Any]) -> Object:
        """Keep a new object; with ``generateName`` it gets a name."""
        metadata = dict(body["metadata"])
        if "name" not in metadata:
            metadata["name"] = f"{metadata['generateName']}{uuid4().hex[:5]}"
        return self.apply({**body, "metadata": metadata})

    def apply(self, body: Mapping[str, Any], *, force: bool = False) -> Object:  # noqa: ARG002  # nobody else writes here
        """Keep an object in the place of what was there."""
        kept = self._ask("put", dict(body))
        if kept is None:
            raise KubeError(0, "", "the sandbox kept nothing")
        return kept

    def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        propagation: str = "Foreground",  # noqa: ARG002  # nothing here has dependents
    ) -> bool:
        """Forget an object."""
        return self._ask("delete", _naming(api_version, kind, name, namespace)) is not None

    def _ask(self, verb: str, found: Object) -> Object | None:
        request = {"verb": verb, "cluster": self.cluster, "object": found}
        try:
            answer: Object | None = control.call(self.server, "POST", "kubernetes", request)["object"]
        except OSError as error:
            raise KubeError(0, "Unreachable", f"the sandbox: {error}") from error
        return answer


def kube_of(settings: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Kube | None:
    """The cluster that the provider's settings (or `KUBECONFIG`) name; None where they name none."""
    given = settings.get("kubeconfig") or environ.get(KUBECONFIG)
    if not given and not settings.get("context"):
        return None
    return Kube.of_kubeconfig(_content(str(given)) if given else None, settings.get("context"))


def store_of(settings: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Stored:
    """The store of the sandbox that this process was started for. Raises `Refusal` TD505 without one."""
    endpoint, key = environ.get("AWS_ENDPOINT_URL"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not endpoint or not key or urlsplit(endpoint).port is None:
        raise Refusal("TD505", "the sandbox's provider needs AWS_ENDPOINT_URL and the workspace's key")
    server = Description(endpoint, "", key, boot_id="", pid=0, started="", version="")
    return Stored(server, str(settings.get("clusterIdentifier") or "default"))


def _content(given: str) -> str | Mapping[str, Any]:
    """A path as it is; content (JSON or YAML) as a mapping."""
    if "\n" not in given and not given.lstrip().startswith("{"):
        return str(Path(given).expanduser())
    try:
        return dict(json.loads(given))
    except ValueError:
        from ruamel.yaml import YAML

        return dict(YAML(typ="safe", pure=True).load(given))


def _naming(api_version: str, kind: str, name: str, namespace: str | None) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
