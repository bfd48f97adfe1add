"""Receipts: the proof that nothing is left, or the list of what is, asked of every service at once.

A service that refuses to answer is part of the receipt: 'could not be asked' is not 'there is nothing'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from tideform.burst.reservations import IDLE, idle_reservations
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import LeftoversError, TideformError
from tideform.kube import KubeError
from tideform.pools.log_groups import job_log_group, lasting_log_groups
from tideform.reaper.kubernetes_groups import UnservedError
from tideform.reaper.legible import THE_TABLE
from tideform.reaper.reserved import Reservation
from tideform.registry.training import backends
from tideform.resources.inventory import Area, Leftover, Place
from tideform.spec.deployment import Deployment
from tideform.unasked import Unasked, ask, reason

_AT_ONCE = 8


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
    idle_unasked: tuple[Unasked, ...] = ()

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
    """What one pool holds that may cost money: instances, disks, spot requests, environments above zero, jobs.

    A pool that the spec no longer names is looked for where the lease table has it.
    """
    from tideform.burst.inventory.areas import CAPACITY

    try:
        deployment = _with(deployment, cloud, pool)
    except TideformError as error:  # nobody knows where it was: all the rest is asked
        receipt = _ask(f"capacity of {pool}", Place(cloud, deployment, pool), CAPACITY)
        unasked = Unasked(f"{THE_TABLE}, for where it was", reason(error))
        return replace(receipt, unasked=(*receipt.unasked, unasked))
    spec = deployment.spec.training.get(pool)
    inside = backends()[spec.backend].inventory() if spec is not None else ()
    receipt = _ask(f"capacity of {pool}", Place(cloud, deployment, pool), (*CAPACITY, *inside))
    if deployment.identity("training", pool) in lasting_log_groups(deployment):
        receipt = _with_log(receipt, Place(cloud, deployment, pool), pool)
    return _with_idle(receipt, cloud, spec.capacity.reserved) if spec else receipt


def _with(deployment: Deployment, cloud: Cloud, pool: str) -> Deployment:
    """The deployment with the pool in it. Raises `TideformError` where the spec has none and no table tells of it."""
    from tideform.burst.as_held import as_held
    from tideform.burst.table import LeaseTable

    if pool in deployment.spec.training:
        return deployment
    return as_held(deployment, LeaseTable.of(cloud, deployment).get(pool))


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


def _with_log(receipt: Receipt, place: Place, pool: str) -> Receipt:
    """A log is no capacity: that it could not be looked for hinders no end, and is told in its place."""
    from tideform.burst.inventory.logs import kept_log

    answer = _answer(Area("its log", partial(kept_log, pool=pool)), place)
    if isinstance(answer, Unasked):
        note = f"whether anything is in it could not be asked: {answer.why}"
        answer = (Leftover("logs", "log group", job_log_group(place.deployment, pool), note=note, kept=True),)
    return replace(receipt, kept=(*receipt.kept, *answer))


def _with_idle(receipt: Receipt, cloud: Cloud, reserved: Sequence[str]) -> Receipt:
    idle, unasked = ask(IDLE, lambda: idle_reservations(cloud, reserved), tuple[Reservation, ...]())
    return replace(receipt, idle=idle, idle_unasked=unasked)


def _answer(area: Area, place: Place) -> tuple[Leftover, ...] | Unasked:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return tuple(area.find(place))
    except (BotoCoreError, ClientError, KubeError, UnservedError) as error:
        return Unasked(area.what, str(error))
    except TideformError as error:
        return Unasked(area.what, reason(error))


def _order(found: Leftover) -> tuple[str, str, str]:
    return (found.service, found.kind, found.id)


def _leftover(receipt: Receipt) -> Diagnostic:
    lines = [f"{f.service} {f.kind} {f.id} {f.note}".rstrip() for f in receipt.leftovers]
    lines += map(str, receipt.unasked)
    detail = "\n".join([f"{receipt.scope}:", *lines])
    fix = "Run the command again; what is ending may only need a moment. Remove by hand what stays."
    if receipt.leftovers:
        return Diagnostic("TD608", Severity.ERROR, "Something is left", detail, fix)
    return Diagnostic("TD616", Severity.ERROR, "It is not certain that nothing is left", detail, fix)
