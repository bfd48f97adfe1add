"""The life of any object: made by server-side apply, waited for, read back, and gone before its end is told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tideform.kube import FIELD_MANAGER, KubeError
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.kubernetes import awaiting, objects
from tideform_sandbox.providers.kubernetes.places import Place

Object = dict[str, Any]
_FORCE = "pulumi.com/patchForce"
_FORCE_ALL = "PULUMI_K8S_ENABLE_PATCH_FORCE"  # the vendor's variable, which the plugin reads as well
_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
_LOOK_SECONDS = 0.25
_KIND_SECONDS = 30.0  # how long a kind may take to be known after its definition was made


class UnreadyError(Exception):
    """The object is there, and has not become ready in time; the engine must keep it in the state."""

    def __init__(self, found: Object, reason: str) -> None:
        super().__init__(reason)
        self.found, self.reason = found, reason


def create(place: Place, inputs: Mapping[str, Any], *, seconds: float = 0.0, adopt: bool = False) -> Object:
    """Make an object and wait until it is ready. Raises `Refusal` where its name is taken, `UnreadyError`."""
    body = objects.body(inputs)
    if "name" not in body["metadata"]:
        made = place.create(body)
    else:
        if not adopt and get(place, body) is not None:
            raise Refusal("AlreadyExists", f"{_words(body)} exists already, and was not made by this stack")
        made = _when_its_kind_is_known(lambda: _apply(place, body))
    return _ready(place, made, awaiting.patience(inputs, seconds))


def update(
    place: Place, inputs: Mapping[str, Any], identity: str, *, ignored: Sequence[str] = (), seconds: float = 0.0
) -> Object:
    """Bring an object in line and wait until it is ready; what is ignored stays as it is in the cluster."""
    namespace, name = objects.parsed_identity(identity)
    body = objects.body(inputs)
    body["metadata"] = {**{k: v for k, v in body["metadata"].items() if k != "generateName"}, "name": name}
    if namespace:
        body["metadata"]["namespace"] = namespace
    if ignored and (live := get(place, body)) is not None:
        body = objects.with_live(body, live, ignored)
    return _ready(place, _apply(place, body), awaiting.patience(inputs, seconds))


def delete(place: Place, state: Mapping[str, Any], identity: str, *, seconds: float = 0.0) -> None:
    """End an object and wait until it is gone. Raises `Refusal` where that takes too long."""
    namespace, name = objects.parsed_identity(identity)
    annotations = (state.get("metadata") or {}).get("annotations") or {}
    propagation = str(annotations.get(_PROPAGATION, "foreground")).capitalize()
    which = (state["apiVersion"], state["kind"], name, namespace)
    if not place.delete(*which, propagation=propagation):
        return
    until = time.monotonic() + (awaiting.patience(state, seconds) or _LOOK_SECONDS)
    while (left := place.get(*which)) is not None:
        if time.monotonic() > until:
            holders = ", ".join(left["metadata"].get("finalizers") or ()) or "nobody says"
            raise Refusal("Timeout", f"{state['kind']} {identity} is not gone yet; finalizers: {holders}")
        time.sleep(_LOOK_SECONDS)


def get(place: Place, found: Mapping[str, Any]) -> Object | None:
    """The object of that kind and name as it is now."""
    metadata = found["metadata"]
    return place.get(found["apiVersion"], found["kind"], metadata["name"], metadata.get("namespace"))


def _apply(place: Place, body: Mapping[str, Any]) -> Object:
    """Fields that another manager of ours has (a burst holds queues) are ours; other people's are not taken."""
    asked = "true" in ((body["metadata"].get("annotations") or {}).get(_FORCE), os.environ.get(_FORCE_ALL))
    try:
        return place.apply(body, force=asked)
    except KubeError as error:
        others = _managers(error)
        if error.status != 409 or not others or not all(each.startswith(FIELD_MANAGER) for each in others):
            raise
        return place.apply(body, force=True)


def _managers(error: KubeError) -> list[str]:
    """Whom a conflict is with: the API says ``conflict with "NAME" using VERSION``."""
    causes = [str(cause.get("message", "")) for cause in error.details.get("causes") or ()]
    return [cause.split('"')[1] for cause in causes if cause.count('"') >= 2]


def _when_its_kind_is_known(attempt: Callable[[], Object]) -> Object:
    """A CRD made a moment ago is served a moment later, and a namespace may be younger still."""
    until = time.monotonic() + _KIND_SECONDS
    while True:
        try:
            return attempt()
        except KubeError as error:
            if error.status != 404 or time.monotonic() > until:
                raise
        time.sleep(_LOOK_SECONDS)


def _ready(place: Place, made: Object, seconds: float) -> Object:
    until = time.monotonic() + seconds
    found = made
    while seconds and (reason := awaiting.unready(found)):
        if time.monotonic() > until:
            raise UnreadyError(found, f"{_words(found)} was not ready in {seconds:.0f} s: {reason}")
        time.sleep(_LOOK_SECONDS)
        now = get(place, found)
        if now is None:
            raise Refusal("NotFound", f"{_words(found)} went away while it was waited for")
        found = now
    return found


def _words(found: Mapping[str, Any]) -> str:
    return f"{found['kind']} {objects.identity(found)}"
