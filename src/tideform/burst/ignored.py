"""What git ignores in a folder: asked of git where it answers, read from the ignore files otherwise. Fails closed.

A repository is not trusted: no program that its configuration names runs, and git itself refuses one of another owner,
whose ignore files are then read here. https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import codecs
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tideform.errors import RefusedError, TideformError
from tideform.files import read_plain

if TYPE_CHECKING:
    import pathspec

RULES = ".gitignore"
_MOST = 1024 * 1024  # bytes of one ignore file
_PATIENCE = 120  # seconds for git; a repository on a slow disk may have a million files
# A repository's own configuration can name programs for these: https://git-scm.com/docs/git-config
_SAFE = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.untrackedCache=false")
_NOT_ASKED = ("dubious ownership", "not a git repository")


class Rules(Protocol):
    """Somebody who knows what is ignored."""

    def verdict(self, path: Path, *, folder: bool) -> bool | None:
        """True: ignored; False: wanted; None: nothing is said about it. Raises `RefusedError` TD175."""
        ...


class KeptByGit:
    """What git has or would take, below one folder: all else is ignored."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self._kept = {folder / name for name in names}
        self._on_the_way = {parent for path in self._kept for parent in path.parents}

    def verdict(self, path: Path, *, folder: bool) -> bool | None:
        """See `Rules`."""
        return not (path in self._kept or (folder and path in self._on_the_way))


class IgnoreFiles:
    """Ignore files of one name, from ``top`` down; ``above`` are files whose rules come before all of these."""

    def __init__(self, top: Path, name: str, above: tuple[Path, ...] = ()) -> None:
        self._top, self._name, self._above = top, name, above
        self._read: dict[Path, pathspec.GitIgnoreSpec | None] = {}

    def verdict(self, path: Path, *, folder: bool) -> bool | None:
        """See `Rules`: the deepest file that says something decides, and in it the last line."""
        for at in path.parents:
            if (said := self._said(at / self._name, path.relative_to(at), folder)) is not None:
                return said
            if at == self._top:
                break
        inside = path.relative_to(self._top)
        return next((said for file in self._above if (said := self._said(file, inside, folder)) is not None), None)

    def _said(self, file: Path, inside: Path, folder: bool) -> bool | None:
        if file not in self._read:
            self._read[file] = _spec(file)
        spec = self._read[file]
        return None if spec is None else spec.check_file(f"{inside.as_posix()}{'/' if folder else ''}").include


def repository_of(folder: Path) -> Path | None:
    """The top of the repository that a folder is in; None outside of any."""
    return next((at for at in (folder, *folder.parents) if (at / ".git").exists()), None)


def rules_of_git(folder: Path, top: Path) -> Rules:
    """What git ignores below ``folder``; ``top`` is where ignore files begin. Raises `RefusedError` TD175."""
    git = shutil.which("git")
    if git is not None and repository_of(folder) is not None:
        names = _listed(git, folder)
        if names is not None:
            return KeptByGit(folder, names)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return IgnoreFiles(top, RULES, (top / ".git" / "info" / "exclude", home / "git" / "ignore"))


def _listed(git: str, folder: Path) -> list[str] | None:
    """Names below the folder that git has or would take; None where git does not look into this repository."""
    command = [git, *_SAFE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            command, cwd=folder, env=_surroundings(), stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _cannot(folder, f"git did not answer: {error}") from error
    told = done.stderr.decode(errors="replace")
    if done.returncode and any(words in told for words in _NOT_ASKED):
        return None
    if done.returncode or "unable to access" in told:  # of an ignore file that it cannot read git only warns
        raise _cannot(folder, told.strip()[-500:])
    return [os.fsdecode(name.rstrip(b"/")) for name in done.stdout.split(b"\0") if name]


def _surroundings() -> dict[str, str]:
    """Without what points git at another repository, as within a hook of one; with the user's own configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept |= {name: os.environ[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM") if name in os.environ}
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def _spec(file: Path) -> pathspec.GitIgnoreSpec | None:
    """Rules are bytes to git, as names are: what is no UTF-8 stays what it is."""
    import pathspec

    data = _bytes_of(file)
    if data is None:
        return None
    lines = os.fsdecode(data.removeprefix(codecs.BOM_UTF8)).split("\n")
    try:
        return pathspec.GitIgnoreSpec.from_lines(line.removesuffix("\r") for line in lines)
    except ValueError as error:
        raise _cannot(file, str(error)) from error


def _bytes_of(file: Path) -> bytes | None:
    try:
        return read_plain(file, _MOST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _cannot(file, error.strerror or str(error)) from error


def _cannot(where: Path, why: str) -> TideformError:
    return RefusedError.of(
        "TD175",
        "It cannot be found out what git ignores",
        detail=f"{where}: {why}. What is ignored there might be sent.",
        fix="Make the ignore files readable, and see that `git status` works there.",
    )
