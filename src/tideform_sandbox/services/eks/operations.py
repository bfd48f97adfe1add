"""EKS operations that moto lacks, over a small store of documents, under EKS's own paths.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from moto.core.responses import EmptyResult

from tideform_sandbox.extension.request import put
from tideform_sandbox.services.eks.address import NOBODY, NOBODYS_AUTHORITY
from tideform_sandbox.world import World

Document = dict[str, Any]
Answer = tuple[int, dict[str, str], str]
_PATH = re.compile(
    r"/clusters/(?P<cluster>[^/]+)/(?P<noun>addons|access-entries|pod-identity-associations|updates)"
    r"(?:/(?P<key>.+?))?(?P<update>/update)?$"
)
_WHOLE = "{{0}}/clusters/(?P<name>[^/]+)/{noun}$"  # moto makes routes of Flask's out of them
_ONE = "{{0}}/clusters/(?P<name>[^/]+)/{noun}/(?P<key>.+)$"


@dataclass(frozen=True)
class Noun:
    """``one`` and ``many`` are the members it is answered in, ``key`` the one that names it."""

    one: str
    many: str
    key: str
    arn: str
    path: str
    defaults: Mapping[str, Any]

    def listed(self, document: Document) -> Any:
        """What a list tells: pod identities as they are, of the others the names."""
        return document if self.one == "association" else document[self.key]


_NOUNS = {
    "addons": Noun("addon", "addons", "addonName", "addonArn", "addon", {"status": "ACTIVE", "addonVersion": "latest"}),
    "access-entries": Noun(
        "accessEntry", "accessEntries", "principalArn", "accessEntryArn", "access-entry", {"type": "STANDARD"}
    ),
    "pod-identity-associations": Noun(
        "association", "associations", "associationId", "associationArn", "podidentityassociation", {}
    ),
}


@dataclass
class Documents:
    """Everything, by account, region, cluster, noun and key."""

    clock: Callable[[], float]
    lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[tuple[str, ...], dict[str, Document]] = field(default_factory=dict)

    def tags(self, called: Any, arn: str) -> dict[str, str] | None:
        """The tags of what has this ARN: a document of ours, or a node group, which moto tags at birth only."""
        for kept in self._kept.values():
            for document in kept.values():
                if arn in document.values():
                    found: dict[str, str] = document["tags"]
                    return found
        for cluster in called.eks_backend.clusters.values():
            for group in cluster.nodegroups.values():
                if group.arn == arn:
                    group.tags = group.tags or {}
                    return group.tags  # type: ignore[no-any-return]
        return None

    def of(self, *where: str) -> dict[str, Document]:
        """One noun's documents in one cluster."""
        return self._kept.setdefault(where, {})


def install(world: World) -> None:
    """Add our paths, and let clusters remember how they may be accessed."""
    from moto.eks import urls
    from moto.eks.responses import EKSResponse

    documents = Documents(world.clock.now)

    def answer(request: Any, full_url: str, headers: Any) -> Answer:
        called = EKSResponse()
        called.setup_class(request, full_url, headers)
        with documents.lock:
            return _answer(called, documents, request.method, full_url)

    for noun in (*_NOUNS, "updates"):
        for path in (_WHOLE, _ONE):
            urls.url_paths[path.format(noun=noun)] = answer
    create = EKSResponse.create_cluster

    def create_cluster(self: Any) -> Any:
        made = create(self)
        cluster = self.eks_backend.clusters[self._get_param("name")]
        cluster.endpoint, cluster.certificate_authority = NOBODY, {"data": NOBODYS_AUTHORITY}
        cluster.access_config = self._get_param("accessConfig") or {"authenticationMode": "CONFIG_MAP"}
        return made

    put(EKSResponse, "create_cluster", create_cluster)
    _tag(EKSResponse, documents)


def _tag(responses: Any, documents: Documents) -> None:
    """Tags of what is no cluster."""
    tag, untag = responses.tag_resource, responses.untag_resource

    def tag_resource(self: Any) -> Any:
        if (tags := documents.tags(self, self._extract_arn_from_path())) is None:
            return tag(self)
        tags.update(self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self: Any) -> Any:
        if (tags := documents.tags(self, self._extract_arn_from_path())) is None:
            return untag(self)
        for key in self.querystring.get("tagKeys", []):
            tags.pop(key, None)
        return EmptyResult()

    put(responses, "tag_resource", tag_resource)
    put(responses, "untag_resource", untag_resource)


def _answer(called: Any, documents: Documents, method: str, full_url: str) -> Answer:
    found = _PATH.search(unquote(urlsplit(full_url).path))
    if found is None or found["cluster"] not in called.eks_backend.clusters:
        return _error(404, "ResourceNotFoundException", f"No cluster found for name: {found and found['cluster']}.")
    body = json.loads(called.body or "{}")
    if found["noun"] == "updates":
        called.eks_backend.clusters[found["cluster"]].version = body["version"]
        return _say({"update": {"id": str(uuid4()), "status": "Successful", "type": "VersionUpdate"}})
    noun = _NOUNS[found["noun"]]
    kept = documents.of(called.current_account, called.region, found["cluster"], found["noun"])
    if found["key"] is None:
        if method == "GET":
            return _say({noun.many: [noun.listed(each) for each in kept.values()]})
        return _create(called, documents, noun, kept, {**body, "clusterName": found["cluster"]})
    return _one(noun, kept, found["key"], method, body)


def _create(called: Any, documents: Documents, noun: Noun, kept: dict[str, Document], body: Document) -> Answer:
    key = body.get(noun.key) or f"a-{uuid4().hex[:17]}"
    same_account = [
        each
        for each in kept.values()
        if noun.one == "association"
        and (each["namespace"], each["serviceAccount"]) == (body["namespace"], body["serviceAccount"])
    ]
    if key in kept or same_account:
        return _error(409, "ResourceInUseException", f"{noun.one} {key} already exists.")
    place = f"arn:{called.partition}:eks:{called.region}:{called.current_account}"
    name = key.rpartition("/")[2]
    now = documents.clock()
    told = {noun.key: key, noun.arn: f"{place}:{noun.path}/{body['clusterName']}/{name}", "createdAt": now}
    kept[key] = {**noun.defaults, **body, **told, "modifiedAt": now, "tags": body.get("tags") or {}}
    return _say({noun.one: kept[key]})


def _one(noun: Noun, kept: dict[str, Document], key: str, method: str, body: Document) -> Answer:
    if key not in kept:
        return _error(404, "ResourceNotFoundException", f"No {noun.one} found for: {key}.")
    if method == "DELETE":
        return _say({noun.one: kept.pop(key)})
    if method == "POST":
        kept[key] |= {name: value for name, value in body.items() if name != "clientRequestToken"}
    return _say({noun.one: kept[key]})


def _say(content: Document) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(content)


def _error(status: int, code: str, message: str) -> Answer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"message": message, "code": code})
