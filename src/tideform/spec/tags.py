"""Tags go to everything that is made, so they have to fit every service at once: the narrowest rule of all counts.

https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html: keys that differ in case alone are one key.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Tag.html: a value has one character at least.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.spec.subject import Subject

_MARKS = frozenset("_.:/=+-@")
_KINDS = frozenset("LNZ")  # letters, numbers and separators, as Unicode calls them
_MOST = 40  # AWS takes 50; ours, and those of what launches machines, need some
_FIX = "Use 1 to 128 letters, digits, spaces and . : / = + - @ _ for a key, and as many as 256 for a value."
_OURS = "Give it another name."


def tags(subject: Subject) -> Iterator[Diagnostic]:
    """What is wrong with the spec's tags, and with the owner, who is one."""
    found = subject.spec.tags
    if len(found) > _MOST:
        detail = f"{len(found)} tags; AWS takes 50 on a resource, and some are ours."
        yield subject.problem("TD145", ("tags",), detail, fix=f"Keep {_MOST}.", key=True)
    seen: dict[str, str] = {}
    for key, value in found.items():
        first = seen.setdefault(key.lower(), key)
        if first != key:
            detail = f"IAM takes it for {first}: tags that differ in case alone are one to it."
            yield subject.problem("TD145", ("tags", key), detail, fix="Keep one of them.", key=True)
        elif wrong := _wrong(key, value):
            yield subject.problem("TD145", ("tags", key), wrong[0], fix=wrong[1], key=True)
    if wrong := _wrong("owner", subject.spec.owner):
        yield subject.problem("TD145", ("owner",), f"The owner is a tag on everything: {wrong[0]}", fix=wrong[1])


def _wrong(key: str, value: str) -> tuple[str, str] | None:
    """What is wrong with a tag, and what to do; None if nothing is."""
    if key.lower().startswith(("aws:", "tideform:")):
        return f"{key!r} starts with a prefix that is not yours to use.", _OURS
    if key.lower() == "name":
        return "tideform writes the tag Name itself, where a thing has no other name.", _OURS
    if not value:
        return "CloudTrail takes no tag without a value, and refuses it half-way through an apply.", "Give it a value."
    if not 1 <= len(key) <= 128 or len(value) > 256:
        return "A tag's key has 1 to 128 characters, its value at most 256.", _FIX
    if key != key.strip() or value != value.strip():
        return "It begins or ends with a space, which some services drop: it would differ at every plan.", _FIX
    strange = next((c for c in key + value if c not in _MARKS and unicodedata.category(c)[0] not in _KINDS), "")
    return (f"AWS takes no {strange!r} in tags.", _FIX) if strange else None
