"""The meter: node-seconds times price, split over the leases that held the pool. Pure.

Of each node it is known how many of its seconds are counted, so nothing is counted twice or lost, whoever counts
whenever: all that matters is that a node is seen once after its end. What ran while several held the pool is split
evenly between them; what ran while nobody did is the doing of the one who held it last. A machine that is one
lease's alone is that one's: others only wait for room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import chain, pairwise
from typing import Any

from tideform.reaper.base import Node
from tideform.reaper.legible import legible

Price = Callable[[Node], float | None]  # USD an hour; None: nobody knows

_REMEMBER = 7200.0  # seconds; EC2 tells of an ended instance for about an hour
_KEEP_ENDED = 200
_KEEP_MONTHS = 13


@dataclass
class Hold:
    """One lease's time on the pool, and what it has cost. ``ended`` is None while it is held.

    ``mode`` is how it was asked for; empty where nobody wrote it down.
    """

    owner: str
    created: float
    ended: float | None = None
    usd: float = 0.0
    seconds: float = 0.0
    mode: str = ""


@dataclass
class Counted:
    """How many of one node's seconds are counted, up to when, and whether it went at a time that nobody told."""

    seconds: float
    until: float
    lost: bool = False


@dataclass
class Account:
    """What one pool has cost. ``owners`` and ``months`` are USD by month (``2026-11``), ``hourly`` what it costs now.

    ``own`` is the part of ``hourly`` that is one lease's alone, by lease. ``types_of`` are the machines that were
    counted as each lease's, ``unpriced_of`` those that were counted without a price. ``types`` and ``unpriced`` are of
    versions that told no leases apart: of all machines that the pool ever had.
    """

    at: float = 0.0
    version: int = 0
    usd: float = 0.0
    hourly: float = 0.0
    nodes: dict[str, Counted] = field(default_factory=dict)
    leases: dict[str, Hold] = field(default_factory=dict)
    months: dict[str, float] = field(default_factory=dict)
    owners: dict[str, dict[str, float]] = field(default_factory=dict)
    types: list[str] = field(default_factory=list)
    unpriced: list[str] = field(default_factory=list)
    own: dict[str, float] = field(default_factory=dict)
    types_of: dict[str, list[str]] = field(default_factory=dict)
    unpriced_of: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, item: Mapping[str, Any] | None) -> Account:
        """Read what `as_item` wrote; an empty account where there is none.

        What cannot be read of it is left out: its machines are counted from their beginning again.
        """
        given = legible(item or {})
        nodes = {key: Counted(**each) for key, each in given.pop("nodes", {}).items()}
        leases = {key: Hold(**each) for key, each in given.pop("leases", {}).items()}
        return cls(**given, nodes=nodes, leases=leases)

    def as_item(self, key: str) -> dict[str, Any]:
        """As one item of the table."""
        return {"pk": key, **asdict(self)}

    def holders(self) -> list[str]:
        """The leases that are held now."""
        return [lease for lease, hold in self.leases.items() if hold.ended is None]

    def counted(self, lease: str) -> tuple[str, ...]:
        """The types of machines that the lease's sum has; of one that an older version counted all that it saw."""
        return tuple(self.types_of.get(lease, self.types if self._of_old(lease) else ()))

    def missing(self, *leases: str) -> tuple[str, ...]:
        """The types of machines that the sums of these leases have without a price, each named once."""
        found = (self.unpriced_of.get(one, self.unpriced if self._of_old(one) else ()) for one in leases)
        return tuple(sorted(set(chain.from_iterable(found))))

    def _of_old(self, lease: str) -> bool:
        return lease not in self.types_of and lease in self.leases and self.leases[lease].seconds > 0

    def rate(self, lease: str) -> float:
        """What the lease's share costs an hour now."""
        holders = self.holders()
        shared = self.hourly - sum(self.own.values())
        return self.own.get(lease, 0.0) + shared / len(holders) if lease in holders else 0.0


def count(
    account: Account,
    nodes: Iterable[Node],
    live: Mapping[str, Mapping[str, Any]],
    ended: Mapping[str, Mapping[str, Any]],
    price: Price,
    now: float,
) -> Account:
    """The account with everything counted up to ``now``, which has to be taken before the leases are read.

    ``live`` and ``ended`` are the pool's leases: ``owner``, ``created``, and ``ended`` of the latter.
    """
    after = deepcopy(account)
    after.at, after.version, after.hourly = max(now, account.at), account.version + 1, 0.0
    after.own = {}
    _note_leases(after, live, ended, now)
    shares: dict[tuple[float, float, str], list[_Share]] = {}
    for node in nodes:
        usd = price(node)
        before = account.nodes.get(node.id)
        mark = _mark(before, node, now, forgotten=min(account.at, now - _REMEMBER))
        if mark is None:
            continue
        after.nodes[node.id] = mark
        more = mark.seconds - (before.seconds if before else 0.0)
        if more:
            spell = (mark.until - abs(more), mark.until, node.lease)
            if spell not in shares:
                shares[spell] = _shares(after.leases, *spell)
            for share in shares[spell]:
                _charge(after, share, usd or 0.0, sign=1 if more > 0 else -1)
                _note_type(after, share.lease, node, known=usd is not None)
        if node.ended is None and node.state != "terminated":
            after.hourly += usd or 0.0
            if node.lease in after.leases:
                after.own[node.lease] = after.own.get(node.lease, 0.0) + (usd or 0.0)
    return _pruned(after, now)


@dataclass(frozen=True)
class _Share:
    """So many seconds of a node, as one lease's; nobody's where ``lease`` is empty."""

    lease: str
    month: str
    seconds: float


def _note_leases(account: Account, live: Mapping[str, Any], ended: Mapping[str, Any], now: float) -> None:
    for lease, held in {**ended, **live}.items():
        new = Hold(held["owner"], float(held["created"]), mode=str(held.get("mode", "")))
        hold = account.leases.setdefault(lease, new)
        if lease not in live:
            hold.ended = float(held["ended"])
    for lease, hold in account.leases.items():
        if hold.ended is None and lease not in live:  # nobody wrote when it ended
            hold.ended = now


def _mark(before: Counted | None, node: Node, now: float, forgotten: float) -> Counted | None:
    """How far the node is counted now; None where there is nothing to count.

    One that ended before ``forgotten`` may have been counted, and is remembered no more.
    Its seconds may shrink: SageMaker tells what it bills of a spot job when that has ended.
    """
    gone_untold = node.ended is None and node.state == "terminated"
    if before is None:
        if gone_untold or (node.ended is not None and node.ended <= forgotten):
            return None
    elif before.lost:
        return before
    end = max(node.launched + node.least, now if node.ended is None else min(now, node.ended))
    return Counted(end - node.launched, end, lost=gone_untold)


def _note_type(account: Account, lease: str, node: Node, *, known: bool) -> None:
    """Once something of the node is counted: EC2 still tells of those of earlier bursts, whose price nobody has now."""
    for of, noted in ((account.types_of, True), (account.unpriced_of, not known)):
        if lease and noted and node.type not in of.get(lease, ()):
            of[lease] = sorted([*of.get(lease, ()), node.type])


def _shares(leases: Mapping[str, Hold], begin: float, end: float, own: str) -> list[_Share]:
    """The span in pieces in which always the same leases held the pool, each split evenly among them, or ``own``'s."""
    times = {begin, end, _month_begin(end)}
    times |= {when for hold in leases.values() for when in (hold.created, hold.ended) if when is not None}
    cuts = sorted(when for when in times if begin <= when <= end)
    found: list[_Share] = []
    for a, b in pairwise(cuts):
        holders = [own] if own in leases else _holders(leases, a, b)
        found += [_Share(lease, _month(a), (b - a) / len(holders)) for lease in holders]
    return found


def _holders(leases: Mapping[str, Hold], a: float, b: float) -> Sequence[str]:
    found = [key for key, h in leases.items() if h.created <= a and (h.ended is None or h.ended >= b)]
    if found:
        return found
    before = [(h.ended, key) for key, h in leases.items() if h.ended is not None and h.ended <= a]
    return [max(before)[1] if before else ""]


def _charge(account: Account, share: _Share, hourly: float, *, sign: int) -> None:
    usd = sign * hourly * share.seconds / 3600
    owner = ""
    if share.lease:
        hold = account.leases[share.lease]
        owner = hold.owner
        hold.usd += usd
        hold.seconds += sign * share.seconds
    account.usd += usd
    account.months[share.month] = account.months.get(share.month, 0.0) + usd
    if owner:
        owners = account.owners.setdefault(share.month, {})
        owners[owner] = owners.get(owner, 0.0) + usd


def _pruned(account: Account, now: float) -> Account:
    """An item holds 400 KB: forget nodes that are told of no more, and all but the sums of leases of long ago."""
    account.nodes = {key: each for key, each in account.nodes.items() if each.until > now - _REMEMBER}
    ended = sorted((h.ended, key) for key, h in account.leases.items() if h.ended is not None)
    forgotten = {key for when, key in ended[: max(0, len(ended) - _KEEP_ENDED)] if when < now - _REMEMBER}
    account.leases = {key: hold for key, hold in account.leases.items() if key not in forgotten}
    for of in (account.types_of, account.unpriced_of):
        for lease in of.keys() - account.leases.keys():
            of.pop(lease)
    for months in (account.months, account.owners):
        for month in sorted(months)[:-_KEEP_MONTHS]:
            months.pop(month)
    return account


def _month(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m")


def _month_begin(when: float) -> float:
    day = datetime.fromtimestamp(when, UTC)
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
