"""Secrets never stand in a spec: it is committed, shown in plans and copied into states."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Node, Path, Span
from tideform.spec.source import Source
from tideform.spec.subject import Subject

# What keys of well-known services look like; their prefixes are public so that scanners can find them.
_KEYS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bhf_[A-Za-z0-9]{30,}"
    r"|\w://[^/\s:@]+:[^/\s:@]+@"
)
# At the end of the name: TOKENIZERS_PARALLELISM and DB_PASSWORD_FILE hold no secret.
_SECRET_NAME = re.compile(
    r"(passw(or)?d|passphrase|(^|_)(secret|token|credentials?|(api|access|secret|private)_?key))$", re.IGNORECASE
)
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1"})
_REFERENCE = re.compile(r"secret:[A-Za-z0-9/_+=.@-]{1,512}")
_FIX = "Put it into AWS Secrets Manager and name it: secrets: {NAME: secret:ID}."


def secrets(subject: Subject) -> Iterator[Diagnostic]:
    """Values that look like secrets, variables named like one, and references that are none."""
    for path, value, _ in _texts(subject.root):
        if _is_secret(path, value):
            detail = "This looks like a secret. A spec is committed and copied into plans: others know it now."
            yield subject.problem("TD150", path, detail, fix=f"Revoke it. {_FIX}")
        elif _is_no_reference(path, value):
            yield subject.problem(
                "TD151", path, "References such as secret:ID, and nothing else, stand in secrets:.", fix=_FIX
            )


def hide(source: Source, root: Node) -> Source:
    """The source with its secrets masked, so that no diagnostic can quote one."""
    lines = list(source.lines)
    for path, value, (line, start, end) in _texts(root):
        if _is_secret(path, value) or _is_no_reference(path, value):
            text = lines[line - 1]
            lines[line - 1] = text[: start - 1] + "*" * (end - start) + text[end - 1 :]
    return replace(source, lines=lines)


def _texts(root: Node) -> Iterator[tuple[Path, str, Span]]:
    for path, node in root.scalars():
        if isinstance(node.value, str) and node.value:
            yield path, node.value, node.span


def _is_secret(path: Path, value: str) -> bool:
    named = _stands_in(path, "environment") and _SECRET_NAME.search(str(path[-1]))
    return bool(_KEYS.search(value) or (named and value.lower() not in _SWITCHES and not _is_reference(value)))


def _is_no_reference(path: Path, value: str) -> bool:
    """A value where a reference belongs, or a reference where values belong."""
    if _stands_in(path, "environment"):
        return _is_reference(value)
    return _stands_in(path, "secrets") and not _is_reference(value)


def _is_reference(value: str) -> bool:
    return _REFERENCE.fullmatch(value) is not None


def _stands_in(path: Path, section: str) -> bool:
    return len(path) > 1 and path[-2] == section
