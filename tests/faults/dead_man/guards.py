"""The reaper with one of its parts broken: a burst that nothing would end must not begin."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.e2e.workspaces import Workspace, until
from tests.faults.dead_man.backends import POOL
from tests.faults.dead_man.faults import Fault
from tests.faults.dead_man.moments import Moment
from tests.faults.dead_man.trial import Trial
from tideform.burst.reaper_brake import no_rounds
from tideform.burst.reaper_proof import Proof
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock
from tideform.reaper.items import HEARTBEAT, Items

_KEPT = ("ScheduleExpression", "FlexibleTimeWindow", "Target", "ScheduleExpressionTimezone", "State")
_NOTHING = "def handler(event, context):\n    return {}\n"
_LONG_AGO = 86_400  # seconds
_ROUND = 300  # seconds between two of the reaper's rounds


@dataclass(frozen=True)
class Part:
    """One part of the brake, how it is broken, and how it is put right again: in the way that people are told of."""

    words: str
    breaks: Callable[[Workspace], object]
    mends: Callable[[Workspace], object] = lambda workspace: _applied(workspace)  # which stands below


def _name(workspace: Workspace) -> str:
    return f"{workspace.deployment.name}-reaper"


def _schedule(change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Callable[[Workspace], object]:
    def breaks(workspace: Workspace) -> None:
        scheduler, name = workspace.cloud.client("scheduler"), _name(workspace)
        found = scheduler.get_schedule(Name=name)
        given = {key: found[key] for key in _KEPT if key in found}
        scheduler.update_schedule(Name=name, **{**given, **change(found)})

    return breaks


def _configuration(change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Callable[[Workspace], object]:
    def breaks(workspace: Workspace) -> None:
        functions, name = workspace.cloud.client("lambda"), _name(workspace)
        found = functions.get_function_configuration(FunctionName=name)
        functions.update_function_configuration(FunctionName=name, **change(found))

    return breaks


def _variable(**variables: str) -> Callable[[Workspace], object]:
    return _configuration(
        lambda found: {"Environment": {"Variables": {**found["Environment"]["Variables"], **variables}}}
    )


def _code(workspace: Workspace) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("tideform/__init__.py", "")
        package.writestr("tideform/burst/__init__.py", "")
        package.writestr("tideform/reaper/__init__.py", "")
        package.writestr("tideform/reaper/handler.py", _NOTHING)
    functions = workspace.cloud.client("lambda")
    functions.update_function_code(FunctionName=_name(workspace), ZipFile=packed.getvalue())


def _concurrency(workspace: Workspace) -> None:
    functions = workspace.cloud.client("lambda")
    functions.put_function_concurrency(FunctionName=_name(workspace), ReservedConcurrentExecutions=0)


def _without_policies(part: str) -> Callable[[Workspace], object]:
    def breaks(workspace: Workspace) -> None:
        iam, role = workspace.cloud.client("iam"), f"{workspace.deployment.name}-{part}"
        inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
        assert inline, f"the role {role} has no policy of its own"
        for name in inline:
            iam.delete_role_policy(RoleName=role, PolicyName=name)

    return breaks


def _silent(workspace: Workspace) -> None:
    """Its last round was yesterday; its schedule was not changed since."""
    items = Items(workspace.cloud, LeaseTable.of(workspace.cloud, workspace.deployment).name)
    beat = items.get(HEARTBEAT)
    assert beat is not None, "the reaper has never run"
    items.write({**beat, "at": int(beat["at"]) - _LONG_AGO})


def _applied(workspace: Workspace) -> None:
    """What is told of a brake that is not in place: `tideform apply` puts it there."""
    done = workspace.run("apply", "--yes")
    assert done.returncode == 0, done.stderr
    why = Proof(workspace.cloud, workspace.deployment).standing()
    assert not why, f"an apply leaves the brake broken: {why}"


def _its_next_round(workspace: Workspace) -> None:
    """What is told of a reaper that has not run: its next round is due within five minutes."""
    advance_clock(workspace.folder, _ROUND)
    until(lambda: not no_rounds(workspace.cloud, workspace.deployment), "the reaper's next round")


def _aimed_at(name: str) -> Callable[[dict[str, Any]], Mapping[str, Any]]:
    return lambda found: {"Target": {**found["Target"], "Arn": found["Target"]["Arn"].rpartition(":")[0] + f":{name}"}}


PARTS = (
    Part("schedule: every thirty days", _schedule(lambda _: {"ScheduleExpression": "rate(30 days)"})),
    Part("schedule: once, long ago", _schedule(lambda _: {"ScheduleExpression": "at(2020-01-01T00:00:00)"})),
    Part("schedule: disabled", _schedule(lambda _: {"State": "DISABLED"})),
    Part("schedule: aimed at another function", _schedule(_aimed_at("something-else"))),
    Part("schedule: its role may nothing", _without_policies("reaper-schedule")),
    Part("function: another table", _variable(TABLE="another-table")),
    Part("function: another project", _variable(PROJECT="another-project")),
    Part("function: another environment", _variable(ENVIRONMENT="another")),
    Part("function: another handler", _configuration(lambda _: {"Handler": "tideform.reaper.items.plain"})),
    Part("function: one second of time", _configuration(lambda _: {"Timeout": 1})),
    Part("function: never at once", _concurrency),
    Part("function: its role may nothing", _without_policies("reaper")),
    Part("function: other code", _code),
    Part("heartbeat: of yesterday", _silent, _its_next_round),
)
_BY_WORDS = {part.words: part for part in PARTS}


def _moments(_steps: Sequence[Moment], _events: Sequence[Moment]) -> Sequence[Moment]:
    return [Moment(order, part.words, working=False) for order, part in enumerate(PARTS)]


def _broken(trial: Trial) -> str:
    part = _BY_WORDS[trial.moment.words]
    part.breaks(trial.workspace)
    trial.undo.callback(part.mends, trial.workspace)
    done = trial.workspace.run("burst", "run", POOL, "--", *trial.case.short)
    if done.returncode == 0:
        return "the burst began all the same"
    return "" if "TD605" in done.stderr else f"it does not say which brake is missing: {done.stderr[-300:]}"


GUARDS = Fault(
    "a part of the brake broken",
    "what is broken",
    "One part of the reaper is broken, and somebody bursts: the burst is refused (TD605), and nothing is started.",
    _broken,
    _moments,
)
