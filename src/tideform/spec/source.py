"""The spec's file, read with care: whatever is given, it ends as text with line numbers or as a diagnostic."""

from __future__ import annotations

import codecs
import hashlib
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tideform.diagnostics import Diagnostic, Location
from tideform.errors import SpecError
from tideform.spec.nodes import Span
from tideform.spec.problems import problem

SPEC_NAME = "tideform.yaml"
_KEYS = tuple(re.compile(rf"""(?m)(?:^|[\s{{,"']){key}["']?\s*:""") for key in ("version", "project"))
MAX_BYTES = 1024 * 1024  # a spec of a thousand units is a tenth of this

# What YAML 1.2 (section 5.1) does not let stand in a file.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Source:
    """The text of a spec. ``name`` is the path as the user gave it; ``digest`` the SHA-256 of the bytes."""

    name: str
    text: str
    lines: Sequence[str]
    digest: str

    def location(self, span: Span) -> Location:
        """A span as a place that can be shown, with its line."""
        text = self.lines[span.line - 1] if span.line <= len(self.lines) else ""
        return Location(self.name, span.line, span.column, span.end, text)


def read(file: Path) -> Source:
    """Read a spec. Raises `SpecError` if it is missing, no file, unreadable, too large or not UTF-8 text."""
    return decode(_bytes_of(file), str(file))


@contextmanager
def quoting_specs_only(source: Source, file: Path) -> Iterator[None]:
    """Turn what is wrong with a file into one error that quotes nothing of it, unless it may be quoted.

    That is a file that looks like a spec, or lies below the current folder. Whoever can make somebody's program read
    another file, such as ``/etc/shadow``, would else see its lines in the errors. Raises `SpecError` TD187.
    """
    try:
        yield
    except SpecError:
        if file.name == SPEC_NAME or all(key.search(source.text) for key in _KEYS) or _lies_here(file):
            raise
        detail = f"{file} has no version: and project:, and lies outside of the current folder: none of it is shown."
        fix = "Name a spec, or go to the folder of the file to see what is wrong with it."
        raise SpecError(problem("TD187", detail, fix=fix)) from None


def _lies_here(file: Path) -> bool:
    try:
        return file.resolve().is_relative_to(Path.cwd())
    except (OSError, RuntimeError):
        return False


def decode(data: bytes, name: str) -> Source:
    """The text in some bytes. Raises `SpecError` if there is none."""
    if len(data) > MAX_BYTES:
        raise SpecError(_too_large(name))
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(_not_text(name, data, error.start)) from None
    if strange := UNPRINTABLE.search(text):
        raise SpecError(_not_text(name, data, len(text[: strange.start()].encode())))
    return Source(name, text, re.split("\r\n|\r|\n", text), hashlib.sha256(data).hexdigest())


def _bytes_of(file: Path) -> bytes:
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise SpecError(_not_a_file(file))
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(_missing(file)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SpecError(problem("TD003", f"{file}: {reason}.", fix="Check its path and rights.")) from None


def _missing(file: Path) -> Diagnostic:
    return problem(
        "TD001",
        f"{file} does not exist; without it there is nothing to build.",
        fix="Run this in the project's folder, name the file with --spec FILE, or start one: tideform init",
    )


def _not_a_file(file: Path) -> Diagnostic:
    kind = "a folder" if file.is_dir() else "a device or a pipe"
    fix = f"Name the file in it: --spec {file / 'tideform.yaml'}" if file.is_dir() else "Name a file."
    return problem("TD002", f"{file} is {kind}.", fix=fix)


def _too_large(name: str) -> Diagnostic:
    return problem(
        "TD004",
        f"{name} has more than {MAX_BYTES // 1024} KiB: it is hardly a project spec.",
        fix="Give the spec's own path; data belongs into a store.",
    )


def _not_text(name: str, data: bytes, offset: int) -> Diagnostic:
    line = data.count(b"\n", 0, offset) + 1
    column = offset - (data.rfind(b"\n", 0, offset) + 1) + 1
    return problem(
        "TD005",
        f"Byte {offset + 1} is {data[offset : offset + 1].hex()} (hexadecimal), which YAML does not allow here.",
        fix="Save the file as UTF-8 text without control characters.",
        location=Location(name, line, column),
    )
