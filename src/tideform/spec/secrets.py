"""Secrets never stand in a spec: it is committed, shown in plans and copied into states."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tideform.diagnostics import Diagnostic
from tideform.spec.detected import Detected, detected
from tideform.spec.nodes import Node, Path, Span
from tideform.spec.source import Source
from tideform.spec.subject import Subject

# At the end of the name: TOKENIZERS_PARALLELISM and DB_PASSWORD_FILE hold no secret.
_SECRET_NAME = re.compile(
    r"(passw(or)?d|passphrase|(^|_)(secret|token|credentials?|(api|access|secret|private)_?key))$", re.IGNORECASE
)
# A tokenizer's special tokens are no credentials: `</s>`, `<|end|>`, `[PAD]`, and what is called as they are.
_MARKER = re.compile(r"<[^<>\s]{0,40}>|\[[^\[\]\s]{0,40}\]")
_VOCABULARY = re.compile(
    r"(?:.*_)?(?:bos|eos|pad|unk|sep|cls|mask|stop|start|end|begin|special|image|audio|tool|think)_token", re.IGNORECASE
)
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1"})
_REFERENCE = re.compile(r"secret:[A-Za-z0-9/_+=.@-]{1,512}")
_FIX = "Put it into AWS Secrets Manager and name it: secrets: {NAME: secret:ID}."


def secrets(subject: Subject) -> Iterator[Diagnostic]:
    """Values that look like secrets, variables named like one, and references that are none."""
    allowed = _allowed(subject.root)
    for path, value, _ in _texts(subject.root):
        if _is_secret(path, value, allowed):
            detail = "This looks like a secret. A spec is committed and copied into plans: others know it now."
            fix = f"Revoke it. {_FIX}\nIf it is no secret: not_secrets: ['{_first(value, allowed).fingerprint}']"
            yield subject.problem("TD150", path, detail, fix=fix)
        elif _is_no_reference(path, value):
            yield subject.problem(
                "TD151", path, "References such as secret:ID, and nothing else, stand in secrets:.", fix=_FIX
            )


def hide(source: Source, root: Node) -> Source:
    """The source with its secrets masked, so that no diagnostic can quote one."""
    lines, allowed = list(source.lines), _allowed(root)
    for path, value, (line, start, end) in _texts(root):
        if _is_secret(path, value, allowed) or _is_no_reference(path, value):
            text = lines[line - 1]
            lines[line - 1] = text[: start - 1] + "*" * (end - start) + text[end - 1 :]
    return replace(source, lines=lines)


def _texts(root: Node) -> Iterator[tuple[Path, str, Span]]:
    for path, node in root.scalars():
        if isinstance(node.value, str) and node.value:
            yield path, node.value, node.span


def _is_secret(path: Path, value: str, allowed: frozenset[str]) -> bool:
    if any(one.fingerprint not in allowed for one in detected(value)):
        return True
    named = _stands_in(path, "environment") and _SECRET_NAME.search(str(path[-1]))
    harmless = value.lower() in _SWITCHES or _MARKER.fullmatch(value) or _VOCABULARY.fullmatch(str(path[-1]))
    return bool(named and not harmless and not _is_reference(value) and _whole(value).fingerprint not in allowed)


def _first(value: str, allowed: frozenset[str]) -> Detected:
    """The part of a secret value that a fingerprint is given of: what a pattern knows, or all of it."""
    return next((one for one in detected(value) if one.fingerprint not in allowed), _whole(value))


def _whole(value: str) -> Detected:
    return Detected("a secret by its name", 0, value)


def _allowed(root: Node) -> frozenset[str]:
    node = root.child("not_secrets")
    return frozenset(str(one.value) for _, one in node.scalars()) if node else frozenset()


def _is_no_reference(path: Path, value: str) -> bool:
    """A value where a reference belongs, or a reference where values belong."""
    if _stands_in(path, "environment"):
        return _is_reference(value)
    return _stands_in(path, "secrets") and not _is_reference(value)


def _is_reference(value: str) -> bool:
    return _REFERENCE.fullmatch(value) is not None


def _stands_in(path: Path, section: str) -> bool:
    return len(path) > 1 and path[-2] == section
