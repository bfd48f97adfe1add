"""Files of the code that look like secrets by their names, and secrets in what they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from tideform.burst.code_files import IGNORE, NAMED
from tideform.diagnostics import Diagnostic, Severity
from tideform.spec.detected import detected

_SECRET = (
    ".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", ".aws/", ".ssh/", "*.pem", "*.key", "*.p12",
    "*.pfx", "id_rsa", "id_ed25519", ".netrc", ".pgpass", ".pypirc", ".npmrc", "credentials.json", "*.tfstate",
)  # fmt: skip
_BINARY = 8192  # bytes at a file's beginning in which text has no NUL
_SUMMARY = "The code holds what looks like a secret"


def secrets_in(contents: Mapping[str, bytes], folder: Path | None, allowed: Collection[str]) -> Iterator[Diagnostic]:
    """TD672 for each secret in files by their names; ``allowed`` are fingerprints."""
    yield from _by_name(contents, folder)
    yield from _by_content(contents, allowed)


def _by_name(names: Collection[str], folder: Path | None) -> Iterator[Diagnostic]:
    import pathspec

    secret = pathspec.GitIgnoreSpec.from_lines(_SECRET)
    wanted = _wanted(folder)
    found = [name for name in names if secret.match_file(name) and name not in wanted]
    if found:
        yield Diagnostic(
            "TD672",
            Severity.ERROR,
            _SUMMARY,
            f"{some(found)} would be sent to the bucket of bursts. Jobs get secrets from `job.secrets`.",
            f"Name them in {IGNORE}, or with a ! before them if they are no secrets.",
        )


def _wanted(folder: Path | None) -> frozenset[str]:
    """What the folder's own ignore file names one by one as to be sent."""
    file = folder / IGNORE if folder is not None else None
    if file is None or not file.is_file():
        return frozenset()
    lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return frozenset(line.strip()[1:].removeprefix("/") for line in lines if line.startswith("!"))


def _by_content(contents: Mapping[str, bytes], allowed: Collection[str]) -> Iterator[Diagnostic]:
    for name, data in contents.items():
        text = _text(data)
        for one in detected(text):
            if one.fingerprint in allowed:
                continue
            line = text.count("\n", 0, one.start) + 1
            yield Diagnostic(
                "TD672",
                Severity.ERROR,
                _SUMMARY,
                f"{shown(name)}, line {line}: {one.kind}. It would be sent to the bucket of bursts. Jobs get secrets "
                "from `job.secrets`.",
                f"Take it out and revoke it, or name the file in {IGNORE}. If it is no secret, write into the spec: "
                f"not_secrets: [{one.fingerprint}]",
            )


def _text(data: bytes) -> str:
    """What a file says; nothing where it is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return "" if b"\0" in data[:_BINARY] else data.decode("utf-8", errors="replace")


def some(names: Collection[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(shown(name) for name in list(names)[:NAMED]) + more


def shown(name: str) -> str:
    """A file's name as it can be printed, whatever bytes it has."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
