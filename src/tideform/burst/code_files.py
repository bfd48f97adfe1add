"""Which files of a folder go with a job, and which ones nobody would have expected to stay here.

What git ignores stays, and what ``.tideformignore`` names (same words as ``.gitignore``); what is named there with a
``!`` goes although git ignores it, a folder with all that is in it. Links that stay inside go as what they lead to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from tideform.burst.ignored import IgnoreFiles, Rules, repository_of, rules_of_git
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError

IGNORE = ".tideformignore"
NAMED = 5  # files in a message
MOST_FILES = 50_000
_NEVER = (".git", ".tideform")
_HARDLY = ("__pycache__", ".venv", "venv", ".mypy_cache", ".pytest_cache")  # unless IGNORE wants them


@dataclass
class Found:
    """Files by their names in the archive, what stays here by why it does, and folders that cannot be read (TD176)."""

    files: dict[str, Path] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def leave(self, why: str, name: str) -> None:
        """Note what stays here."""
        self.left.setdefault(why, []).append(name)


@dataclass(frozen=True)
class _Place:
    """A folder on the walk: its name in the archive, where it is, the folders that lead to it, and who judges."""

    name: str
    at: Path
    way: tuple[Path, ...]
    git: Rules


def files_of(folder: Path, project: Path | None = None) -> Found:
    """The files that go. Ignore files count from the repository's top on down, or else from ``project``'s.

    Raises `RefusedError` TD175 where it cannot be told what is ignored, TD671 where there are more than `MOST_FILES`.
    """
    root = folder.resolve()
    around = project.resolve() if project is not None else root
    top = repository_of(root) or (around if root.is_relative_to(around) else root)
    found = Found()
    start = _Place("", root, (root,), rules_of_git(root, top))
    _Walk(start, IgnoreFiles(top, IGNORE), found).into(start)
    found.files = dict(sorted(found.files.items()))
    return found


@dataclass(frozen=True)
class _Walk:
    start: _Place
    ours: IgnoreFiles
    found: Found

    def into(self, place: _Place) -> None:
        for entry in self._entries(place.at):
            name = f"{place.name}/{entry.name}" if place.name else entry.name
            if entry.name in _NEVER:
                continue
            if entry.is_symlink():
                self._link(place, name, Path(entry.path))
            elif entry.is_dir():
                self._folder(place, name, Path(entry.path))
            elif not self._ignored(place, Path(entry.path), folder=False):
                self._file(name, Path(entry.path), plain=entry.is_file())

    def _entries(self, at: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(at) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.found.problems.append(unreadable(at, error))
            return []

    def _folder(self, place: _Place, name: str, at: Path) -> None:
        said = self.ours.verdict(at, folder=True)
        if said or (said is None and (place.git.verdict(at, folder=True) or at.name in _HARDLY)):
            return
        below = replace(place, name=name, at=at, way=(*place.way, at))
        if (at / ".git").exists():  # a repository in the repository, of which git tells nothing more
            below = replace(below, git=rules_of_git(at, at))
        self.into(below)

    def _link(self, place: _Place, name: str, link: Path) -> None:
        if self._ignored(place, link, folder=False):
            return
        try:
            end = link.resolve(strict=True)
        except (OSError, RuntimeError):
            self.found.leave("links that lead nowhere", name)
            return
        if not end.is_relative_to(self.start.at):
            self.found.leave("links that leave the folder", name)
        elif end in place.way:
            self.found.leave("links to a folder that they are in", name)
        elif self._stays(end):
            self.found.leave("links to what is ignored", name)
        elif end.is_dir():
            self.into(replace(place, name=name, at=end, way=(*place.way, end)))
        else:
            self._file(name, end, plain=end.is_file())

    def _stays(self, end: Path) -> bool:
        """Whether what a link leads to is ignored, or lies in a folder that is."""
        steps = [at for at in (end, *end.parents) if at != self.start.at and at.is_relative_to(self.start.at)]
        return any(at.name in _NEVER or self._ignored(self.start, at, folder=at.is_dir()) for at in steps)

    def _ignored(self, place: _Place, path: Path, *, folder: bool) -> bool:
        said = self.ours.verdict(path, folder=folder)
        if said is None:
            return bool(place.git.verdict(path, folder=folder)) or path.name in _HARDLY or path.suffix == ".pyc"
        return said

    def _file(self, name: str, path: Path, *, plain: bool) -> None:
        if not plain:
            self.found.leave("pipes, sockets and devices", name)
            return
        self.found.files[name] = path
        if len(self.found.files) > MOST_FILES:
            raise RefusedError.of(
                "TD671",
                "The code is too large to send",
                detail=f"There are more than {MOST_FILES:,} files, {name} among them.",
                fix=f"Name the folder of the code alone, and in {IGNORE} what the job does not need.",
            )


def unreadable(path: Path, error: OSError) -> Diagnostic:
    """What to say of a part of the code that cannot be read."""
    return Diagnostic(
        "TD176",
        Severity.ERROR,
        "A part of the code cannot be read",
        detail=f"{path}: {error.strerror or error}. The job would run without it.",
        fix=f"Give yourself the right to read it, or name it in {IGNORE}.",
    )
