"""Kill tideform at random moments and hold it to its word: ``python -m tests.faults.random_kills --seed 7 --rounds 3``.

A round applies a spec of every layer and destroys it again, and is killed on the way, several times over: the command
alone, with its engines, with everything it started, or asked to stop. After each kill the same command is run
again, and killed again with some luck, also in the middle of its recovery. In the end the account must hold
exactly what an undisturbed apply makes, and after the destroy nothing; a thing of our name that is not ours must stay.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.workspaces import Running, Workspace, opened, until
from tests.faults.account import everything
from tideform.state.processes import VARIABLE

SPEC = """\
version: 1
project: faults
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
network: {private: true}
budget: {monthly: 500 USD}
storage:
  images: {kind: dataset, versioning: true, retention: 1y, classification: restricted}
  models: {kind: models}
training:
  fit:
    backend: batch
    accelerator: {name: A10G, count: 1..4}
    between_bursts: keep
    lease: 2h
    max_cost: 20 USD
    job: {image: trainer, command: [python, train.py], inputs: [images], outputs: [models]}
serving:
  score:
    backend: sagemaker
    model: {from: models, version: "1"}
    instance_type: ml.m5.large
    scale: {min: 1, max: 2, target_invocations: 100}
monitoring:
  notify: [{email: oncall@example.com}]
compliance:
  frameworks: [pci-dss]
"""
MOST_KILLS = 4
Kill = Callable[[Running, Workspace, random.Random], None]


def the_command(running: Running, workspace: Workspace, chance: random.Random) -> None:
    """``kill -9`` of the command: its engines find themselves alone."""
    running.signal(signal.SIGKILL)


def the_tree(running: Running, workspace: Workspace, chance: random.Random) -> None:
    """``kill -9`` of the command and of every process that carries its mark, the engines before their providers."""
    running.signal(signal.SIGKILL)
    for pid in sorted(marked(workspace.root), key=_is_provider):
        _kill(pid)


def the_group(running: Running, workspace: Workspace, chance: random.Random) -> None:
    """``kill -9`` of the process group, as a CI runner does it."""
    running.signal(signal.SIGKILL, group=True)


def politely(running: Running, workspace: Workspace, chance: random.Random) -> None:
    """SIGTERM or SIGINT; the command ends by itself, and says that it was interrupted.

    The signal itself ends it only in the moments before and after its work, when the interpreter starts and goes.
    """
    number = chance.choice([signal.SIGTERM, signal.SIGINT])
    running.signal(number)
    code = running.ended()
    assert code in (0, 130) or (code == -number and not running.stderr), f"exit code {code}: {running.stderr}"


KILLS: tuple[Kill, ...] = (the_command, the_tree, the_group, politely)


def marked(root: Path) -> set[int]:
    """Processes that a run of this workspace started: they carry a run's mark and the workspace's paths."""
    mark, place = f"{VARIABLE}=".encode(), str(root).encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ, command = ((folder / name).read_bytes() for name in ("environ", "cmdline"))
        except OSError:  # it has ended, or is not ours
            continue
        if mark in environ and (place in environ or place in command):  # a job's script may have such a variable, too
            found.add(int(folder.name))
    return found - {os.getpid()}


@dataclass
class Round:
    """One life of an environment, disturbed."""

    workspace: Workspace
    chance: random.Random
    seconds: dict[str, float]  # how long each command takes undisturbed
    story: list[str] = field(default_factory=list)

    def disturbed(self, *command: str) -> None:
        """Run a command to its good end, after killing it a few times."""
        for _ in range(self.chance.randint(1, MOST_KILLS)):
            moment = self.chance.uniform(0, self.seconds[command[0]])
            kill = self.chance.choice(KILLS)
            running = self.workspace.start(*command)
            if self._ended_within(running, moment):
                break
            self.story.append(f"{command[0]} killed after {moment:.1f} s: {kill.__name__}")
            kill(running, self.workspace, self.chance)
            running.process.wait()
        done = self.workspace.run(*command)
        assert done.returncode == 0, "\n".join([*self.story, done.stdout[-3000:], done.stderr])
        self.story += [line for line in done.stderr.splitlines() if "recovered" in line]
        until(lambda: not marked(self.workspace.root), "no process of a run survives")

    @staticmethod
    def _ended_within(running: Running, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while running.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)  # the random moment is what is tested; nothing waits for it
        return running.process.poll() is not None


APPLY, DESTROY = ("apply", "--yes"), ("destroy", "--yes")


def undisturbed(workspace: Workspace) -> tuple[Counter[str], Counter[str], dict[str, float]]:
    """What the account holds before anything and after an apply, and how long the commands take."""
    empty, seconds = everything(workspace.cloud), {}
    for command in (APPLY, DESTROY):
        began = time.monotonic()
        done = workspace.run(*command)
        assert done.returncode == 0, done.stderr
        seconds[command[0]] = time.monotonic() - began
        if command is APPLY:
            full = everything(workspace.cloud)
    assert everything(workspace.cloud) == empty, everything(workspace.cloud) - empty
    return empty, full, seconds


def one_round(
    workspace: Workspace, seed: int, empty: Counter[str], full: Counter[str], seconds: dict[str, float]
) -> list[str]:
    """Live through one disturbed round; returns what happened. Raises AssertionError with the story."""
    life = Round(workspace, random.Random(seed), seconds, [f"seed {seed}"])
    life.disturbed(*APPLY)
    _same(everything(workspace.cloud), full, life.story)
    unchanged = workspace.run("plan", "--detailed-exitcode", "--refresh")
    assert unchanged.returncode == 0, "\n".join([*life.story, unchanged.stdout[-3000:], unchanged.stderr])
    life.disturbed(*DESTROY)
    _same(everything(workspace.cloud), empty, life.story)
    return life.story


def _same(found: Counter[str], wanted: Counter[str], story: list[str]) -> None:
    more, less = found - wanted, wanted - found
    assert not more, "\n".join([*story, f"made twice or left behind: {dict(more)}"])
    assert not less, "\n".join([*story, f"missing: {dict(less)}"])


def _is_provider(pid: int) -> bool:
    try:
        return b"tideform_sandbox.providers.aws" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def main() -> None:
    """Rounds with seeds in a row; prints each story."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tideform-kills-") as root, opened(Path(root), SPEC) as workspace:
        empty, full, seconds = undisturbed(workspace)
        print({name: round(value, 1) for name, value in seconds.items()}, f"{full.total() - empty.total()} things")
        for seed in range(asked.seed, asked.seed + asked.rounds):
            print("\n  ".join(one_round(workspace, seed, empty, full, seconds)), flush=True)


if __name__ == "__main__":
    main()
