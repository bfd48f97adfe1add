"""Blueprints: complete specs, with the code they run, that people start from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tideform.errors import RefusedError, TideformError
from tideform.paths import blueprints_dir
from tideform.spec.problems import problem
from tideform.spec.suggest import did_you_mean, one_of

SPEC = "tideform.yaml"
_LEFT_OUT = frozenset({".tideform", "__pycache__", "tideform.schema.json"})


@dataclass(frozen=True)
class Blueprint:
    """One blueprint and what its spec says about itself in its first comment."""

    name: str
    folder: Path

    @property
    def summary(self) -> str:
        text = (self.folder / SPEC).read_text(encoding="utf-8")
        comments = (line[2:] for line in text.splitlines() if line.startswith("# "))
        return next((line for line in comments if not line.startswith("yaml-language-server")), "")

    def files(self) -> Iterator[Path]:
        """Its files, relative to its folder."""
        for file in sorted(self.folder.rglob("*")):
            relative = file.relative_to(self.folder)
            if file.is_file() and not _LEFT_OUT.intersection(relative.parts):
                yield relative


def available() -> list[Blueprint]:
    """The blueprints that are shipped, by name."""
    return [Blueprint(spec.parent.name, spec.parent) for spec in sorted(blueprints_dir().glob(f"*/{SPEC}"))]


def start(folder: Path, blueprint: str, project: str | None = None) -> list[Path]:
    """Copy a blueprint into a folder, with the schema beside it, and return what was written.

    Raises `TideformError` for an unknown blueprint or an impossible name, and `RefusedError` where a file is in
    the way; nothing is written then.
    """
    chosen = _named(blueprint)
    texts = {file: (chosen.folder / file).read_bytes() for file in chosen.files()}
    if project is not None:
        texts[Path(SPEC)] = _renamed(texts[Path(SPEC)], project)
    texts[Path("tideform.schema.json")] = _schema()
    try:
        _refuse_to_overwrite(folder, list(texts))
        return [_written(folder / file, data) for file, data in texts.items()]
    except OSError as error:
        detail = f"{str(error.filename or folder)[:200]}: {error.strerror}."
        raise TideformError(problem("TD227", detail, fix="Name a folder you may write to.")) from None


def _named(name: str) -> Blueprint:
    known = {blueprint.name: blueprint for blueprint in available()}
    if name not in known:
        detail = f"{name!r} is not shipped; there is {one_of(known)}."
        fix = did_you_mean(name, known) or "`tideform init --list` tells what each is for."
        raise TideformError(problem("TD224", detail, fix=fix))
    return known[name]


def _renamed(spec: bytes, project: str) -> bytes:
    from tideform.spec.base import NAME_PATTERN

    if not re.fullmatch(NAME_PATTERN, project) or len(project) > 32:
        detail = f"{project!r} is no name: lower-case letters, digits and single hyphens, at most 32."
        raise TideformError(problem("TD104", detail, fix="Give another one with --name."))
    return re.sub(rb"(?m)^project: [a-z0-9-]+", f"project: {project}".encode(), spec, count=1)


def _schema() -> bytes:
    from tideform.spec.schema import json_schema

    return f"{json.dumps(json_schema(), indent=2)}\n".encode()


def _refuse_to_overwrite(folder: Path, files: list[Path]) -> None:
    there = [str(folder / file) for file in files if (folder / file).exists()]
    if there:
        detail = f"{', '.join(there)} would be overwritten."
        raise RefusedError(problem("TD225", detail, fix="Start in another folder: tideform init DIR"))


def _written(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as stream:  # x: a file that came meanwhile is not overwritten either
        stream.write(data)
    return file
