"""Whole resources out of botocore's shapes: what was sent is kept, and given back in the operation's output shape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model, utcnow

from tideform_sandbox.extension.request import AwsError, method_name, parameters, response_class


@dataclass(frozen=True)
class Noun:
    """A resource that moto does not know.

    ``key`` is the input member that names it, ``arn`` the member its ARN is told in, ``arn_path`` what stands before
    its name there. ``defaults`` are members that AWS computes: values, or functions of the stored document.
    ``missing`` and ``taken`` are the service's error codes.
    """

    service: str  # botocore's name
    responses: str  # moto's class, ``module:Class``
    name: str
    plural: str
    key: str
    arn: str
    arn_path: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    missing: str = "ResourceNotFound"
    taken: str = "ResourceInUse"


class Document(dict[str, Any]):
    """What is known of one resource."""

    @property
    def tags(self) -> list[dict[str, str]]:
        """Its tags; moto's tagging operations read and assign them."""
        found: list[dict[str, str]] = self.setdefault("Tags", [])
        return found

    @tags.setter
    def tags(self, tags: list[dict[str, str]]) -> None:
        self["Tags"] = tags


class Store:
    """All documents, by account, region, noun and key."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str, str], dict[str, Document]] = {}
        self.lock = threading.Lock()

    def of(self, noun: Noun, response: Any) -> dict[str, Document]:
        """A noun's documents in the account and region of a request."""
        where = (response.current_account, response.region, noun.name)
        return self._documents.setdefault(where, {})

    def by_arn(self, arn: str) -> Document | None:
        """The document that tells itself under an ARN."""
        for documents in list(self._documents.values()):
            for document in list(documents.values()):
                if arn in document.values():
                    return document
        return None


def install(noun: Noun, store: Store) -> None:
    """Put the five operations on moto's response class."""
    verbs: dict[str, Callable[[Any, Noun, Store], dict[str, Any]]] = {
        f"Create{noun.name}": _create,
        f"Describe{noun.name}": _describe,
        f"Update{noun.name}": _update,
        f"Delete{noun.name}": _delete,
        f"List{noun.plural}": _list,
    }
    for operation, verb in verbs.items():
        setattr(response_class(noun.responses), method_name(operation), _method(operation, verb, noun, store))


def _method(
    operation: str, verb: Callable[[Any, Noun, Store], dict[str, Any]], noun: Noun, store: Store
) -> Callable[[Any], Any]:
    def answer(self: Any) -> Any:
        with store.lock:
            found = verb(self, noun, store)
        shape = get_service_model(noun.service).operation_model(operation).output_shape
        return ActionResult({name: found[name] for name in (shape.members if shape else ()) if name in found})

    return answer


def _create(response: Any, noun: Noun, store: Store) -> dict[str, Any]:
    given = parameters(response)
    documents, key = store.of(noun, response), given[noun.key]
    if key in documents:
        raise AwsError(noun.taken, f"{noun.name} {key} already exists.")
    place = f"{response.partition}:{noun.service}:{response.region}:{response.current_account}"
    now = utcnow()
    document = Document({noun.arn: f"arn:{place}:{noun.arn_path}/{key}", **given})
    document |= {"CreationTime": now, "LastModifiedTime": now}
    for member, value in noun.defaults.items():
        document.setdefault(member, value(document) if callable(value) else value)
    documents[key] = document
    return document


def _describe(response: Any, noun: Noun, store: Store) -> dict[str, Any]:
    key = parameters(response)[noun.key]
    documents = store.of(noun, response)
    if key not in documents:
        raise AwsError(noun.missing, f"{noun.name} {key} does not exist.")
    return documents[key]


def _update(response: Any, noun: Noun, store: Store) -> dict[str, Any]:
    document = _describe(response, noun, store)
    document |= {**parameters(response), "LastModifiedTime": utcnow()}
    return document


def _delete(response: Any, noun: Noun, store: Store) -> dict[str, Any]:
    document = _describe(response, noun, store)
    del store.of(noun, response)[document[noun.key]]
    return document


def _list(response: Any, noun: Noun, store: Store) -> dict[str, Any]:
    shape = get_service_model(noun.service).operation_model(f"List{noun.plural}").output_shape
    member = next(name for name, what in shape.members.items() if what.type_name == "list")
    kept = shape.members[member].member.members
    found = store.of(noun, response).values()
    return {member: [{name: one[name] for name in kept if name in one} for one in found]}
