"""``tideform logs``: what the jobs of a pool print, or have printed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.cli.burst_session import as_it_stands, known, seen_runs
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, SpecOption, load_standing

if TYPE_CHECKING:
    from tideform.burst.halt import Halt
    from tideform.burst.history.runs import Run
    from tideform.burst.streams import LiveLogs, Streams
    from tideform.cloud import Cloud
    from tideform.errors import TideformError
    from tideform.spec.deployment import Deployment
    from tideform.unasked import Gaps

NameArgument = Annotated[
    str,
    typer.Argument(
        help="A job's name or the beginning of it, or a pool: its newest job.",
        metavar="NAME",
        autocompletion=completing.pools_and_jobs,
    ),
]
JobOption = Annotated[
    str | None, typer.Option("--job", help="A job's id, also of one that has finished; else the newest.", metavar="ID")
]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Go on until no job runs any more.")]
TailOption = Annotated[
    int | None,
    typer.Option(
        "--tail", min=0, help="Of what is there already, print so many lines, the last ones.", metavar="LINES"
    ),
]


def command(
    name: NameArgument,
    job: JobOption = None,
    follow: FollowOption = False,
    tail: TailOption = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
) -> None:
    """Print a job's log, one that has finished too.

    Kept for 90 days, also where the pool is removed between bursts; on eks as long as the job's machines. On batch a
    job's own log is found for the seven days that Batch remembers the job; after that as the newest of its pool alone.
    """
    from tideform.burst.streams import Streams
    from tideform.connect import cloud_for
    from tideform.registry.training import backends

    deployment = load_standing(spec, environment)
    cloud = cloud_for(deployment)
    pool, ids = (name, (job,)) if job is not None else _chosen(cloud, deployment, name)
    deployment = as_it_stands(deployment, cloud, pool)
    lines = LastLines(tail, typer.echo)
    logs = backends()[deployment.spec.training[known(deployment, pool)].backend].logs(cloud, deployment, pool)
    if not isinstance(logs, Streams):
        _live(logs, deployment, pool, next(iter(ids), None), lines, follow)
    elif follow:
        _follow(logs, deployment, pool, ids, lines)
    else:
        _show(logs, deployment, pool, ids, lines)
    lines.catch_up()


def _chosen(cloud: Cloud, deployment: Deployment, name: str) -> tuple[str, tuple[str, ...]]:
    """The pool, and the ids of the job where a job is named; what is no job's name is taken for a pool's."""
    from tideform.burst.cancelling import chosen
    from tideform.burst.history.every import known_pools
    from tideform.reaper.job_name import LEAST, after_pool, may_be_lease

    if name in deployment.spec.training:
        return name, ()
    pools = known_pools(cloud, deployment)
    if name in pools or not (may_be_lease(name, LEAST) or any(after_pool(name, pool) is not None for pool in pools)):
        return name, ()
    seen = seen_runs(cloud, deployment, name=name)
    run = chosen(seen.runs, name)
    if not run.ids:
        raise _no_log(run, seen.gaps)
    return run.pool, run.ids


def _no_log(run: Run, gaps: Gaps) -> TideformError:
    """Of a job that nobody can tell the ids of: another one's log is no answer."""
    from tideform.errors import CloudError, RefusedError
    from tideform.reaper.history.base import JobState

    if run.state is JobState.UNKNOWN and gaps:
        return CloudError(gaps.problems)
    why = "it has not begun yet" if run.open else run.why or "nobody knows what its backend called it"
    return RefusedError.of(
        "TD678",
        "There is no such log",
        detail=f"{run.name} has no log: {why}.",
        fix=f"`tideform jobs {run.pool}` lists the jobs.",
    )


@dataclass
class LastLines:
    """The last lines of what was printed before `catch_up`, or for None all; after it every line as it comes."""

    last: int | None
    on_line: Callable[[str], object]

    def __post_init__(self) -> None:
        self._kept: deque[str] | None = None if self.last is None else deque(maxlen=self.last)

    def __call__(self, line: str) -> None:
        """One more line."""
        if self._kept is None:
            self.on_line(line)
        else:
            self._kept.append(line)

    def catch_up(self) -> None:
        """What was there already has been read."""
        kept, self._kept = self._kept or (), None
        for line in kept:
            self.on_line(line)


def _show(streams: Streams, deployment: Deployment, pool: str, ids: tuple[str, ...], lines: LastLines) -> None:
    ids = ids or _newest_of_removed(streams.cloud, deployment, pool)
    for attempt in streams.of_jobs(ids) or streams.of_job(pool, next(iter(ids), None)):
        streams.show(attempt, lines)


def _newest_of_removed(cloud: Cloud, deployment: Deployment, pool: str) -> tuple[str, ...]:
    """Of a pool without definitions the lease table alone tells which streams are its newest job's.

    Raises what was refused where a newer one may be what nobody could tell of.
    """
    from tideform.burst.history.runs import runs
    from tideform.reaper.history.base import JobState

    if deployment.spec.training[pool].between_bursts == "keep":
        return ()
    seen = runs(cloud, deployment, pool)
    newest = next((run for run in seen.runs if run.ids or (seen.gaps and run.state is JobState.UNKNOWN)), None)
    if newest is not None and not newest.ids:
        raise _no_log(newest, seen.gaps)
    return newest.ids if newest is not None else ()


def _follow(streams: Streams, deployment: Deployment, pool: str, ids: tuple[str, ...], lines: LastLines) -> None:
    """A job's own log until it is over, also before it has one; a pool's newest until no job runs on it any more."""
    from tideform.burst.runner import runner_for

    runner = runner_for(streams.cloud, deployment, pool)

    def over() -> bool:
        return not any(job.id in ids or not ids for job in runner.jobs())

    if over():
        streams.of_job(pool, next(iter(ids), None))  # which says that there is no log
    more = partial(streams.of_jobs, ids) if ids else streams.newest
    streams.follow(more, lines, _pauses(lines), _poll(deployment), over)


def _live(logs: LiveLogs, deployment: Deployment, pool: str, job: str | None, lines: LastLines, follow: bool) -> None:
    if follow:
        logs.follow(pool, job, lines, _pauses(lines), _poll(deployment))
    else:
        logs.show(pool, job, lines)


def _pauses(lines: LastLines) -> Halt:
    """Whoever follows reads all there is and pauses then: from there on lines are new."""
    from tideform.burst.halt import Halt

    halt = Halt()
    halt.limits.append(lines.catch_up)
    return halt


def _poll(deployment: Deployment) -> float:
    return 0.3 if deployment.target == "local" else 3.0
