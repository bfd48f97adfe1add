"""Values as the engine writes them, and as the plan keeps them.

The engine marks what it does not know yet by fixed sentinels, and what it must not show by a signature key or by
the text ``[secret]``. In the plan these are `UNKNOWN` and `SECRET`. Source: pulumi/pulumi,
``sdk/go/common/resource/plugin/rpc.go`` and ``sdk/go/common/resource/properties.go``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tideform.model.planned import SECRET, UNKNOWN

_UNKNOWN_SENTINELS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string, and any other computed value
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
UNKNOWN_SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a marker, not a secret
_OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7"


def from_engine(value: Any) -> Any:
    """One property value of an event, a state or a request as plain data with markers."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple):
        return [from_engine(item) for item in value]
    return value


def _text(value: str) -> Any:
    if value in _UNKNOWN_SENTINELS:
        return UNKNOWN
    return SECRET if value == "[secret]" else value


def _mapping(value: Mapping[str, Any]) -> Any:
    signature = value.get(_SIGNATURE)
    if signature == _SECRET_SIGNATURE:
        return SECRET
    if signature == _OUTPUT_SIGNATURE:
        return from_engine(value["value"]) if "value" in value else UNKNOWN
    if signature == _ARCHIVE_SIGNATURE:
        return _archive(value)
    # Keys that begin with two underscores are the provider's and the engine's own notes.
    return {key: from_engine(item) for key, item in value.items() if not key.startswith("__")}


def _archive(value: Mapping[str, Any]) -> str:
    """An archive by what is in it: code is reviewed where it is written, not in a plan.

    The engine tells a digest of the whole, and after a refresh nothing else; offline there are the texts alone.
    """
    digests = {name: asset.get("hash") or _digest(asset.get("text", "")) for name, asset in _assets(value)}
    whole = "".join(f"{name}\0{digest}\0" for name, digest in digests.items())
    return f"archive, sha256:{(value.get('hash') or _digest(whole))[:16]}"


def _assets(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted((value.get("assets") or {}).items())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def contains(value: Any, marker: Any) -> bool:
    """Whether a marker stands anywhere in the value."""
    if isinstance(value, Mapping):
        return any(contains(item, marker) for item in value.values())
    if isinstance(value, list | tuple):
        return any(contains(item, marker) for item in value)
    return value is marker
