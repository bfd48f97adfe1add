"""The backends under test: a pool of each, and the brakes that may end it when the command line is dead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.workspaces import Workspace, applied
from tests.faults.dead_man import eks
from tests.faults.dead_man.brakes import JOB_TIME_OUT, MAXIMUM_RUN_TIME, REAPER, SCHEDULED_ACTION, Brake
from tests.faults.dead_man.cluster_brakes import EXPIRES, JOB_DEADLINE, NODE_EXPIRY, undrained

POOL, BESIDE = "deadman", "beside"
_ON_THE_COMMAND = (
    "frozen and killed",
    "frozen and woken",
    "frozen in its teardown, and overtaken",
    "its pipe closed",
    "its terminal closed",
)
_BROKEN_BRAKE, _BROKEN_ITEM = "a part of the brake broken", "the pool's item broken"
_OVER, _HELD = "killed with its job over", "held by nobody's work"
_TWO_DAYS, _SEVEN_DAYS = 2 * 86_400, 7 * 86_400
_SPEC = """\
version: 1
project: deadman
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
"""
_POOL = """\
  {name}:
    backend: {backend}
    {machines}
    lease: {lease}s
    {idle}
    between_bursts: {between}
    job: {{image: {image}, command: [env], outputs: [models]}}
"""
_IDLE = (_OVER, _HELD)
_GPU = "accelerator: {name: A10G, count: 1}"


@dataclass(frozen=True)
class Case:
    """One pool of one backend. ``brakes`` are those that act without the command line.

    Those in ``off`` are off whichever of them is the one. ``short`` and ``for_good`` are jobs; ``opened`` gives an
    applied workspace, with what the backend needs around it, and ``missing`` tells what of that is not at hand.
    ``also`` tells what is left where no receipt looks. ``mishaps`` are the names of what befalls it beside a kill;
    without ``killed`` they are all that is tried. ``longest`` is how long a lease on this backend can be, in seconds;
    ``idle`` is how long it may stand idle, where that is a brake that is tried.
    """

    backend: str
    between_bursts: str
    brakes: tuple[Brake, ...]
    machines: str = _GPU
    short: tuple[str, ...] = ("sh", "-c", "echo working")
    for_good: tuple[str, ...] = ("sh", "-c", "echo working; sleep 100000")
    opened: Callable[[Path, str], AbstractContextManager[Workspace]] = applied
    note: str = ""
    off: tuple[Brake, ...] = ()
    lease: int = 900  # seconds
    missing: Callable[[], str] = str
    also: Callable[[Workspace], tuple[str, ...]] = lambda _: ()
    mishaps: tuple[str, ...] = ()
    longest: int = _SEVEN_DAYS
    killed: bool = True
    idle: int | None = None  # seconds

    @property
    def spec(self) -> str:
        """The project spec."""
        image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:1"
        own = {"backend": self.backend, "machines": self.machines, "between": self.between_bursts, "lease": self.lease}
        own["idle"] = "" if self.idle is None else f"idle_timeout: {self.idle}s"
        pools = [POOL, BESIDE] if _BROKEN_ITEM in self.mishaps else [POOL]
        return _SPEC + "".join(_POOL.format(name=name, image=image, **own) for name in pools)

    @property
    def name(self) -> str:
        """``batch, removed between bursts``."""
        removed = "removed between bursts" if self.between_bursts == "remove" else ""
        return ", ".join(filter(None, (self.backend, removed, self.note)))


CASES = (
    Case("batch", "keep", (REAPER, JOB_TIME_OUT), mishaps=(*_ON_THE_COMMAND, _BROKEN_BRAKE)),
    Case("batch", "remove", (REAPER,), mishaps=_ON_THE_COMMAND),
    Case("ec2", "keep", (REAPER, SCHEDULED_ACTION), mishaps=(*_ON_THE_COMMAND, _BROKEN_BRAKE)),
    # A training job may wait for 24 minutes of its lease.
    Case(
        "sagemaker",
        "keep",
        (REAPER, MAXIMUM_RUN_TIME),
        lease=3600,
        mishaps=(*_ON_THE_COMMAND, _BROKEN_BRAKE),
    ),
    Case("batch", "keep", (REAPER,), note="two pools", mishaps=(_BROKEN_ITEM,), killed=False),
    Case(
        "ec2",
        "keep",
        (REAPER,),
        note="two pools",
        mishaps=(_BROKEN_ITEM,),
        killed=False,
        off=(SCHEDULED_ACTION,),
        longest=_TWO_DAYS,
    ),
    Case(
        "sagemaker",
        "keep",
        (REAPER,),
        note="two pools",
        mishaps=(_BROKEN_ITEM,),
        killed=False,
        off=(MAXIMUM_RUN_TIME,),
        lease=3600,
    ),
    # A lease of two hours, that it is not the deadline which ends them. On SageMaker nothing stands that has no job.
    Case("batch", "keep", (REAPER,), note="idle", mishaps=_IDLE, killed=False, lease=7200, idle=600),
    Case("ec2", "keep", (REAPER,), note="idle", mishaps=_IDLE, killed=False, lease=7200, idle=600),
    Case(
        "eks",
        "keep",
        (REAPER,),
        opened=eks.within_reach,
        note="API in reach",
        also=undrained,
        mishaps=_ON_THE_COMMAND,
        **eks.NEEDS,
    ),
    Case("eks", "keep", (REAPER,), opened=eks.out_of_reach, note="API out of reach", **eks.NEEDS),
    Case("eks", "keep", (JOB_DEADLINE,), opened=eks.out_of_reach, off=(REAPER,), **eks.NEEDS),
    Case(
        "eks",
        "keep",
        (NODE_EXPIRY,),
        opened=eks.expiring,
        off=(REAPER, JOB_DEADLINE),
        lease=EXPIRES,
        **eks.NEEDS,
    ),
)
