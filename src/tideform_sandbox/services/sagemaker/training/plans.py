"""Training plans: capacity of SageMaker's that is paid for up front, in one piece, for training jobs.

Any instance type and time is offered; on AWS there are plans for a few, and some come in several pieces.
https://docs.aws.amazon.com/sagemaker/latest/dg/reserve-capacity-with-training-plans.html
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tideform_sandbox.extension.request import AwsError
from tideform_sandbox.services.sagemaker.training.job import TrainingJob
from tideform_sandbox.world import World

_HOUR = 3600.0
_LAST = 1800.0  # seconds before a plan's end from which nothing starts in it
Given = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One plan; times are seconds since the epoch of the sandbox's clock."""

    name: str
    arn: str
    kind: str
    count: int
    start: float
    end: float
    fee: str

    def status(self, now: float) -> str:
        """As the API tells it."""
        return "Scheduled" if now < self.start else "Expired" if now >= self.end else "Active"


class Plans:
    """Those of one region; ``place`` is its ``region:account``."""

    def __init__(self, world: World, place: str, jobs: Callable[[], Iterable[TrainingJob]]) -> None:
        self._world, self._place, self._jobs = world, place, jobs
        self._offered: dict[str, Given] = {}
        self._plans: dict[str, Plan] = {}

    def refuses(self, job: TrainingJob, now: float) -> bool:
        """Whether a job's plan has no machines for it now. Raises `AwsError` where there is no such plan for it."""
        plan = next((one for one in self._plans.values() if one.arn == job.plan), None)
        if plan is None or plan.kind != job.kind:
            raise AwsError("ValidationException", f"Training plan {job.plan} has no capacity of {job.kind}.")
        return plan.status(now) != "Active" or now >= plan.end - _LAST or self._free(plan) < job.count

    def search(self, given: Given) -> Given:
        """One offering, from the earliest time that was asked for."""
        now, count, hours = self._world.clock.now(), int(given["InstanceCount"]), int(given["DurationHours"])
        start = max(now, _seconds(given["StartTimeAfter"])) if given.get("StartTimeAfter") else now
        fee = (self._world.list_price(given["InstanceType"]) or 0.0) * hours * count
        identity = f"tpo-{secrets.token_hex(8)}"
        self._offered[identity] = {
            "kind": given["InstanceType"],
            "count": count,
            "start": start,
            "end": start + hours * _HOUR,
            "fee": f"{fee:.2f}",
        }
        piece = {"InstanceType": given["InstanceType"], "InstanceCount": count, "StartTime": _at(start)}
        offer = {
            "TrainingPlanOfferingId": identity,
            "TargetResources": ["training-job"],
            "DurationHours": hours,
            "UpfrontFee": f"{fee:.2f}",
            "CurrencyCode": "USD",
            "ReservedCapacityOfferings": [{**piece, "EndTime": _at(start + hours * _HOUR)}],
        }
        return {"TrainingPlanOfferings": [offer]}

    def create(self, given: Given) -> Given:
        """Buy what was offered; nothing is charged here, and it is on no bill."""
        name, offer = given["TrainingPlanName"], self._offered.get(given["TrainingPlanOfferingId"])
        if offer is None:
            raise AwsError("ResourceNotFound", f"Offering {given['TrainingPlanOfferingId']} does not exist.")
        if name in self._plans:
            raise AwsError("ResourceInUse", f"Training plan {name} already exists.")
        self._plans[name] = Plan(name, f"arn:aws:sagemaker:{self._place}:training-plan/{name}", **offer)
        return {"TrainingPlanArn": self._plans[name].arn}

    def describe(self, given: Given) -> Given:
        """One plan, by name or ARN."""
        name = given["TrainingPlanName"].rpartition("/")[2]
        if name not in self._plans:
            raise AwsError("ResourceNotFound", f"Training plan {name} does not exist.")
        plan, now = self._plans[name], self._world.clock.now()
        status, free = plan.status(now), self._free(self._plans[name])
        times = {"StartTime": _at(plan.start), "EndTime": _at(plan.end)}
        return {
            "TrainingPlanArn": plan.arn,
            "TrainingPlanName": name,
            "Status": status,
            "DurationHours": round((plan.end - plan.start) / _HOUR),
            **times,
            "UpfrontFee": plan.fee,
            "CurrencyCode": "USD",
            "TotalInstanceCount": plan.count,
            "AvailableInstanceCount": free if status == "Active" else 0,
            "InUseInstanceCount": plan.count - free,
            "TargetResources": ["training-job"],
            "ReservedCapacitySummaries": [
                {
                    "ReservedCapacityArn": f"arn:aws:sagemaker:{self._place}:reserved-capacity/{name}",
                    "InstanceType": plan.kind,
                    "TotalInstanceCount": plan.count,
                    "Status": status,
                    **times,
                }
            ],
        }

    def _free(self, plan: Plan) -> int:
        return plan.count - sum(job.count for job in self._jobs() if job.plan == plan.arn and job.has_machines)


def _seconds(when: datetime | str) -> float:
    found = when if isinstance(when, datetime) else datetime.fromisoformat(when)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _at(when: float) -> datetime:
    return datetime.fromtimestamp(when, UTC)
