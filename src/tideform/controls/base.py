"""What a compliance control is: one question about the plan, with its reason and its remedy.

A control is one class in one module of this package. It reads planned resources and nothing else: no
pulumi, no boto3, no clock. Frameworks (``frameworks/*.yaml``) say which requirements a control
answers to.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tideform.diagnostics import Severity
from tideform.model.planned import PlannedResource
from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Match:
    """One place where a control does not hold.

    ``subject`` is what a waiver may name besides the address: the name that the spec gave the thing.
    ``undecided``: the value is only known after apply, so the plan can say neither yes nor no.
    """

    address: str
    detail: str
    spec_path: str = ""
    subject: str = ""
    undecided: bool = False

    def concerns(self, name: str) -> bool:
        """Whether a waiver for the resource ``name`` is about this match."""
        return name in {self.address, self.subject, self.address.rpartition(".")[2]} - {""}


@dataclass(frozen=True)
class Evidence:
    """What a control may look at: the planned resources, and the deployment that they are for."""

    resources: Sequence[PlannedResource]
    deployment: Deployment

    def of(self, token: str) -> Iterator[PlannedResource]:
        """The resources of this type that will be there after the apply."""
        return (r for r in self.resources if r.type == token and r.after is not None)


class Control(ABC):
    """One control. Subclasses set the class variables and yield a `Match` for each failure."""

    id: ClassVar[str]
    title: ClassVar[str]  # constant, in the user's words, says what has to hold
    description: ClassVar[str]  # what is looked at, and why it matters
    fix: ClassVar[str]
    source: ClassVar[str]  # URL of the vendor's documentation or the standard
    severity: ClassVar[Severity] = Severity.ERROR
    whole_plan: ClassVar[bool] = False  # it asks whether something exists: a plan of one unit cannot tell

    @abstractmethod
    def check(self, plan: Evidence) -> Iterator[Match]:
        """Every place where the control does not hold."""
