"""From what a user wants run to what a backend runs: code sent, checkpoints placed, the command wrapped."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tideform.burst.bootstrap import HELPER, started
from tideform.burst.code import pack
from tideform.burst.halt import Say
from tideform.burst.places import Places, new_run
from tideform.burst.runner import Work
from tideform.burst.sweep import with_sweep
from tideform.registry.training import backends, features
from tideform.spec.training import Pool
from tideform.words import counted

# Python is isolated: neither the job's folder nor its PYTHONPATH is looked at for what the wrapper imports, and the job
# gets its environment as it was. The zip's own __main__ appends that path, as boto3 may be there.
WRAP = ("sh", "-c", f'exec python3 -I "$TIDEFORM_CODE_DIR/{HELPER}" -- "$@"', "tideform")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip file can hold
_SPREAD = b'__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n'


@dataclass(frozen=True)
class Wanted:
    """What is asked for. No ``command``: the pool's own job; ``code`` is a folder here.

    ``resume`` names an earlier run whose checkpoints this one goes on with (``last``: the newest).
    """

    command: tuple[str, ...] = ()
    code: Path | None = None
    image: str | None = None
    nodes: int = 1
    resume: str | None = None


def prepare(places: Places, name: str, pool: Pool, wanted: Wanted, say: Say) -> Work:
    """Send what has to be sent, and return the work. Raises what `pack`, `Places` and the backend raise."""
    command = wanted.command or pool.job.command
    backends()[pool.backend].check_command(command)
    shown = " ".join(command)
    if wanted.code is None and pool.checkpoint is None:
        return with_sweep(Work(wanted.command, image=wanted.image, nodes=wanted.nodes, label=shown), pool)
    spec = places.deployment
    archive = pack(wanted.code, {HELPER: helper()}, project=spec.spec_file.parent, allowed=spec.spec.not_secrets)
    uri = places.send(archive)
    for line in archive.left:
        say(f"Not sent, {line}.")
    if wanted.code is not None:
        size = f"{len(archive.data) / 1024:.0f} KiB"
        files = counted(len(archive.files), "file")
        say(f"Sent {files} of {wanted.code} ({size}, {archive.digest[:12]}).")
    variables, checkpoints = _checkpoints(places, name, pool, wanted, say)
    if checkpoints:
        command = wrapped(pool, command)
    words, needed = started(command, uri, archive.digest, stay=wanted.code is None)
    work = Work(
        words,
        environment={**needed, **variables},
        image=wanted.image,
        nodes=wanted.nodes,
        label=shown,
        code=archive.digest if wanted.code is not None else "",
        checkpoint_uri=checkpoints,
    )
    return with_sweep(work, pool)


def wrapped(pool: Pool, command: tuple[str, ...]) -> tuple[str, ...]:
    """A command that saves its work as it goes; as it is, where the backend's service sees to that."""
    return command if features(pool.backend).mirrors_checkpoints else (*WRAP, *command)


def _checkpoints(places: Places, name: str, pool: Pool, wanted: Wanted, say: Say) -> tuple[dict[str, str], str]:
    """The variables of the contract and the address; none where the pool saves nothing."""
    if pool.checkpoint is None:
        return {}, ""
    run = new_run() if wanted.resume is None else places.earlier(name, wanted.resume)
    uri = places.checkpoints(name, run)
    say(f"Going on with the run {run}." if wanted.resume else f"This run is {run}: `--resume {run}` goes on with it.")
    every = str(pool.checkpoint.every.seconds)
    variables = {f"TIDEFORM_CHECKPOINT_{name}": uri for name in ("URI", "RUN_URI")}
    return {**variables, "TIDEFORM_CHECKPOINT_SECONDS": every}, uri


def helper() -> bytes:
    """``tideform.checkpoint`` as one file that Python imports from; another tideform beside it keeps its modules."""
    from tideform import checkpoint

    folder = Path(next(iter(checkpoint.__path__)))
    files = {"tideform/__init__.py": _SPREAD}
    files |= {f"tideform/checkpoint/{path.name}": path.read_bytes() for path in folder.glob("*.py")}
    files["__main__.py"] = (folder / "isolated.py").read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name])
    return made.getvalue()
