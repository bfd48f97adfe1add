"""All tests, as CI runs them: the parts side by side where they mostly wait, and where the time went at the end.

Each part is a command of its own that ``make`` has as well, or that a developer runs by hand. The first that fails
fails the whole; what runs beside it is let come to its end, so that its verdict is told, too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")


@dataclass(frozen=True)
class Part:
    """One command; ``name`` stands in the list of times."""

    name: str
    command: tuple[str, ...]


RUFF = Part("ruff", (str(BIN / "ruff"), "check", "."))
FORMAT = Part("ruff format", (str(BIN / "ruff"), "format", "--check", "."))
MYPY = Part("mypy", (str(BIN / "mypy"), "src", "stacks", "tests"))
PYTEST = Part(
    "pytest",
    (
        *(str(BIN / "pytest"), "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"),
        *("-m", "not bench and not kubernetes", "--durations=15"),
    ),
)
DEAD_MAN = Part(
    "dead-man cells",
    (
        *(PYTHON, "-u", "-m", "tests.faults.dead_man", "--sample", "1", "--mishaps", "6"),
        *("--backend", "batch", "--backend", "ec2", "--backend", "sagemaker"),
    ),
)
BUILD = (PYTHON, "-m", "tests.kubernetes.build")
KUBERNETES = Part("kubernetes", ("make", "--no-print-directory", "-C", str(ROOT), "test-kubernetes"))


class Running:
    """A part that was started; what runs beside the first of its stage writes to a file, told when it is over."""

    def __init__(self, part: Part, output: IO[bytes] | None) -> None:
        self.part, self._output, self._began = part, output, time.monotonic()
        self._process = subprocess.Popen(part.command, cwd=ROOT, stdout=output, stderr=output)

    def wait(self) -> tuple[str, float, int]:
        """Its name, the seconds it took and its exit code."""
        code = self._process.wait()
        return self.part.name, time.monotonic() - self._began, code

    def tell(self) -> None:
        """Print what it has written to its file."""
        if self._output is not None:
            self._output.seek(0)
            print(f"\n== {self.part.name}", flush=True)
            sys.stdout.buffer.write(self._output.read())
            sys.stdout.flush()

    def kill(self) -> None:
        """End it; harmless where it has ended."""
        self._process.kill()


def run(stage: Sequence[Part]) -> list[tuple[str, float, int]]:
    """Run the parts of one stage side by side, the first with its output as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        running = [Running(stage[0], None)]
        try:
            running += [Running(part, (Path(folder) / part.name).open("w+b")) for part in stage[1:]]
            with ThreadPoolExecutor(
                len(running)
            ) as threads:  # each is waited for by itself, so that its time is its own
                times = list(threads.map(Running.wait, running))
            for one in running:
                one.tell()
            return times
        except KeyboardInterrupt:
            for one in running:
                one.kill()
            raise


def stages() -> Iterator[tuple[Part, ...]]:
    """Each after the one before has passed."""
    yield RUFF, FORMAT
    yield PYTEST, MYPY
    yield (KUBERNETES, DEAD_MAN) if _control_plane() else (DEAD_MAN,)


def _control_plane() -> bool:
    """Whether there is one, after building it where that can be done: what cannot be had fails nothing, and is told."""
    if subprocess.run([*BUILD, "--possible"], cwd=ROOT, check=False).returncode:
        return False
    if subprocess.run(BUILD, cwd=ROOT, check=False).returncode == 0:
        return True
    print("The Kubernetes control plane could not be built here: its tests were NOT run.", flush=True)
    return False


def main() -> int:
    """The exit code: 1 where a part failed."""
    times: list[tuple[str, float, int]] = []
    for stage in stages():
        times += run(stage)
        if any(code for _, _, code in times):
            break
    print("\nWhere the time went, some of it side by side:")
    for name, seconds, code in times:
        print(f"  {name:16}{seconds / 60:5.1f} min{'  FAILED' if code else ''}")
    return int(any(code for _, _, code in times))


if __name__ == "__main__":
    sys.exit(main())
