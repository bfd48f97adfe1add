"""Objects that are kept in the sandbox: by cluster, kind, namespace and name. Nothing acts on them."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

from tideform.times import utc
from tideform_sandbox.clock import Clock

Object = dict[str, Any]
Key = tuple[str, str, str, str, str]


class ObjectStore:
    """What the sandbox's process holds of all clusters; `answer` serves it to the provider."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._objects: dict[Key, Object] = {}
        self._lock = threading.Lock()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request: ``verb`` (get, put, delete, list), ``cluster``, and the object or what names it."""
        with self._lock:
            match request["verb"]:
                case "list":
                    return {"objects": [o for key, o in self._objects.items() if key[0] == request["cluster"]]}
                case "get":
                    return {"object": self._objects.get(_key(request["cluster"], request["object"]))}
                case "delete":
                    return {"object": self._objects.pop(_key(request["cluster"], request["object"]), None)}
                case "put":
                    return {"object": self._put(request["cluster"], request["object"])}
        raise ValueError(f"no such verb: {request['verb']}")

    def count(self) -> int:
        """How many there are."""
        return len(self._objects)

    def _put(self, cluster: str, new: Object) -> Object:
        key = _key(cluster, new)
        old = self._objects.get(key, {"metadata": {}})["metadata"]
        now = utc(self._clock.now())
        generation = int(old.get("generation", 0)) + 1
        metadata = {
            **new["metadata"],
            "uid": old.get("uid", str(uuid4())),
            "creationTimestamp": old.get("creationTimestamp", now),
            "generation": generation,
            "resourceVersion": str(generation),
        }
        self._objects[key] = {**new, "metadata": metadata}
        return self._objects[key]


def _key(cluster: str, found: Object) -> Key:
    """A version of a group is one view of its objects, so it is no part of the key."""
    group = str(found["apiVersion"]).rpartition("/")[0]
    metadata = found["metadata"]
    return cluster, group, found["kind"], metadata.get("namespace") or "", metadata["name"]
