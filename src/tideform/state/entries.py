"""What a stack's file has to hold, as everybody who reads it takes for granted.

The engine writes nothing else. A file that was damaged, or edited by hand, may hold anything: that is told once, where
it is read, and not by whoever stumbles over it. Source: pulumi/pulumi, ``sdk/go/common/apitype/core.go``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tideform.spec.project import ACCOUNT_PATTERN, REGION_PATTERN
from tideform.times import utc

STACK: Final = "pulumi:pulumi:Stack"
PROVIDER: Final = "pulumi:providers:aws"
_DEEPEST = 100  # levels, far below where Python gives up; a real file has about ten
_SHOWN = 60  # characters of what is not as it should be
_SECRETS = {"passphrase": ("salt",), "cloud": ("url", "encryptedkey")}  # what each kind of key is found again by

Entry = Mapping[str, Any]


class OddError(ValueError):
    """Something is not what the engine writes there."""


def latest(content: bytes) -> Entry:
    """What the file says of its stack; empty for one that was only made. Raises `ValueError`, `RecursionError`."""
    whole = json.loads(content)
    _require_shallow(whole)
    said = mapping(mapping(whole, "the file").get("checkpoint"), "its checkpoint").get("latest")
    return {} if said is None else mapping(said, "latest")


def resources(said: Entry) -> tuple[Entry, ...]:
    """All resources. Raises `ValueError`."""
    return tuple(map(_resource, several(said.get("resources", []), "resources")))


def operations(said: Entry) -> tuple[Entry, ...]:
    """What a crash left pending. Raises `ValueError`."""
    found = several(said.get("pending_operations", []), "pending_operations")
    for operation in found:
        text(mapping(operation, "a pending operation").get("type"), "the type of a pending operation")
        _resource(operation.get("resource"))
    return tuple(found)


def secrets_provider(said: Entry) -> Entry:
    """What unlocks the stack's secrets; empty where nothing does. Raises `ValueError`."""
    found = mapping(said.get("secrets_providers", {}), "secrets_providers")
    for name in _SECRETS.get(text(found.get("type", ""), "the type of secrets_providers"), ()):
        text(mapping(found.get("state"), "the state of secrets_providers").get(name), name)
    return found


def time(said: Entry) -> str:
    """When the stack last changed; empty where nobody can tell. Raises `ValueError`."""
    found = str(mapping(said.get("manifest", {}), "manifest").get("time", ""))
    try:
        utc(datetime.fromisoformat(found).timestamp())  # what a view makes of it
    except (ValueError, OverflowError):
        return ""
    return found


def accounts(inputs: Entry) -> list[str]:
    """The accounts that an AWS provider is allowed in; its settings are texts: of a list its JSON.

    Raises `ValueError`, `RecursionError`.
    """
    said = inputs.get("allowedAccountIds", [])
    found = several(json.loads(said) if isinstance(said, str) else said, "allowedAccountIds")
    return [_like(one, ACCOUNT_PATTERN, "one of allowedAccountIds", "no account's number") for one in found]


def mapping(found: Any, what: str) -> dict[str, Any]:
    """It, where it is one. Raises `OddError`."""
    if not isinstance(found, dict):
        raise _odd(found, what, "no mapping")
    return found


def text(found: Any, what: str) -> str:
    """It, where it is one. Raises `OddError`."""
    if not isinstance(found, str):
        raise _odd(found, what, "no text")
    return found


def several(found: Any, what: str) -> list[Any]:
    """It, where it is a list. Raises `OddError`."""
    if not isinstance(found, list):
        raise _odd(found, what, "no list")
    return found


def _resource(found: Any) -> Entry:
    entry = mapping(found, "a resource")
    for name in ("type", "urn"):
        text(entry.get(name), f"the {name} of a resource")
    whose = f"of {entry['urn'][:_SHOWN]}"
    text(entry.get("id", ""), f"the id {whose}")
    for name in ("inputs", "outputs"):
        mapping(entry.get(name, {}), f"the {name} {whose}")
    for name in ("custom", "delete"):
        if not isinstance(entry.get(name, False), bool):
            raise _odd(entry[name], f"{name} {whose}", "neither true nor false")
    if entry["type"] == PROVIDER:
        _require_place(entry.get("inputs", {}))
    return entry


def _require_place(inputs: Entry) -> None:
    """Account and region decide what a stack's resources are looked for with."""
    accounts(inputs)
    if "region" in inputs:
        _like(inputs["region"], REGION_PATTERN, "the region of a provider", "no region")


def _like(found: Any, pattern: str, what: str, none: str) -> str:
    if not re.fullmatch(pattern, text(found, what)):
        raise _odd(found, what, none)
    return str(found)


def _require_shallow(whole: Any) -> None:
    """Whoever goes through it goes deeper with each level."""
    layer = [whole]
    for _ in range(_DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in layer if isinstance(each, dict | list))
        layer = [one for each in inner for one in each]
        if not layer:
            return
    raise OddError(f"it has more than {_DEEPEST} levels")


def _odd(found: Any, what: str, why: str) -> OddError:
    shown = repr(found)
    return OddError(f"{what} is {shown[:_SHOWN]}{'…' * (len(shown) > _SHOWN)}, and {why}")
