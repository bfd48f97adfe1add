"""The API of one Kubernetes cluster: any kind of object, as plain JSON.

The official client finds the cluster and proves who we are (kubeconfig, exec plug-ins, certificates); objects go over
it untyped, since most of ours are of kinds that a cluster learns from CRDs.
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

FIELD_MANAGER = "tideform"
_SECONDS = (5.0, 30.0)  # until it is connected, and of one answer: an address that nobody has does not refuse
UNSERVED = 410  # our own: a kind that is there, in other versions than the one that was asked for
Object = dict[str, Any]


class KubeError(Exception):
    """What the API refused; ``status`` is the HTTP status, 0 where nobody answered."""

    def __init__(self, status: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{reason}: {message}" if reason else message)
        self.status, self.reason, self.message, self.details = status, reason, message, details or {}


@dataclass(frozen=True)
class Kind:
    """What the API calls a kind: ``jobs`` of ``batch/v1``, and whether its objects live in namespaces."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str = "") -> str:
        """Where one object is, or all of a namespace; without ``namespace`` all of the cluster."""
        group = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{group}{place}/{self.plural}" + (f"/{name}" if name else "")


@dataclass
class Kube:
    """A cluster, through the official client's connection. Safe to share between threads."""

    client: ApiClient
    _kinds: dict[tuple[str, str], Kind] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of_kubeconfig(cls, kubeconfig: str | Mapping[str, Any] | None = None, context: str | None = None) -> Kube:
        """By a kubeconfig: a path, its content, or None for the user's own. Raises `KubeError` if it cannot be used."""
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException, load_kube_config, load_kube_config_from_dict

        found = Configuration()
        try:
            if kubeconfig is None or isinstance(kubeconfig, str):
                load_kube_config(kubeconfig, context, client_configuration=found, persist_config=False)
            else:
                load_kube_config_from_dict(dict(kubeconfig), context, client_configuration=found, persist_config=False)
        except (ConfigException, OSError, TypeError, KeyError, ValueError) as error:
            raise KubeError(0, "", f"the kubeconfig cannot be used: {error}") from error
        return cls(ApiClient(_few_retries(found)))

    def kind(self, api_version: str, kind: str) -> Kind:
        """What the cluster calls a kind. Raises `KubeError` 404 where it has none such (yet), in whatever version.

        `UNSERVED` where it has the kind in other versions: then its objects are not absent, but asked for in vain.
        """
        with self._lock:
            known = self._kinds.get((api_version, kind))
        if known is not None:
            return known
        for found in self._resources(api_version):
            if found["kind"] == kind and "/" not in found["name"]:
                known = Kind(api_version, kind, found["name"], bool(found["namespaced"]))
                with self._lock:
                    self._kinds[(api_version, kind)] = known
                return known
        raise self._unserved(api_version, kind)

    def groups(self) -> dict[str, list[str]]:
        """The versions of every API group that the cluster serves."""
        found = self.request("GET", "/apis")["groups"]
        return {each["name"]: [one["version"] for one in each["versions"]] for each in found}

    def _resources(self, api_version: str) -> list[Object]:
        try:
            found = self.request("GET", f"/{'apis' if '/' in api_version else 'api'}/{api_version}")["resources"]
        except KubeError as error:
            if error.status == 404:
                return []
            raise
        return list(found)

    def _unserved(self, api_version: str, kind: str) -> KubeError:
        group, _, asked = api_version.rpartition("/")
        others = [each for each in self.groups().get(group, []) if each != asked]
        served = [v for v in others if any(one["kind"] == kind for one in self._resources(f"{group}/{v}"))]
        if not served:
            return KubeError(404, "NotFound", f"the cluster has no kind {kind} in {api_version}")
        words = f"the cluster serves {kind} of {group} as {', '.join(served)}, and no longer as {asked}"
        return KubeError(UNSERVED, "NotServed", words)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object; None if it, or its kind, is not there."""
        try:
            return self.request("GET", self.kind(api_version, kind).path(namespace, name))
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def find(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """Objects of a kind, by labels; none where the cluster has no such kind."""
        try:
            path = self.kind(api_version, kind).path(namespace)
            return list(self._pages(path, [("labelSelector", _selector(labels))] if labels else []))
        except KubeError as error:
            if error.status == 404:
                return []
            raise

    def create(self, body: Mapping[str, Any]) -> Object:
        """Make an object that must not be there yet; one with ``generateName`` gets its name from the API."""
        path = self._kind_of(body).path(_namespace(body))
        return self.request("POST", path, body, query=[("fieldManager", FIELD_MANAGER)])

    def apply(self, body: Mapping[str, Any], *, force: bool = False, dry_run: bool = False) -> Object:
        """Server-side apply as `FIELD_MANAGER`. Raises `KubeError` 409 where another manager has a field of ours."""
        path = self._kind_of(body).path(_namespace(body), body["metadata"]["name"])
        query = [("fieldManager", FIELD_MANAGER), ("force", str(force).lower())]
        query += [("dryRun", "All")] if dry_run else []
        return self.request("PATCH", path, body, query=query, content_type="application/apply-patch+yaml")

    def patch(self, api_version: str, kind: str, name: str, namespace: str | None, body: Mapping[str, Any]) -> Object:
        """Merge into an object what a burst changes of it (who holds a queue), outside of what was applied."""
        path = self.kind(api_version, kind).path(namespace, name)
        return self.request("PATCH", path, body, content_type="application/merge-patch+json")

    def delete(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, propagation: str = "Foreground"
    ) -> bool:
        """Ask for an object's end; False if it is gone already. It may take a while: its dependents go first."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        try:
            self.request("DELETE", self.kind(api_version, kind).path(namespace, name), body)
        except KubeError as error:
            if error.status == 404:
                return False
            raise
        return True

    def text(self, path: str, query: list[tuple[str, str]]) -> str:
        """An answer that is no JSON: a log."""
        return self._call("GET", path, None, query, "application/json")

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: list[tuple[str, str]] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """One call of the API. Raises `KubeError`."""
        answer: Object = json.loads(self._call(method, path, body, query or [], content_type) or "{}")
        return answer

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: list[tuple[str, str]], content_type: str
    ) -> str:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        from tideform.reaper.fence import leave

        leave(method)
        try:
            answer = self.client.call_api(
                path,
                method,
                query_params=query,
                header_params={"Accept": "application/json, */*", "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=_SECONDS,
            )
        except ApiException as error:
            raise _refused(error.status or 0, error.reason, error.body) from None
        except (HTTPError, OSError) as error:
            raise KubeError(0, "Unreachable", f"{self.client.configuration.host}: {error}") from None
        return str(answer.data.decode(errors="replace"))

    def _pages(self, path: str, query: list[tuple[str, str]]) -> Iterator[Object]:
        rest = ""
        while True:
            page = self.request("GET", path, query=[*query, ("limit", "500"), *([("continue", rest)] if rest else [])])
            yield from page["items"]
            rest = page.get("metadata", {}).get("continue", "")
            if not rest:
                return

    def _kind_of(self, body: Mapping[str, Any]) -> Kind:
        return self.kind(body["apiVersion"], body["kind"])


def _namespace(body: Mapping[str, Any]) -> str:
    return str(body["metadata"].get("namespace") or "default")


def _selector(labels: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in (labels or {}).items())


def _few_retries(configuration: Any) -> Any:
    configuration.retries = 1
    return configuration


def _refused(status: int, reason: str | None, body: Any) -> KubeError:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        said = json.loads(text)
    except ValueError:
        return KubeError(status, reason or "", text[:500])
    return KubeError(status, said.get("reason") or reason or "", said.get("message", ""), said.get("details"))
