"""The life of a Helm release: its own record in the sandbox, and its chart's objects in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.kubernetes import helm, objects
from tideform_sandbox.providers.kubernetes.places import Place

Object = dict[str, Any]
_RENDERED = "__rendered"


@dataclass(frozen=True)
class Releases:
    """``place`` is where a chart's objects go; ``store`` keeps what was declared. ``live``: there is a cluster."""

    place: Place
    store: Place
    live: bool

    def named(self, urn: str, old: Mapping[str, Any], new: Mapping[str, Any], seed: bytes, namespace: str) -> Object:
        """The inputs with the release's name and namespace."""
        made_up = f"{urn.rsplit('::', 1)[-1]}-{sha256(seed).hexdigest()[:8]}"
        return {"name": old.get("name", made_up), "namespace": namespace, **new}

    def install(self, inputs: Mapping[str, Any], old: Mapping[str, Any], seconds: float) -> tuple[str, Object]:
        """Install or upgrade; returns its id and its state."""
        drawn = self._drawn(inputs)
        names = [] if drawn is None else helm.install(self.place, drawn, 0.0 if inputs.get("skipAwait") else seconds)
        gone = [each for each in old.get(_RENDERED) or () if each not in names]
        helm.uninstall(self.place, gone, seconds)
        self.store.apply(helm.release(inputs))
        state = {**objects.body(inputs), "status": _status(inputs, old), _RENDERED: names}
        unrendered = {"__notEmulated": [helm.NOT_RENDERED]} if drawn is None else {}
        return f"{state['namespace']}/{state['name']}", {**state, **unrendered}

    def uninstall(self, state: Mapping[str, Any], seconds: float) -> None:
        """Take the chart's objects and the record away."""
        helm.uninstall(self.place, list(state.get(_RENDERED) or ()), seconds)
        record = helm.release(state)
        self.store.delete(record["apiVersion"], record["kind"], state["name"], record["metadata"]["namespace"])

    def read(self, identity: str, state: Mapping[str, Any]) -> tuple[Object, Object] | None:
        """What was declared, if the record is there still."""
        namespace, name = objects.parsed_identity(identity)
        found = self.store.get("helm.sh/v3", "Release", name, namespace)
        if found is None:
            return None
        return found["spec"], {**state, **found["spec"]}

    def _drawn(self, inputs: Mapping[str, Any]) -> list[Object] | None:
        """Without a cluster a chart that cannot be fetched is kept as declared: the sandbox needs no network."""
        try:
            return helm.rendered(inputs)
        except Refusal:
            if self.live:
                raise
            return None


def _status(inputs: Mapping[str, Any], old: Mapping[str, Any]) -> Object:
    revision = int((old.get("status") or {}).get("revision", 0)) + 1
    told = {"name": inputs["name"], "namespace": inputs.get("namespace"), "version": inputs.get("version")}
    return {**told, "revision": revision, "status": "deployed"}
