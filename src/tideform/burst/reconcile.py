"""Finishing what crashed bursts left: run before every command that changes something."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from tideform.burst.as_held import as_held, moves
from tideform.burst.chronicle import End
from tideform.burst.clearance import Hooks
from tideform.burst.halt import Say, silent, uncut
from tideform.burst.lease import Lease, PoolRecord, State
from tideform.burst.persistence import passing, patiently
from tideform.burst.table import LeaseTable
from tideform.burst.teardown import Teardown
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic
from tideform.errors import CloudError, LeftoversError, RefusedError
from tideform.reaper.fates import CUT_SHORT
from tideform.spec.deployment import Deployment

_SILENCE = 1800.0  # seconds after which a teardown that nobody finished is taken over from another host


def reconcile(
    cloud: Cloud,
    deployment: Deployment,
    hooks: Hooks | None = None,
    *,
    say: Say = silent,
    own: str | None = None,
) -> list[str]:
    """End the bursts that nobody else will end any more; returns what was done, in words.

    Those are leases past their deadline or spend cap, those whose process died on this machine, teardowns that were cut
    short, and definitions of pools that the reaper has ended. Without a lease table there is nothing to do.

    ``own`` is the pool that the command is about: for that one it raises `LeftoversError` if capacity stays. What is
    left of others is told, and hinders nobody: the reaper goes on with it. None: the command is about all of them.
    """
    done: list[str] = []
    clock, table = cloud.clock, LeaseTable.of(cloud, deployment)
    found = list(patiently(table.look, say, worth=passing).values())
    for broken in (one for one in found if isinstance(one, Diagnostic)):
        say(f"{broken.summary} ({broken.code}): {broken.detail} {broken.fix}")
    for record in (one for one in found if not isinstance(one, Diagnostic)):
        teardown = Teardown.of(cloud, as_held(deployment, record), record.pool, hooks or Hooks(), say)
        leaves = moves(deployment, record)
        if own in (None, record.pool):
            done += _settle(teardown, record, clock(), leaves=leaves)
            continue
        try:
            done += _settle(teardown.hurried(), record, clock(), leaves=leaves)
        except (CloudError, LeftoversError) as error:
            told = "; ".join(f"{one.summary}: {one.detail}" for one in error.diagnostics)
            say(f"{record.pool} is left to the reaper: {told}")
    return done


def end_unrecorded(cloud: Cloud, deployment: Deployment, pools: Iterable[str], *, say: Say = silent) -> list[str]:
    """End what stands of these pools of the spec where there is no lease table; returns what was done, in words.

    Their definitions stay. Raises `LeftoversError` if capacity stays.
    """
    done = []
    for pool in pools:
        teardown = Teardown.of(cloud, deployment, pool, Hooks(), say).keeping()
        with uncut(say) as halt:
            if teardown.unrecorded(partial(getattr, halt, "asked")):
                teardown.end_without_table(halt.pause)
                done.append(f"ended what stood of {pool}, which nobody can hold without the lease table")
    return done


def _settle(teardown: Teardown, record: PoolRecord, now: float, *, leaves: bool) -> list[str]:
    """What is to be done about one pool; ``leaves`` whether it has another place now."""
    done = _finish(teardown, record, now) if record.state is State.STOPPING else _end_orphans(teardown, record, now)
    done += _after_the_reaper(teardown, record) if record.reaped and not record.leases else []
    return done + (_leave(teardown, record) if leaves else [])


def live_leases(cloud: Cloud, deployment: Deployment) -> list[Lease]:
    """Every lease of the project and environment, oldest first; none where foundation is not applied.

    Raises `RefusedError` TD624 where an item cannot be read: what its pool holds, nobody knows.
    """
    seen = LeaseTable.of(cloud, deployment).look().values()
    if broken := [one for one in seen if isinstance(one, Diagnostic)]:
        raise RefusedError(broken)
    found = [lease for record in seen if not isinstance(record, Diagnostic) for lease in record.leases]
    return sorted(found, key=lambda lease: lease.created)


def _finish(teardown: Teardown, record: PoolRecord, now: float) -> list[str]:
    """Take a teardown over whose process is dead, or silent for very long."""
    dead = record.stopper is not None and record.stopper.known_dead
    if not dead and now - record.stopping_since < _SILENCE:
        return []
    taken = teardown.table.take_over(record, now)
    if taken is None:
        return []
    with uncut(teardown.say) as halt:
        receipt = teardown.finish(taken, halt.pause, End(CUT_SHORT))
    return [] if receipt is None else [f"finished the teardown of {record.pool}, which had been cut short"]


def _leave(teardown: Teardown, record: PoolRecord) -> list[str]:
    """An idle pool has another backend now: once nothing of it is where it was, that place may be forgotten."""
    with uncut(teardown.say) as halt:
        receipt = teardown.end_unheld(halt.pause)
    if receipt is None or not teardown.table.forget_place(teardown.table.get(record.pool)):
        return []
    return [f"nothing of {record.pool} is left on {record.handle['backend']}"]


def _after_the_reaper(teardown: Teardown, record: PoolRecord) -> list[str]:
    """The reaper ends what costs money and no definitions: a pool that stands during bursts only is removed here."""
    if not teardown.removes():
        teardown.table.settled(record)
        return []
    with uncut(teardown.say) as halt:
        receipt = teardown.end_unheld(halt.pause)
    if receipt is None or not teardown.table.settled(record):
        return []
    return [f"removed the definitions of {record.pool}, whose burst the reaper had ended"]


def _end_orphans(teardown: Teardown, record: PoolRecord, now: float) -> list[str]:
    done = []
    for lease in record.leases:
        if why := lease.orphaned(now):
            with uncut(teardown.say) as halt:
                teardown.give_back(lease, halt.pause, partial(getattr, halt, "asked"), End(why))
            done.append(f"ended {lease.owner}'s burst of {record.pool}: {why}")
    return done
