"""Programs that are killed at any moment, and the look at what they leave."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tideform.checkpoint.folder import Checkpoint, Folder

FILES = 6
BYTES = 20_000
SAVE = f"""
import sys
from pathlib import Path
from tideform.checkpoint import Checkpoints
checkpoints = Checkpoints(sys.argv[1], keep=2)
def write(path, step):
    path.mkdir()
    for number in range({FILES}):
        (path / str(number)).write_bytes(str(step).encode().ljust(16) * {BYTES // 16})
"""
FOREVER = """
step = checkpoints.latest().step if checkpoints.latest() else 0
while True:
    step += 1
    checkpoints.save(step, lambda path: write(path, step))
    print(step, flush=True)
"""
FOREVER_MIRRORED = """
import boto3
from tideform.checkpoint.mirror import Mirror
mirror = Mirror(boto3.client("s3"), sys.argv[2], checkpoints.path)
mirror.pull()
step = checkpoints.latest().step if checkpoints.latest() else 0
while True:
    step += 1
    checkpoints.save(step, lambda path: write(path, step))
    mirror.push()
    print(step, flush=True)
"""


def killed_soon(program: str, *words: str, chance: random.Random, environ: Mapping[str, str] | None = None) -> int:
    """Run a program until it has told a first step, kill it a random moment later; the last step that it told."""
    command = [sys.executable, "-c", program, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.05))  # the moment of the kill: nothing waits for it
        process.kill()
        told = [first, *process.stdout]
    return max(int(line) for line in told if line.endswith("\n"))


def whole(folder: Path) -> Checkpoint:
    """The latest checkpoint, after a look into every file of it."""
    found = Folder(folder).latest()
    assert found is not None
    expected = str(found.step).encode().ljust(16) * (BYTES // 16)
    assert [(found.path / str(number)).read_bytes() == expected for number in range(FILES)] == [True] * FILES
    return found
