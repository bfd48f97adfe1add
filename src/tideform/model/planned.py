"""The plan's data: what every producer fills in and every reader reads.

`PlannedResource` is the narrow waist of tideform. The engine's preview events and the offline collector make it;
cost, controls, stages and views read nothing else. No pulumi, boto3 or typer here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from tideform.diagnostics import Diagnostic


class _Marker:
    """A value that stands for one that may not, or cannot, be shown."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __repr__(self) -> str:
        return self._label

    def __copy__(self) -> _Marker:
        return self

    def __deepcopy__(self, _memo: object) -> _Marker:
        return self


UNKNOWN: Final = _Marker("(known after apply)")
SECRET: Final = _Marker("(sensitive value)")

Outputs = Mapping[str, Any]  # a stack's outputs by name; values may be UNKNOWN


class Action(StrEnum):
    """What happens to a resource; the words are the ones Terraform's users know."""

    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    IMPORT = "import"


@dataclass(frozen=True)
class PropertyChange:
    """One changed input of a resource, at a path such as ``tags.team`` or ``rules[0].days``."""

    path: str
    before: Any  # None: was absent
    after: Any  # None: will be absent
    forces_replacement: bool = False


@dataclass(frozen=True)
class PlannedResource:
    """One resource as the plan sees it.

    ``program`` is the key of the program that owns it (``storage``, ``training/nightly``); ``type`` is the Pulumi
    token (``aws:s3/bucket:Bucket``); ``before`` and ``after`` are its inputs with `UNKNOWN` and `SECRET` in place.
    """

    program: str
    type: str
    name: str
    action: Action
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changes: tuple[PropertyChange, ...] = ()
    replace_keys: tuple[str, ...] = ()
    delete_before_replace: bool = False
    protect: bool = False
    dependencies: tuple[str, ...] = ()  # addresses
    urn: str = ""
    id: str = ""

    @property
    def address(self) -> str:
        """Unique in a plan: ``training/nightly.aws_batch_job_queue.nightly`` in the manner of Terraform."""
        return f"{self.program}.{terraform_type(self.type)}.{self.name}"


def urn_name(urn: str) -> str:
    """The name that the program gave to what has this URN."""
    return urn.split("::", 3)[-1]


def address_of(program: str, urn: str) -> str:
    """The address of what the engine knows by this URN; ``storage.aws_s3_bucket.data``."""
    _, _, types, name = urn.split("::", 3)
    return f"{program}.{terraform_type(types.rpartition('$')[2])}.{name}"


def terraform_type(token: str) -> str:
    """``aws:s3/bucketPolicy:BucketPolicy`` as ``aws_s3_bucket_policy``.

    Derived from the token, and a part of addresses; the vendor's own name is in `tideform.resources`.
    """
    package, module, name = token.split(":")
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    area = module.split("/")[0]
    return f"{package}_{area}_{snake}"


@dataclass(frozen=True)
class Deferred:
    """A unit that cannot be planned yet, and why (an endpoint without an approved model)."""

    program: str
    reason: str


@dataclass(frozen=True)
class Dormant:
    """A pool that exists only during a burst (``between_bursts: remove``)."""

    program: str
    reason: str
    resources: int


@dataclass(frozen=True)
class PoolChoice:
    """What a pool's words mean in machines, and the ladder that a burst goes down to get them.

    ``left_out`` are types that have the accelerator and are not used, each with the reason; ``worst`` is what a burst
    costs at most, in words.
    """

    program: str
    machines: str
    ladder: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    worst: str = ""


@dataclass(frozen=True)
class OutputChange:
    """A stack output before and after."""

    program: str
    name: str
    before: Any
    after: Any

    @property
    def action(self) -> Action:
        if self.before is None:
            return Action.CREATE
        if self.after is None:
            return Action.DELETE
        return Action.NO_OP if self.before == self.after else Action.UPDATE


@dataclass(frozen=True)
class PriceLine:
    """What one resource costs: ``hourly`` in USD while it exists, or usage-priced with a note.

    ``missing``: it is paid for by the hour, at a price that the book does not have; a total is too low by it.
    """

    address: str
    item: str
    hourly: float | None
    note: str = ""
    missing: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything one `plan` found, ready to be shown, saved, judged or carried out."""

    project: str
    environment: str
    target: str
    account: str
    region: str
    offline: bool
    resources: tuple[PlannedResource, ...]
    outputs: tuple[OutputChange, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    dormant: tuple[Dormant, ...] = ()
    pools: tuple[PoolChoice, ...] = ()
    removed_programs: tuple[str, ...] = ()  # in the backend, no longer in the spec, or dormant by it from now on
    findings: tuple[Diagnostic, ...] = ()
    prices: tuple[PriceLine, ...] = ()
    refreshed: tuple[PlannedResource, ...] = ()  # drift: what was changed behind our back
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[PlannedResource, ...]:
        """The resources that an apply would touch."""
        return tuple(r for r in self.resources if r.action not in (Action.NO_OP, Action.READ))

    @property
    def has_changes(self) -> bool:
        """Whether an apply would do anything; dormant and deferred units are no changes."""
        return bool(self.changed) or any(o.action is not Action.NO_OP for o in self.outputs)

    def count(self, *actions: Action) -> int:
        """How many resources have one of these actions."""
        return sum(r.action in actions for r in self.resources)
