"""Compliance frameworks as data: which requirement of which standard is answered by which control.

One YAML file a framework: its requirements with a title and a text of our own, a source and the ids of
controls. The mapping helps to prepare an audit; it is no statement that somebody complies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Requirement:
    """One requirement of a standard; ``text`` says in one line what it wants."""

    id: str
    title: str
    text: str
    source: str
    controls: tuple[str, ...]


@dataclass(frozen=True)
class Framework:
    """One standard."""

    id: str
    title: str
    source: str
    requirements: tuple[Requirement, ...]

    @property
    def controls(self) -> dict[str, tuple[str, ...]]:
        """The requirements, by id, that each control answers to."""
        named = {control for r in self.requirements for control in r.controls}
        return {c: tuple(r.id for r in self.requirements if c in r.controls) for c in sorted(named)}


def known_frameworks() -> frozenset[str]:
    """The names that ``compliance.frameworks`` may hold; reads file names only."""
    return frozenset(file.stem for file in _FOLDER.glob("*.yaml"))


@cache
def framework(name: str) -> Framework:
    """One framework. Raises `KeyError` for an unknown one."""
    if name not in known_frameworks():
        raise KeyError(name)
    data = _read(_FOLDER / f"{name}.yaml")
    requirements = tuple(_requirement(item) for item in data["requirements"])
    return Framework(name, data["title"], data["source"], requirements)


def requirements(name: str) -> tuple[Requirement, ...]:
    """What a framework asks for. Raises `KeyError` for an unknown one."""
    return framework(name).requirements


def _requirement(item: Mapping[str, Any]) -> Requirement:
    return Requirement(str(item["id"]), item["title"], item["text"].strip(), item["source"], tuple(item["controls"]))


def _read(file: Path) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
