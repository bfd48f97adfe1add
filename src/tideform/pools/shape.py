"""What a pool's words mean in machines: which instance types, how many, and what one job gets of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import TideformError
from tideform.prices.book import Book, InstanceType, book
from tideform.registry.training import features
from tideform.spec.suggest import one_of
from tideform.spec.training import Accelerator, Pool

_MOST_TYPES = 4  # enough for spot to choose from; beyond the four cheapest one pays for unused memory
_NOT_NVIDIA = ("Inferentia", "Trainium")


@dataclass(frozen=True)
class LeftOut:
    """An instance type that has the accelerator and is not used, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class PoolShape:
    """The machines of a pool. ``nodes`` is the most instances at once; the types are cheapest first."""

    types: tuple[InstanceType, ...]
    nodes: int
    left_out: tuple[LeftOut, ...] = ()

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
    """The machines of ``pool``. Raises `TideformError` (TD203 to TD205, TD215) where its words name none.

    The diagnostics' paths are relative to the pool.
    """
    prices = book().sagemaker() if features(pool.backend).ml_machines else book()
    if pool.accelerator is not None:
        return _by_accelerator(pool, pool.accelerator, prices)
    return _by_types(pool, prices)


def _by_types(pool: Pool, prices: Book) -> PoolShape:
    if not pool.instance_types:
        raise _wrong(
            "TD203",
            "A pool names no capacity",
            "",
            detail="Without an accelerator or instance types nobody knows what to start.",
            fix="Add accelerator: {name: A10G} or instance_types: [c5.large].",
        )
    for index, name in enumerate(pool.instance_types):
        if prices.known(name) is None:
            raise _unknown("instance type", name, prices.similar_instances(name), f"instance_types.{index}")
    types = tuple(kind for name in pool.instance_types if (kind := prices.known(name)) is not None)
    if len({t.arch for t in types}) > 1:
        raise _wrong(
            "TD205",
            "A pool mixes processor architectures",
            "instance_types",
            detail=f"{', '.join(pool.instance_types)} do not run the same images.",
            fix="Keep the types of one architecture, and make a second pool of the others.",
        )
    if pool.interconnect == "efa" and (without := [t.name for t in types if not t.efa]):
        raise _no_efa(f"{', '.join(without)} cannot have EFA adapters.", prices)
    return PoolShape(types, pool.nodes.maximum if pool.nodes else 1)


def _by_accelerator(pool: Pool, accelerator: Accelerator, prices: Book) -> PoolShape:
    """One node has as many accelerators as its share of the smallest burst, or else the nearest there is."""
    having = prices.resolve(accelerator.name)
    if not having or prices.canonical(accelerator.name) is None:
        raise _unknown("accelerator", accelerator.name, prices.similar(accelerator.name), "accelerator.name")
    chosen, left_out = list(having), list[LeftOut]()

    def keep(rule: Callable[[InstanceType], bool], why: Callable[[InstanceType], str]) -> None:
        left_out.extend(LeftOut(t.name, why(t)) for t in chosen if not rule(t))
        chosen[:] = [t for t in chosen if rule(t)]

    keep(lambda t: "metal" not in t.name, lambda _: "bare metal starts slowly")
    least = accelerator.memory.gib if accelerator.memory else 0
    keep(lambda t: t.memory_per_accelerator_gib >= least, lambda t: f"{_memory(t)}, and {least} GiB are wanted")
    if not chosen:
        raise _too_small(accelerator, having)
    if pool.interconnect == "efa":
        keep(lambda t: t.efa, lambda _: "it cannot have EFA adapters")
        if not chosen:
            raise _no_efa(f"No machine with {accelerator.name} can have EFA adapters.", prices)
    share = max(1, accelerator.count.minimum // pool.job.nodes)
    per_node = _nearest({t.accelerators for t in chosen}, share)
    nearest = "" if per_node == share else f", which {per_node} come nearest to"
    keep(
        lambda t: t.accelerators == per_node,
        lambda t: f"it has {t.accelerators}, and a node needs {share}{nearest}",
    )
    arch = chosen[0].arch
    keep(lambda t: t.arch == arch, lambda t: f"its processor is {t.arch}, and the cheapest machine's {arch}")
    cheapest = chosen[:_MOST_TYPES]
    keep(lambda t: t in cheapest, lambda _: f"dearer, and {_MOST_TYPES} cheaper types are enough to choose from")
    return PoolShape(tuple(chosen), -(-accelerator.count.maximum // per_node), tuple(left_out))


def _memory(kind: InstanceType) -> str:
    size = kind.memory_per_accelerator_gib
    return f"one accelerator has {size:g} GiB" if size else "the memory of its accelerators is not known"


def _nearest(sizes: set[int], wanted: int) -> int:
    """The largest size that ``wanted`` fills, or the smallest of all."""
    return max((size for size in sizes if size <= wanted), default=min(sizes))


def is_nvidia(types: Sequence[InstanceType]) -> bool:
    """Whether all of these have GPUs by NVIDIA, which need drivers in the machine image."""
    return all(t.accelerators and not t.accelerator.startswith(_NOT_NVIDIA) for t in types)


def shape_problems(name: str, pool: Pool) -> Iterator[Diagnostic]:
    """Why the words of the pool ``name`` mean no machines; each with its place in the spec."""
    try:
        shape_of(pool)
    except TideformError as error:
        for found in error.diagnostics:
            path = ".".join(part for part in ("training", name, found.path) if part)
            yield Diagnostic(found.code, found.severity, found.summary, found.detail, found.fix, path=path)


def _unknown(what: str, name: str, similar: Sequence[str], path: str) -> TideformError:
    return _wrong(
        "TD204",
        "A pool asks for capacity that is not known",
        path,
        detail=f"No {what} {name!r} is known to this version, so neither its size nor its cost is.",
        fix=f"Did you mean {' or '.join(similar)}?" if similar else _write(what),
    )


def _write(what: str) -> str:
    if what == "accelerator":
        return f"There is {one_of(book().accelerators())}."
    return "Write it as EC2 calls it, such as g5.xlarge, or as SageMaker does, such as ml.g5.xlarge."


def _too_small(accelerator: Accelerator, having: Sequence[InstanceType]) -> TideformError:
    most = max(t.memory_per_accelerator_gib for t in having)
    return _wrong(
        "TD214",
        "No machine has this accelerator",
        "accelerator.memory",
        detail=f"{accelerator.name} comes with at most {most:g} GiB, and {accelerator.memory} are wanted.",
        fix="Ask for less memory, or for a larger accelerator.",
    )


def _no_efa(detail: str, prices: Book) -> TideformError:
    able = sorted((t for t in prices.instances.values() if t.efa), key=lambda t: t.on_demand_usd)
    return _wrong(
        "TD215",
        "A machine cannot have EFA adapters",
        "interconnect",
        detail=detail,
        fix=f"Remove interconnect, or use machines such as {', '.join(t.name for t in able[:3])}.",
    )


def _wrong(code: str, summary: str, path: str, *, detail: str, fix: str) -> TideformError:
    return TideformError(Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=fix, path=path))
