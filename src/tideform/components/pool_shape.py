"""What a pool's words mean in machines: which instance types, how many, and what one job gets of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tideform.errors import TideformError
from tideform.prices.book import Book, InstanceType, book
from tideform.spec.training import Accelerator, Pool

_MOST_TYPES = 4  # enough for spot to choose from; beyond the four cheapest one pays for unused memory
_NOT_NVIDIA = ("Inferentia", "Trainium")


@dataclass(frozen=True)
class PoolShape:
    """The machines of a pool. ``nodes`` is the most instances at once; the types are cheapest first."""

    types: tuple[InstanceType, ...]
    nodes: int

    @property
    def instance_types(self) -> list[str]:
        return [t.name for t in self.types]

    @property
    def accelerators(self) -> int:
        """Accelerators that one job gets: what the smallest of the types has."""
        return min(t.accelerators for t in self.types)

    @property
    def vcpus(self) -> int:
        """vCPUs that one job gets."""
        return min(t.vcpus for t in self.types)

    @property
    def memory_mib(self) -> int:
        """Memory that one job gets, in MiB: a tenth and 256 MiB stay with the system and the container agent.

        https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html
        """
        return int(min(t.memory_gib for t in self.types) * 1024 * 0.9) - 256

    @property
    def max_vcpus(self) -> int:
        """The bound that Batch keeps to. By the smallest type, so that it never means more instances than asked."""
        return self.nodes * self.vcpus


def shape_of(pool: Pool) -> PoolShape:
    """The machines of ``pool``. Raises `TideformError` (TD203 to TD205) where its words name none."""
    if pool.accelerator is not None:
        return _by_accelerator(pool.accelerator, book())
    return _by_types(pool, book())


def _by_types(pool: Pool, prices: Book) -> PoolShape:
    if not pool.instance_types:
        raise TideformError.of(
            "TD203",
            "A pool names no capacity",
            detail="Without an accelerator or instance types nobody knows what to start.",
            fix="Add accelerator: {name: A10G} or instance_types: [c5.large].",
        )
    for name in pool.instance_types:
        if name not in prices.instances:
            raise _unknown("instance type", name, prices.similar_instances(name))
    types = tuple(prices.instances[name] for name in pool.instance_types)
    if len({t.arch for t in types}) > 1:
        raise TideformError.of(
            "TD205",
            "A pool mixes processor architectures",
            detail=f"{', '.join(pool.instance_types)} do not run the same images.",
            fix="Keep the types of one architecture, and make a second pool of the others.",
        )
    return PoolShape(types, pool.nodes.maximum if pool.nodes else 1)


def _by_accelerator(accelerator: Accelerator, prices: Book) -> PoolShape:
    """One instance has as many accelerators as the smallest burst asks for, or else the nearest there is."""
    memory = accelerator.memory.gib if accelerator.memory else None
    fitting = [t for t in prices.resolve(accelerator.name, memory) if "metal" not in t.name]
    if not fitting or prices.canonical(accelerator.name) is None:
        raise _unknown("accelerator", accelerator.name, prices.similar(accelerator.name))
    per_node = _nearest({t.accelerators for t in fitting}, accelerator.count.minimum)
    same = [t for t in fitting if t.accelerators == per_node]
    chosen = [t for t in same if t.arch == same[0].arch][:_MOST_TYPES]
    return PoolShape(tuple(chosen), -(-accelerator.count.maximum // per_node))


def _nearest(sizes: set[int], wanted: int) -> int:
    """The largest size that ``wanted`` fills, or the smallest of all."""
    return max((size for size in sizes if size <= wanted), default=min(sizes))


def is_nvidia(types: Sequence[InstanceType]) -> bool:
    """Whether all of these have GPUs by NVIDIA, which need drivers in the machine image."""
    return all(t.accelerators and not t.accelerator.startswith(_NOT_NVIDIA) for t in types)


def _unknown(what: str, name: str, similar: Sequence[str]) -> TideformError:
    return TideformError.of(
        "TD204",
        "A pool asks for capacity that is not known",
        detail=f"No {what} {name!r} of that size is in the price book, so neither its size nor its cost is known.",
        fix=f"Did you mean {' or '.join(similar)}?" if similar else "See `tideform explain prices`.",
    )
