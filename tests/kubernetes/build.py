"""Building the control plane from Go modules into the user's cache: once, and about fifteen minutes on two cores.

``python -m tests.kubernetes.build [PART…]``. What is being made lies in a folder of its own until it is whole, and
only then is it renamed into place; a build that was stopped goes on from Go's own cache.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

from ruamel.yaml import YAML

from tests.kubernetes import versions
from tests.kubernetes.versions import Part
from tideform.engine.acquire import child
from tideform.engine.acquire.find import UnusableError
from tideform.engine.acquire.toolchain import Toolchain, go_on_path, toolchain
from tideform.flock import exclusive

Progress = Callable[[str], None]
_SECONDS = 3600.0
_GENTLY = ["nice", "-n", "10"]


def ensure(parts: Sequence[Part], progress: Progress) -> None:
    """Build what is not in the cache yet, one process at a time; raises `UnusableError` with the reason and the log."""
    _in_place(versions.manifests_folder(), "manifests", progress, _collect)
    for part in parts:
        _in_place(part.folder, part.name, progress, partial(_build, part))


class _Go:
    """A Go to call in a module's folder, with what it says going to a log."""

    def __init__(self, chosen: Toolchain, log: IO[str]) -> None:
        self._go, self._log = chosen, log

    def run(self, arguments: Sequence[str], cwd: Path, on_line: Callable[[str], None] = lambda _: None) -> list[str]:
        """The lines that ``go`` printed."""
        command = [*_GENTLY, str(self._go.go), *arguments]
        return child.run(command, seconds=_SECONDS, log=self._log, on_line=on_line, cwd=cwd, env=self._go.env)

    def module(self, path: str, cwd: Path) -> Path:
        """The folder of a module's source, fetched first."""
        self.run(["mod", "download", path], cwd)
        return Path(self.run(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", path], cwd)[-1])


def _in_place(target: Path, name: str, progress: Progress, make: Callable[[_Go, Path, Progress], None]) -> None:
    if target.is_dir():
        return
    root = target.parent
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch, started = root / f"go-{name}", time.monotonic()
    with exclusive(root / f"{name}.lock", on_wait=lambda _: progress(f"{name}: waiting for who builds it")):
        if target.is_dir():
            return
        with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as made:
            folder = Path(made) / name
            folder.mkdir()
            scratch.mkdir(exist_ok=True)
            _logged(root / f"{name}.log", scratch, progress, lambda go: make(go, folder, progress))
            folder.rename(target)
        shutil.rmtree(scratch)  # kept after a failure or a kill: the next try goes on there
    progress(f"{name}: ready after {time.monotonic() - started:.0f} s in {target}")


def _logged(log_file: Path, scratch: Path, progress: Progress, make: Callable[[_Go], None]) -> None:
    with log_file.open("w", encoding="utf-8") as log:
        try:
            chosen = toolchain(scratch, log, progress)
            # Some 8 GB that nobody needs again: not in the user's own cache, and gone with the scratch folder.
            own = {**chosen.env, "GOCACHE": str((scratch / "gocache").absolute())}
            make(_Go(replace(chosen, env=own), log))
        except UnusableError as error:
            raise UnusableError(f"{log_file.stem} could not be built: {error} (log: {log_file})") from error


def _build(part: Part, go: _Go, folder: Path, progress: Progress) -> None:
    source = folder.parent / "source" / part.name
    shutil.copytree(part.source, source)
    for patch in part.patched:
        text = (go.module(patch.module, source) / patch.file).read_text(encoding="utf-8")
        if text.count(patch.old) != 1:
            raise UnusableError(f"{patch.module}: {patch.file} no longer holds {patch.old}")
        (source / patch.into).parent.mkdir(exist_ok=True)
        (source / patch.into).write_text(text.replace(patch.old, patch.new), encoding="utf-8")
    fetched = built = 0

    def fetching(line: str) -> None:
        nonlocal fetched
        fetched += line.startswith("go: downloading")
        progress(f"fetching the modules of {part.name}: {fetched} so far")

    def building(_: str) -> None:
        nonlocal built
        built += 1
        progress(f"building {part.name}: {min(built, total)} of {total} packages")

    flags = ["-mod=readonly", "-modcacherw"]
    listed = go.run(["list", *flags, "-deps", *part.packages], source, fetching)
    total = sum(not line.startswith("go: ") for line in listed)
    linker = " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in part.stamps)])
    options = ["-p", "2", "-trimpath", "-buildvcs=false", *flags, "-v", "-ldflags", linker, "-o", f"{folder}/"]
    go.run(["build", *options, *part.packages], source, building)
    missing = [program for program in part.programs if not (folder / program).is_file()]
    if missing:
        raise UnusableError(f"the build made no {', '.join(missing)}")


def _collect(go: _Go, folder: Path, progress: Progress) -> None:
    progress("fetching the custom resources")
    for kind, rows in (("crds", versions.CUSTOM_RESOURCES), ("webhooks", versions.WEBHOOKS)):
        for part, module, pattern in rows:
            files = sorted(go.module(module, part.source).glob(pattern))
            if not files:
                raise UnusableError(f"{module} has no {pattern}")
            into = folder / kind / module.removesuffix("/v2").rpartition("/")[2]
            into.mkdir(parents=True, exist_ok=True)
            for file in files:
                objects = [each for each in YAML(typ="safe").load_all(file) if each]
                (into / f"{file.stem}.json").write_text(json.dumps(objects), encoding="utf-8")  # YAML takes seconds


def show(line: str) -> None:
    """Print a line of progress; lines that count overwrite each other on a terminal and are left out elsewhere."""
    counts = " so far" in line or " packages" in line
    if not counts:
        print(line, flush=True)
    elif sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)


def main() -> int:
    """Build the named parts, or all; or say whether the Go on PATH could, or has."""
    names = {part.name: part for part in versions.PARTS}
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("part", nargs="*", choices=[*names, []])
    parser.add_argument("--possible", action="store_true", help="end with 0 where the tests can run, else say why not")
    chosen = parser.parse_args()
    if chosen.possible:
        return _possible()
    try:
        ensure([names[name] for name in chosen.part] or versions.PARTS, show)
    except UnusableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _possible() -> int:
    if all(folder.is_dir() for folder in (versions.manifests_folder(), *(part.folder for part in versions.PARTS))):
        return 0
    found, why_not = go_on_path()
    needed = ".".join(map(str, versions.OLDEST_GO))
    if found is not None and tuple(map(int, found.version.split("."))) < versions.OLDEST_GO:
        why_not = f"{found.go} is {found.version}, {needed} or newer is needed"
    if why_not:
        print(f"The tests with a real Kubernetes control plane are left out: {why_not}.")
    return 1 if why_not else 0


if __name__ == "__main__":
    sys.exit(main())
