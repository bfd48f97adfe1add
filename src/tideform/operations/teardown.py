"""Taking an environment, or one unit of it, down; and proving by inventory that nothing is left.

The order is that of `stages.removal`: what costs most and depends on others goes first, foundation last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from tideform import outlets
from tideform.burst.ownerless import ownerless
from tideform.burst.receipt import Receipt, capacity_receipt
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.engine import data
from tideform.errors import RefusedError
from tideform.model.engine import OnProgress, Program
from tideform.operations.changing import Change, Say, changing, end_dead_bursts, refuse_living_leases
from tideform.operations.held_by_tags import held_by_tags
from tideform.operations.walk import raise_all, walk
from tideform.plan.stages import removal
from tideform.resources.inventory import Leftover
from tideform.spec.deployment import Deployment

if TYPE_CHECKING:
    from tideform.burst.receipt import Receipt
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment


def standing(engine: PulumiEngine, unit: str | None = None) -> tuple[Program, ...]:
    """What a destroy would take down: every stack of the environment, or those of one unit."""
    return tuple(p for p in engine.existing() if unit in (None, p.unit))


def destroy(
    deployment: Deployment,
    *,
    unit: str | None = None,
    delete_data: tuple[str, ...] = (),
    on_progress: OnProgress = lambda _: None,
    wait: float = 0.0,
    say: Say = lambda _: None,
) -> Receipt:
    """Take everything down and ask the services what is left.

    What begins bursts by itself is switched off before leases are judged, and stays off: else a schedule takes the
    next one meanwhile. The reaper and its table go last, once nothing is held any more.

    Raises `RefusedError` where a lease lives, a bucket holds data that ``delete_data`` does not name, or a stack would
    be passed over that may be ours (TD421); then nothing was deleted, and for data that was there before, and such a
    stack, nothing was switched off. Raises `EngineError` for what could not be deleted, `LeftoversError` where capacity
    stays; then the reaper stands, and the rest can be continued.
    """
    from tideform.burst.receipt import environment_receipt
    from tideform.state.owners import refuse_contested

    with changing(deployment, "destroy", wait=wait, say=say) as change:
        refuse_contested(deployment, change.engine.blobs, unit)  # it would stand without the reaper
        programs = standing(change.engine, unit)
        _refuse_held_by_tags(change, programs)
        _refuse_data(change, programs, delete_data)  # before anything is switched off, and again after work has ended
        _switch_off_starters(change, programs, say)
        end_dead_bursts(change, say)
        refuse_living_leases(change)
        _refuse_data(change, programs, delete_data)
        _end_unrecorded(change, unit, say)
        last = tuple(p for p in programs if p.layer == "foundation")
        first = tuple(p for p in programs if p not in last)
        remove(change, first, delete_data=delete_data, on_progress=on_progress)
        if last:
            _require_nothing_held(change)
            remove(change, last, delete_data=delete_data, on_progress=on_progress)
        return environment_receipt(change.cloud, deployment, unit=unit)


def _refuse_held_by_tags(change: Change, programs: Iterable[Program]) -> None:
    if held := held_by_tags(change.deployment, change.engine, programs):
        raise RefusedError(held)


def _switch_off_starters(change: Change, programs: Iterable[Program], say: Say) -> None:
    from tideform.burst.starters import switch_off

    outlets.carry_on()  # what was switched off and not taken down would begin nothing, and nobody would know
    identity = change.deployment.identity
    pools = [identity("training", p.unit) for p in programs if p.layer == "training" and p.unit is not None]
    if off := switch_off(change.cloud, change.deployment, pools):
        say(f"Switched off, so that no burst begins: {', '.join(off)}. `tideform apply` switches them on again.")


def _end_unrecorded(change: Change, unit: str | None, say: Say) -> None:
    """A training job is in no stack: once its pool's are gone, nobody would look for it without the lease table."""
    from tideform.burst.reconcile import end_unrecorded

    pools = [pool for pool in change.deployment.spec.training if unit in (None, pool)]
    for line in end_unrecorded(change.cloud, change.deployment, pools, say=say):
        say(f"recovered: {line}")


def _refuse_data(change: Change, programs: Iterable[Program], delete_data: Collection[str]) -> None:
    """Before anything goes, and not only before what holds it does."""
    from tideform.engine import data

    states = filter(None, map(change.engine.checkpoint, programs))
    doomed = tuple(filter(data.guarded, data.doomed_in(states)))
    data.refuse_unnamed(data.held_data(change.cloud, doomed), delete_data)


def _require_nothing_held(change: Change) -> None:
    """A burst that was beginning when its starter was switched off has a lease by now, and needs the reaper."""
    from tideform.operations.teardown import require_nothing_stands

    refuse_living_leases(change)
    require_nothing_stands(change.cloud, change.deployment)


def remove(
    change: Change,
    programs: Iterable[Program],
    *,
    delete_data: Collection[str] = (),
    on_progress: OnProgress = lambda _: None,
) -> None:
    """Take these programs' stacks away, in the order of removal, under a lock that is held.

    Raises `RefusedError` TD330 for data that ``delete_data`` does not name, before anything is touched.
    """
    from tideform.engine import data

    outlets.carry_on()  # what goes, goes whole, whether somebody watches or not
    programs = tuple(programs)
    states = filter(None, map(change.engine.checkpoint, programs))
    data.clear(lambda: change.cloud, data.doomed_in(states), delete_data)
    walkable = removal(programs, why="asked for")
    by_key = {stage.program.key: stage.program for stage in walkable}
    needs = {
        stage.program.key: [other.program.key for other in walkable if other.level < stage.level] for stage in walkable
    }
    _, failed = walk(
        needs,
        lambda key: change.engine.destroy(by_key[key], on_progress=on_progress),
        on_interrupt=change.on_interrupt,
    )
    raise_all(failed)


def refuse_beforehand(deployment: Deployment, unit: str | None, named: Collection[str]) -> None:
    """Raise `RefusedError` TD330 for data that is not named, TD421 as `refuse_contested`. Changes nothing, unlocked.

    The destroy itself asks again, under its lock. Leases are its business alone: it first switches off what takes them.
    """
    from tideform.connect import cloud_for
    from tideform.engine.fit import checked_backend
    from tideform.state.owners import refuse_contested

    backend = checked_backend(deployment)
    refuse_contested(deployment, backend.blobs, unit)
    programs = (program for program in backend.existing() if unit in (None, program.unit))
    states = filter(None, map(backend.checkpoint, programs))
    if doomed := tuple(filter(data.guarded, data.doomed_in(states))):
        data.refuse_unnamed(data.held_data(cloud_for(deployment), doomed), named)


def require_nothing_stands(cloud: Cloud, deployment: Deployment) -> None:
    """Raises `LeftoversError` (TD608, or TD616 where somebody did not answer) where anything of any pool stands.

    A pool that was taken out of the spec has the reaper alone to end what it left. Raises `CloudError`.
    """
    known = LeaseTable.of(cloud, deployment).look()  # with those whose item cannot be read: no receipt of them is empty
    for pool in sorted({*deployment.spec.training, *known}):
        capacity_receipt(cloud, deployment, pool).require_empty()
    found = tuple(
        Leftover(one.pool, one.kind, one.id, hourly_usd=one.hourly_usd, note=one.why)
        for one in ownerless(cloud, deployment)
    )
    Receipt(f"what no lease holds in {deployment.name}", found, asked=1).require_empty()
