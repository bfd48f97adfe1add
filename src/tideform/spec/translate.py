"""What pydantic found, in the words of the spec's author: where, what was expected, what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from tideform.diagnostics import Diagnostic
from tideform.spec.base import NAME_PATTERN, ZONE_PATTERN, written
from tideform.spec.detected import FINGERPRINT_PATTERN
from tideform.spec.fields import field_of, keys_of, section_at
from tideform.spec.network import SUBNET_PATTERN, VPC_PATTERN
from tideform.spec.nodes import Node, Path
from tideform.spec.project import ACCOUNT_PATTERN, REGION_PATTERN, ROLE_PATTERN, STATE_PATTERN
from tideform.spec.serving import VERSION_PATTERN
from tideform.spec.source import Source
from tideform.spec.subject import at, dotted
from tideform.spec.suggest import did_you_mean, one_of
from tideform.spec.training import VARIABLE_PATTERN

Details = tuple[str, str, str]  # code, detail, fix

_EXPECTED = " was expected"  # how the quantities end what they say
_PATTERNS = {
    NAME_PATTERN: "a name of lower-case letters, digits and single hyphens that starts with a letter",
    ACCOUNT_PATTERN: "an AWS account of twelve digits, in quotes",
    REGION_PATTERN: "a region such as us-east-1",
    STATE_PATTERN: "a place in S3 such as s3://acme-tideform-state",
    ROLE_PATTERN: "a role's ARN such as arn:aws:iam::123456789012:role/deploy",
    ZONE_PATTERN: "a zone's letter, such as a",
    VPC_PATTERN: "a VPC's id such as vpc-0a1b2c3d",
    SUBNET_PATTERN: "a subnet's id such as subnet-0a1b2c3d",
    FINGERPRINT_PATTERN: "a fingerprint of 16 hexadecimal digits, in quotes, as the error about the value gives it",
    VARIABLE_PATTERN: "a variable's name of letters, digits and _ that does not start with a digit",
    VERSION_PATTERN: "a version's number, latest or approved",
}
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping (keys with values)",
    "model_type": "a mapping (keys with values)",
    "tuple_type": "a list",
    "list_type": "a list",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character",
    "too_short": "at least {min_length} item",
    "too_long": "at most {max_length} items",
}


def translate(error: ValidationError, source: Source, root: Node, prefix: Path = ()) -> Iterator[Diagnostic]:
    """The diagnostics of one failed validation; ``prefix`` is where the validated part stands in the spec."""
    seen: set[Path] = set()
    for one in error.errors(include_url=False, include_context=True, include_input=True):
        path, is_key = _path(root, (*prefix, *written(one["loc"])), one["type"])
        if path in seen or _follows(one):  # a choice of several types complains once for each
            continue
        seen.add(path)
        code, detail, fix = _details(one, path)
        key = is_key or one["type"] == "extra_forbidden"
        yield at(source, root, code, path, detail, fix=fix, key=key)


def _follows(error: Any) -> bool:
    """Whether a list only counts as too short because of the items in it that are wrong themselves."""
    return error["type"] == "too_short" and bool(error["input"])


def _path(root: Node, loc: Path, kind: str) -> tuple[Path, bool]:
    """The part of pydantic's path that stands in the file, and whether the last key itself is meant."""
    if loc and loc[-1] == "[key]":
        return loc[:-1], True
    if kind == "missing":
        return loc, False
    node: Node | None = root
    for depth, step in enumerate(loc):
        node = node.child(step) if node else None
        if node is None:
            return loc[:depth], False
    return loc, False


def _details(error: Any, path: Path) -> Details:
    kind, given = error["type"], error["input"]
    context = error.get("ctx", {})
    if kind in _TYPES:
        return _wrong_type(_TYPES[kind], given)
    if kind in _BOUNDS:
        bound = _BOUNDS[kind].format(**context)
        return "TD105", f"{_shown(given)} is out of bounds.", f"Give {bound}."
    return _SPECIAL.get(kind, _malformed)(error, context, path)


def _unknown(_error: Any, _context: Any, path: Path) -> Details:
    section = section_at(path[:-1])
    known = keys_of(section) if section else []
    where = f"{dotted(path[:-1])} has no key" if path[:-1] else "A spec has no key"
    fix = _deeper(path, known) or did_you_mean(path[-1], known) or _knows(known)
    return "TD100", f"{where} {path[-1]!r}; it would be ignored.", fix


def _deeper(path: Path, known: list[str]) -> str:
    """Where the key belongs, if that is one level further down."""
    places = ((key, section_at((*path[:-1], key))) for key in known)
    found = [key for key, section in places if section and field_of(section, str(path[-1]))]
    return f"Write it as {found[0]}: {{{path[-1]}: …}}." if len(found) == 1 else ""


def _missing(_error: Any, _context: Any, path: Path) -> Details:
    section = section_at(path[:-1])
    info = field_of(section, str(path[-1])) if section else None
    about = f": {info.description}" if info and info.description else ""
    where = dotted(path[:-1]) or "The spec"
    return "TD101", f"{where} needs {path[-1]!r}.", f"Add {path[-1]}{about}"


def _not_a_choice(error: Any, context: Any, _path: Path) -> Details:
    known = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
    text = f"{_shown(error['input'])} is not known here; {one_of(known)} is."
    if error["input"] in known and "'" not in context["expected"]:
        return "TD103", f"The text {error['input']!r} stands here; the number is needed.", "Remove the quotes."
    return "TD103", text, did_you_mean(error["input"], known) or f"Write {one_of(known)}."


def _pattern(error: Any, context: Any, _path: Path) -> Details:
    expected = _PATTERNS.get(context["pattern"], f"text that matches {context['pattern']}")
    return "TD104", f"{_shown(error['input'])} does not fit here.", f"Write {expected}."


def _malformed(error: Any, context: Any, _path: Path) -> Details:
    reason = str(context.get("error", error["msg"])).strip(".")
    if error["input"] is None:
        return _wrong_type(reason.removesuffix(_EXPECTED), None)
    if reason.endswith(_EXPECTED):
        return "TD104", f"{_shown(error['input'])} cannot be read.", f"Write {reason.removesuffix(_EXPECTED)}."
    return (
        "TD104",
        f"{_shown(error['input'])} cannot be read: {reason}.",
        "Write it as the detail says, or leave it out.",
    )


def _date(error: Any, _context: Any, _path: Path) -> Details:
    return "TD104", f"{_shown(error['input'])} is no date.", "Write it as YYYY-MM-DD, such as 2027-01-31."


_SPECIAL: dict[str, Callable[[Any, Any, Path], Details]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _not_a_choice,
    "string_pattern_mismatch": _pattern,
    **{f"date_{what}": _date for what in ("type", "parsing", "from_datetime_parsing", "from_datetime_inexact")},
}


def _wrong_type(expected: str, given: Any) -> Details:
    if given is None:
        return "TD102", f"Nothing stands here; {expected} was expected.", "Give it a value, or remove the key."
    fix = f"Write {expected}."
    if expected == "text" and isinstance(given, bool | int | float):
        fix = "Put it in quotes."
    elif expected == "a list" and isinstance(given, str):
        fix = f"Make it a list: [{', '.join(given[:60].split())}]"
    return "TD102", f"{_shown(given)} stands here; {expected} was expected.", fix


def _shown(given: Any) -> str:
    """The value in a sentence, short."""
    if isinstance(given, dict | list):
        return "A mapping" if isinstance(given, dict) else "A list"
    if isinstance(given, bool):
        return str(given).lower()
    text = repr(given) if isinstance(given, str) else str(given)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _knows(known: list[str]) -> str:
    return f"It knows {', '.join(known)}." if known else ""
