"""What of the reaper is not as foundation makes it: function, schedule, roles, and its answer to a dry run.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.reaper.dry_run import ASKED, digest_of
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.policies import Statement, document
from tideform.components.reaper_package import HANDLER, package
from tideform.components.reaper_plan import (
    RATE_MINUTES,
    REAPER,
    SCHEDULE_ROLE,
    TIMEOUT,
    calling,
    reaper_name,
    statements,
    variables,
)
from tideform.components.scope import Scope
from tideform.spec.deployment import Deployment

_RATE = re.compile(r"rate\((\d+) minutes?\)")
_TOLD = ("TABLE", "PROJECT", "ENVIRONMENT", "BUDGET_USD", "UNHELD_GRACE")  # what decides over what ends
_PAUSE = 2.0  # seconds until a function that is at work is asked again
_BUSY = f"it has been busy for {TIMEOUT} s, and its rounds should be over sooner"


@dataclass(frozen=True)
class Proof:
    """Each question answers with what is wrong: which part, what it is, what it should be. Empty: nothing is.

    They raise what boto3 raises.
    """

    cloud: Cloud
    deployment: Deployment

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
        return self.function() or self.schedule() or self.roles()

    def function(self) -> str:
        """Of the function."""
        found = self._found("lambda", "get_function_configuration", FunctionName=self.name)
        if found is None:
            return f"there is no function {self.name}"
        if found.get("State", "Active") == "Failed":
            return f"the function {self.name} cannot run: {found.get('StateReason', 'nobody says why')}"
        reserved = self._found("lambda", "get_function_concurrency", FunctionName=self.name) or {}
        if reserved.get("ReservedConcurrentExecutions") == 0:
            return f"the function {self.name} is switched off: it may not run even once at a time"
        given, wanted = found.get("Environment", {}).get("Variables", {}), variables(self.scope)
        parts = {
            "handler": (found.get("Handler"), HANDLER),
            "role": (found.get("Role"), self._role(REAPER)),
            **{f"variable {name}": (given.get(name), wanted.get(name)) for name in _TOLD},
        }
        too_short = found.get("Timeout", 0) < TIMEOUT
        time_out = f"its time-out is {found.get('Timeout')} s, and should be {TIMEOUT} s" if too_short else ""
        return _said(f"the function {self.name}", _first_other(parts) or time_out)

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
        return self._policy(REAPER, statements(self.scope)) or self._policy(
            SCHEDULE_ROLE, calling(self.scope, self.name)
        )

    def dry_run(self, pool: str = "") -> str:
        """Of the function's answer to what it would do to the pool: it has to be our code, and see what we see."""
        table = LeaseTable.of(self.cloud, self.deployment)
        held = {lease.id for lease in table.get(pool).leases} if pool else set()
        answer = self._asked(table.identity(pool))
        if isinstance(answer, str):
            return _said(f"the function {self.name}", answer)
        parts = {"code": _code_of(answer), "table": (answer.get("table"), table.name)}
        unseen = sorted(held - set(answer.get("ends") or ()))
        blind = f"it does not see the lease {unseen[0]}, which its table holds" if unseen else ""
        return _said(f"the function {self.name}", _first_other(parts) or blind)

    def code(self) -> str:
        """Of its code alone: what another table, or a round that takes long, makes wrong is not told here.

        One that fails when it is asked may be other code: what it fails for, it alone knows.
        """
        answer = self._asked("")
        if isinstance(answer, str):
            return "" if answer == _BUSY else _said(f"the function {self.name}", answer)
        return _said(f"the function {self.name}", _first_other({"code": _code_of(answer)}))

    def _asked(self, identity: str) -> Mapping[str, Any] | str:
        """The answer, or why there is none. One that is at work is asked again until its round has to be over."""
        api, until = self.cloud.client("lambda"), time.monotonic() + TIMEOUT
        while True:
            try:
                told = api.invoke(FunctionName=self.name, Payload=json.dumps({ASKED: identity}).encode())
                break
            except api.exceptions.TooManyRequestsException:
                if time.monotonic() >= until:
                    return _BUSY
                time.sleep(_PAUSE)
        payload = told["Payload"].read()
        if told.get("FunctionError"):
            return f"it fails when it is asked: {payload[:300].decode(errors='replace')}"
        answer = json.loads(payload or b"null")
        return answer if isinstance(answer, dict) and "code" in answer else "it does not answer a dry run: other code"

    def _policy(self, part: str, wanted: list[Statement]) -> str:
        name = self.scope.name(part, limit=64)
        iam = self.cloud.client("iam")
        try:
            found = iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
        except iam.exceptions.NoSuchEntityException:
            return f"the role {name} has not its policy: it may do nothing"
        given = json.loads(found) if isinstance(found, str) else found
        return (
            "" if given == json.loads(document(*wanted)) else f"the policy of the role {name} is not what it should be"
        )

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


def _code_of(answer: Mapping[str, Any]) -> tuple[object, object]:
    return answer.get("code"), digest_of(package())


def _first_other(parts: Mapping[str, tuple[object, object]]) -> str:
    return next(
        (f"its {part} is {is_}, and should be {wanted}" for part, (is_, wanted) in parts.items() if is_ != wanted), ""
    )


def _said(whose: str, what: str) -> str:
    return f"{whose}: {what}" if what else ""
