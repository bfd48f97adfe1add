"""Receipts: the proof that nothing is left, or the list of what is, asked of every service at once.

A service that refuses to answer is part of the receipt: 'could not be asked' is not 'there is nothing'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from tideform.burst.inventory.base import Area, Leftover, Place
from tideform.burst.reaper.kubernetes_groups import UnservedError
from tideform.burst.reaper.reserved import Reservation
from tideform.burst.reservations import idle_reservations
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError, LeftoversError, TideformError
from tideform.kube import KubeError
from tideform.spec.deployment import Deployment

_AT_ONCE = 8


@dataclass(frozen=True)
class Unasked:
    """A question that got no answer, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Receipt:
    """What one inventory found. ``scope`` says of what; ``asked`` is the number of questions answered.

    ``foreign`` has a name as we give them and not our tags: it is left alone, and proves nothing. ``idle`` is what is
    reserved and paid for although nobody uses it; it is told, and is nothing of the pool's own that is left. Where that
    could not be asked, ``idle_unasked`` tells why.
    """

    scope: str
    leftovers: tuple[Leftover, ...] = ()
    kept: tuple[Leftover, ...] = ()
    foreign: tuple[Leftover, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    asked: int = 0
    idle: tuple[Reservation, ...] = ()
    idle_unasked: Unasked | None = None

    @property
    def empty(self) -> bool:
        """Whether it proves that nothing is left: nothing was found, and everybody answered."""
        return not self.leftovers and not self.unasked

    @property
    def hourly_usd(self) -> float:
        """What the leftovers with a known standing price cost together."""
        return sum(found.hourly_usd or 0.0 for found in self.leftovers)

    def require_empty(self) -> None:
        """Raise `LeftoversError` (TD608, or TD616 where somebody did not answer) unless it is empty."""
        if not self.empty:
            raise self.error()

    def error(self) -> LeftoversError:
        """The error that tells what is left, or who did not answer."""
        return LeftoversError(_leftover(self))


def capacity_receipt(cloud: Cloud, deployment: Deployment, pool: str) -> Receipt:
    """What one pool holds that may cost money: instances, disks, spot requests, environments above zero, jobs."""
    from tideform.burst.inventory import kubernetes
    from tideform.burst.inventory.areas import CAPACITY

    spec = deployment.spec.training.get(pool)
    inside = (kubernetes.AREA,) if spec is not None and spec.backend == "eks" else ()
    receipt = _ask(f"capacity of {pool}", Place(cloud, deployment, pool), (*CAPACITY, *inside))
    return _with_idle(receipt, cloud, spec.capacity.reserved) if spec else receipt


def environment_receipt(cloud: Cloud, deployment: Deployment, *, unit: str | None = None) -> Receipt:
    """Everything of this project and environment, or of one unit: what carries their tags, or belongs to what does."""
    from tideform.burst.inventory.areas import ENVIRONMENT, UNIT

    if unit is not None:
        return _ask(f"{unit} of {deployment.name}", Place(cloud, deployment, unit), UNIT)
    return _ask(deployment.name, Place(cloud, deployment), ENVIRONMENT)


def _ask(scope: str, place: Place, areas: Iterable[Area]) -> Receipt:
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="inventory") as threads:
        answers = list(threads.map(lambda area: _answer(area, place), areas))
    found = sorted({one for answer in answers if isinstance(answer, tuple) for one in answer}, key=_order)
    unasked = tuple(answer for answer in answers if isinstance(answer, Unasked))
    return Receipt(
        scope,
        leftovers=tuple(one for one in found if one.ours and not one.kept),
        kept=tuple(one for one in found if one.ours and one.kept),
        foreign=tuple(one for one in found if not one.ours),
        unasked=unasked,
        asked=len(answers) - len(unasked),
    )


def _with_idle(receipt: Receipt, cloud: Cloud, reserved: Sequence[str]) -> Receipt:
    try:
        return replace(receipt, idle=idle_reservations(cloud, reserved))
    except CloudError as error:
        return replace(receipt, idle_unasked=Unasked("reservations", error.diagnostics[0].detail))


def _answer(area: Area, place: Place) -> tuple[Leftover, ...] | Unasked:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return tuple(area.find(place))
    except (BotoCoreError, ClientError, KubeError, UnservedError) as error:
        return Unasked(area.what, str(error))
    except TideformError as error:
        return Unasked(area.what, "; ".join(each.detail for each in error.diagnostics))


def _order(found: Leftover) -> tuple[str, str, str]:
    return (found.service, found.kind, found.id)


def _leftover(receipt: Receipt) -> Diagnostic:
    lines = [f"{f.service} {f.kind} {f.id} {f.note}".rstrip() for f in receipt.leftovers]
    lines += [f"{u.what} could not be asked: {u.why}" for u in receipt.unasked]
    detail = "\n".join([f"{receipt.scope}:", *lines])
    fix = "Run the command again; what is ending may only need a moment. Remove by hand what stays."
    if receipt.leftovers:
        return Diagnostic("TD608", Severity.ERROR, "Something is left", detail, fix)
    return Diagnostic("TD616", Severity.ERROR, "It is not certain that nothing is left", detail, fix)
