"""Carry values between the vendor's argument names and an AWS operation's own shapes.

Both sides mostly agree but for case and plural (``subnetIds`` and ``SubnetIds``, ``rule`` and ``Rules``), so names are
matched in a normal form against botocore's model of the operation; where they do not agree a *names* table says how
(``{"cidrIpv4": "CidrIp"}``, keys at any depth). Nothing is dropped: an argument without a member is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform_sandbox.providers.aws.refusal import Refusal

Names = Mapping[str, str]
_VERBATIM = frozenset({"environment", "parameters"})  # maps whose keys are the user's


def to_api(value: Any, shape: Any, names: Names | None = None, at: str = "") -> Any:
    """The value as the shape wants it. Raises `Refusal` for a member that the shape does not have."""
    names = names or {}
    match shape.type_name:
        case "structure":
            return _structure_to_api(value, shape, names, at)
        case "list":
            return _list_to_api(value, shape, names, at)
        case "map":
            return {key: to_api(item, shape.value, names, at) for key, item in value.items()}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "string":
            return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def from_api(value: Any, names: Names | None = None, like: Any = None) -> Any:
    """An answer in the vendor's names. ``like`` is what was asked for: its keys and its nesting win."""
    names = names or {}
    if isinstance(value, Mapping):
        return _structure_from_api(value, names, like)
    if isinstance(value, list):
        sample = like[0] if isinstance(like, list) and like else {}
        if isinstance(like, Mapping) or (like is None and _are_tags(value)):
            return _from_list(value, names, like or {})
        merged = _merged(like) if isinstance(sample, Mapping) and isinstance(like, list) else None
        return [from_api(item, names, merged) for item in value]
    return value


def normal(name: str) -> str:
    """A name's normal form: lower case, letters and digits, no plural."""
    plain = "".join(letter for letter in name if letter.isalnum()).lower()
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain


def lower_camel(member: str) -> str:
    """``VpcId`` as ``vpcId``, ``SSEType`` as ``sseType``."""
    head = len(member) - len(member.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    end = head if head in (0, 1) or head == len(member) else head - 1
    return member[:end].lower() + member[end:]


def _structure_to_api(value: Any, shape: Any, names: Names, at: str) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    members = {normal(name): name for name in shape.members}
    done: dict[str, Any] = {}
    for key, item in value.items():
        member = names.get(key) if names.get(key) in shape.members else members.get(normal(key))
        if member is None:
            raise Refusal("TD503", f"{at}{key} has no counterpart in the AWS operation's {shape.name}")
        if item is not None:
            done[member] = to_api(item, shape.members[member], names, f"{at}{key}.")
    return done


def _list_to_api(value: Any, shape: Any, names: Names, at: str) -> list[Any]:
    if isinstance(value, Mapping) and _is_pairs(shape.member):
        return [{_key_of(shape.member): key, "Value": item} for key, item in value.items()]
    items = value if isinstance(value, list) else [value]
    return [to_api(item, shape.member, names, at) for item in items]


def _is_pairs(shape: Any) -> bool:
    return shape.type_name == "structure" and set(shape.members) in ({"Key", "Value"}, {"Name", "Value"})


def _key_of(shape: Any) -> str:
    return "Key" if "Key" in shape.members else "Name"


def _structure_from_api(value: Mapping[str, Any], names: Names, like: Any) -> dict[str, Any]:
    asked = like if isinstance(like, Mapping) else {}
    by_member = {normal(names.get(key, key)): key for key in asked}
    known = {member: key for key, member in names.items()}
    done = {}
    for member, item in value.items():
        key = by_member.get(normal(member)) or known.get(member) or lower_camel(member)
        done[key] = item if member.lower() in _VERBATIM else from_api(item, names, asked.get(key))
    return done


def _from_list(value: list[Any], names: Names, like: Mapping[str, Any]) -> Any:
    """A list where an object was asked for: pairs of key and value, or a block that may be given once."""
    if value and all(isinstance(item, Mapping) and "Value" in item for item in value):
        return {item.get("Key", item.get("Name")): item["Value"] for item in value}
    return from_api(value[0], names, like) if len(value) == 1 else [from_api(v, names, like) for v in value]


def _are_tags(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, Mapping) and set(item) == {"Key", "Value"} for item in items)


def _merged(items: list[Any]) -> dict[str, Any]:
    return {key: item for each in items if isinstance(each, Mapping) for key, item in each.items()}
