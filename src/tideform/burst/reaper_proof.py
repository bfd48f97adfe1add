"""What of the reaper is not as foundation made it: function, schedule, roles, and its answer to a dry run.

That is what the last apply has written down, and only where no state tells it what the spec has: an edit that is not
applied breaks nothing, and is the plan's to tell.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tideform.burst.applied import made
from tideform.burst.reaper_answer import BUSY, SILENT, Answer, Question
from tideform.burst.reaper_zip import code_digest, known
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.reaper.package import HANDLER
from tideform.components.reaper.plan import (
    RATE_MINUTES,
    REAPER,
    SCHEDULE_ROLE,
    TIMEOUT,
    as_made,
    handles,
    reaper_name,
)
from tideform.components.scope import Scope
from tideform.reaper.dry_run import handles_digest
from tideform.spec.deployment import Deployment

_RATE = re.compile(r"rate\((\d+) minutes?\)")
_TOLD = ("TABLE", "PROJECT", "ENVIRONMENT", "BUDGET_USD", "UNHELD_GRACE")  # what decides over what ends


@dataclass(frozen=True)
class Proof:
    """Each question answers with what is wrong: which part, what it is, what it should be. Empty: nothing is.

    They raise what boto3 raises. Whoever only ``looks`` does not wait for a function that is at work.
    """

    cloud: Cloud
    deployment: Deployment
    looks: bool = False

    @property
    def scope(self) -> Scope:
        """Where foundation makes it."""
        return Scope(self.deployment, "foundation")

    @property
    def name(self) -> str:
        """The function's name, which is the schedule's, too."""
        return reaper_name(self.scope)

    def standing(self) -> str:
        """Of everything that can be looked at."""
        return self.function() or self.code_there() or self.schedule() or self.roles()

    def function(self) -> str:
        """Of the function."""
        found = self._configuration
        if found is None:
            return f"there is no function {self.name}"
        if found.get("State", "Active") == "Failed":
            return f"the function {self.name} cannot run: {found.get('StateReason', 'nobody says why')}"
        reserved = self._found("lambda", "get_function_concurrency", FunctionName=self.name) or {}
        if reserved.get("ReservedConcurrentExecutions") == 0:
            return f"the function {self.name} is switched off: it may not run even once at a time"
        given, wanted = found.get("Environment", {}).get("Variables", {}), self._made["variables"]
        parts = {
            "handler": (found.get("Handler"), HANDLER),
            "role": (found.get("Role"), self._role(REAPER)),
            **{f"variable {name}": (given.get(name), wanted.get(name)) for name in _TOLD},
        }
        too_short = found.get("Timeout", 0) < TIMEOUT
        time_out = f"its time-out is {found.get('Timeout')} s, and should be {TIMEOUT} s" if too_short else ""
        return _said(f"the function {self.name}", _first_other(parts) or time_out)

    def code_there(self) -> str:
        """Of its code by Lambda's own digest: what nobody of ours has put there is not run, and so not asked."""
        is_, ours = (self._configuration or {}).get("CodeSha256"), known(self.deployment, self.name)
        foreign = ours and is_ not in ours
        return f"the function {self.name}: its code is not what was put there (CodeSha256 {is_})" if foreign else ""

    def schedule(self) -> str:
        """Of what calls the function."""
        found = self._found("scheduler", "get_schedule", Name=self.name, GroupName="default")
        if found is None:
            return f"there is no schedule {self.name}"
        if found["State"] != "ENABLED":
            return f"the schedule {self.name} is disabled"
        rate = _RATE.fullmatch(found["ScheduleExpression"])
        expression = f"rate({RATE_MINUTES} minutes)"
        target = found["Target"]
        parts = {
            "expression": (expression if rate and 0 < int(rate[1]) <= RATE_MINUTES else found["ScheduleExpression"],
                           expression),
            "target": (target["Arn"], self.scope.arn("lambda", f"function:{self.name}")),
            "role": (target["RoleArn"], self._role(SCHEDULE_ROLE)),
            "input": (target.get("Input") or None, None),
            "end": (found.get("EndDate"), None),
            "start": (self._to_come(found.get("StartDate")), None),
        }  # fmt: skip
        return _said(f"the schedule {self.name}", _first_other(parts))

    def roles(self) -> str:
        """Of what the function may do, and who may call it."""
        return self._policy(REAPER) or self._policy(SCHEDULE_ROLE)

    def dry_run(self, pool: str = "") -> str:
        """Of the function's answer to what it would do to the pool: it has to be our code, and see what we see.

        Without a pool it says nothing of one that is at work and has no time to answer: its heartbeat tells more.
        """
        table = LeaseTable.of(self.cloud, self.deployment)
        held = _leases(table, pool)
        answer = self._asked(table.identity(pool))
        if isinstance(answer, str):
            return "" if answer == BUSY and self.looks else _said(f"the function {self.name}", answer)
        parts = {"code": self._code(answer), "table": (answer.get("table"), table.name)}
        if unseen := held - set(answer.get("ends") or ()):
            unseen &= _leases(table, pool)  # others may have gone meanwhile
        blind = f"it does not see the lease {min(unseen)}, which its table holds" if unseen else ""
        other = self._unlike(pool, answer) if pool else self._unlike_all(answer)
        return _said(f"the function {self.name}", _first_other(parts) or blind or other)

    def code(self) -> str:
        """Of its code alone: what another table, or a round that takes long, makes wrong is not told here.

        What the last apply has put there needs no question. Where no state tells that, one that fails when it is asked
        may be other code: what it fails for, it alone knows.
        """
        if known(self.deployment, self.name):
            return self.code_there()
        answer = self._asked("")
        if isinstance(answer, str):
            return "" if answer in (BUSY, SILENT) else _said(f"the function {self.name}", answer)
        return _said(
            f"the function {self.name}", _first_other({"code": self._code(answer)}) or self._unlike_all(answer)
        )

    @cached_property
    def _configuration(self) -> dict[str, Any] | None:
        return self._found("lambda", "get_function_configuration", FunctionName=self.name)

    def _asked(self, identity: str) -> Answer | str:
        """The answer, or why there is none."""
        return Question(self.cloud, self.name, 0.0 if self.looks else TIMEOUT).ask(identity)

    def _code(self, answer: Answer) -> tuple[object, object]:
        return answer.get("code"), code_digest(self.deployment)

    def _unlike(self, pool: str, answer: Answer) -> str:
        """An item that cannot be read leaves the function what it was given with its code."""
        identity = self.deployment.identity("training", pool) if pool else ""
        wanted = json.loads(json.dumps(handles(self.deployment).get(identity)))
        return "" if answer.get("handle") == wanted else f"it would end {pool} as another spec has it"

    def _unlike_all(self, answer: Answer) -> str:
        """Of the handles as a whole, where no state tells what the last apply has put there: it may be anybody's.

        Where one does, the digest of the code has judged them, and a spec that was edited since is no fault of theirs.
        """
        if known(self.deployment, self.name) or answer.get("handles") == handles_digest(handles(self.deployment)):
            return ""
        return "it would end the pools as another spec, or environment, has them (its handles are not this one's)"

    @cached_property
    def _made(self) -> Mapping[str, Mapping[str, str]]:
        """Its policies and variables: as the last apply made them, else as the spec has them."""
        return made(self.deployment) or as_made(self.scope)

    def _policy(self, part: str) -> str:
        wanted = json.loads(self._made["policies"][part])
        name = self.scope.name(part, limit=64)
        iam = self.cloud.client("iam")
        try:
            found = iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
        except iam.exceptions.NoSuchEntityException:
            return f"the role {name} has not its policy: it may do nothing"
        given = json.loads(found) if isinstance(found, str) else found
        return "" if given == wanted else f"the policy of the role {name} is not what it should be"

    def _role(self, part: str) -> str:
        return self.scope.role_arn(self.scope.name(part, limit=64))

    def _to_come(self, start: Any) -> Any:
        return start if start is not None and start.timestamp() > self.cloud.clock() else None

    def _found(self, service: str, operation: str, **asked: str) -> dict[str, Any] | None:
        """The answer, or None where there is no such thing."""
        client = self.cloud.client(service)
        try:
            answer: dict[str, Any] = getattr(client, operation)(**asked)
        except client.exceptions.ResourceNotFoundException:
            return None
        return answer


def _first_other(parts: Mapping[str, tuple[object, object]]) -> str:
    return next(
        (f"its {part} is {is_}, and should be {wanted}" for part, (is_, wanted) in parts.items() if is_ != wanted), ""
    )


def _leases(table: LeaseTable, pool: str) -> set[str]:
    return {lease.id for lease in table.get(pool).leases} if pool else set()


def _said(whose: str, what: str) -> str:
    return f"{whose}: {what}" if what else ""
