"""The price book: what capacity costs per hour, and the shapes of instance types, as of one stated date.

Sources: AWS EC2 on-demand prices, Linux, us-east-1, 2026-07-20; average spot savings and monthly interruption
bands: AWS spot advisor, July 2025; other services: their list prices in us-east-1 (``data/services.csv``).
Other regions cost more or less: the book does not know by how much, and `Book.note_for` says so.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

REGION: Final = "us-east-1"
HOURS_A_MONTH: Final = 730  # the month that AWS's own calculator uses
SAGEMAKER_FACTOR: Final = 1.25  # what SageMaker asks over EC2: its list prices are 1.15 to 1.4 times EC2's
_DATE: Final = date(2026, 7, 20)
DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True)
class InstanceType:
    """One EC2 instance type: memory in GiB, price in USD an hour, accelerator memory the whole instance's.

    ``accelerators`` is 0 where an instance has none, and where it has only a part of one (g6f).
    """

    name: str
    vcpus: int
    memory_gib: float
    arch: str  # as EC2 calls it: x86_64, arm64
    accelerators: int
    accelerator: str  # without the maker's name: A10G; empty if there is none
    accelerator_memory_gib: float  # 0.0 where it is not known
    efa: bool
    on_demand_usd: float
    spot_saving_percent: int | None  # average; None: the spot advisor does not list the type
    spot_interruption: str | None  # monthly band: "<5%" … ">20%"
    priced: bool = True  # False: ``on_demand_usd`` is a high estimate, as no price is known

    @property
    def family(self) -> str:
        """``g5`` of ``g5.xlarge``."""
        return self.name.partition(".")[0]

    @property
    def usd_per_accelerator(self) -> float:
        """USD an hour and whole accelerator. Raises `ZeroDivisionError` where there is none."""
        return self.on_demand_usd / self.accelerators

    @property
    def memory_per_accelerator_gib(self) -> float:
        """GiB of one accelerator, 0.0 where it is not known."""
        return self.accelerator_memory_gib / self.accelerators if self.accelerators else 0.0

    @property
    def spot_usd(self) -> float | None:
        """The average spot price in USD an hour, where the saving is known; never a bound."""
        if self.spot_saving_percent is None:
            return None
        return self.on_demand_usd * (100 - self.spot_saving_percent) / 100


@dataclass(frozen=True)
class ServicePrice:
    """The standing price of something that is no instance."""

    key: str
    hourly: float  # USD
    source: str


@dataclass(frozen=True)
class Book:
    """All prices of one date."""

    date: date
    instances: Mapping[str, InstanceType]
    services: Mapping[str, ServicePrice]
    unpriced: Mapping[str, InstanceType]  # further types, which a pool may name

    def known(self, name: str) -> InstanceType | None:
        """A type by its name, with a price or without."""
        return self.instances.get(name) or self.unpriced.get(name)

    def accelerators(self) -> set[str]:
        """The names that `resolve` knows, as their makers write them: ``A10G``, ``Trainium``."""
        return {t.accelerator for t in (*self.instances.values(), *self.unpriced.values()) if t.accelerators}

    def canonical(self, accelerator: str) -> str | None:
        """The name as the book writes it, for any case and with or without ``NVIDIA``; None if unknown."""
        return {name.casefold(): name for name in self.accelerators()}.get(_short(accelerator).casefold())

    def similar(self, accelerator: str) -> list[str]:
        """Accelerators whose names look like this one, best first."""
        return _similar(_short(accelerator), self.accelerators())

    def similar_instances(self, instance_type: str) -> list[str]:
        """Instance types whose names look like this one, best first."""
        return _similar(instance_type, {*self.instances, *self.unpriced})

    def resolve(self, accelerator: str, memory_gib: float | None = None) -> list[InstanceType]:
        """The types with whole accelerators of this name, cheapest per accelerator first.

        ``memory_gib`` is the least memory of one accelerator; types of unknown memory then do not count.
        An unknown name gives an empty list; `similar` has suggestions.
        """
        name = self.canonical(accelerator)
        having = [t for t in self.instances.values() if t.accelerators and t.accelerator == name]
        having = having or [t for t in self.unpriced.values() if t.accelerators and t.accelerator == name]
        fitting = [t for t in having if t.memory_per_accelerator_gib >= (memory_gib or 0)]
        return sorted(fitting, key=lambda t: (t.usd_per_accelerator, t.on_demand_usd, t.name))

    def endpoint_instance(self, ml_type: str) -> ServicePrice | None:
        """What one ``ml.`` instance of an endpoint costs; where it has to be estimated, ``source`` says so."""
        key = f"sagemaker:{ml_type}"
        if key in self.services:
            return self.services[key]
        shape = self.instances.get(ml_type.removeprefix("ml."))
        if shape is None:
            return None
        note = f"estimate: {SAGEMAKER_FACTOR} times the price of {shape.name} on EC2"
        return ServicePrice(key, shape.on_demand_usd * SAGEMAKER_FACTOR, note)

    def instance(self, kind: str) -> InstanceType | None:
        """A machine by what it is billed as: ``g5.xlarge``, or ``ml.g5.xlarge`` of SageMaker."""
        return self.sagemaker().known(kind) if kind.startswith("ml.") else self.known(kind)

    def sagemaker(self) -> Book:
        """The same book with the machines of SageMaker's training jobs, at SageMaker's prices, under their names."""
        return _sagemaker()

    def note_for(self, region: str) -> str:
        """What to add to a cost in this region: nothing in the book's own, a warning anywhere else."""
        if region == REGION:
            return ""
        return f"prices are those of {REGION} on {self.date}; {region} may differ"


@cache
def book() -> Book:
    """The book, read once a process."""
    instances = {t.name: t for t in map(_instance, _rows(f"{REGION}.csv"))}
    return Book(
        date=_DATE,
        instances=MappingProxyType(instances),
        unpriced=MappingProxyType({t.name: t for t in _unpriced(list(instances.values()))}),
        services=MappingProxyType({s.key: s for s in map(_service, _rows("services.csv"))}),
    )


@cache
def _sagemaker() -> Book:
    """Which machines there are: the values that CreateTrainingJob takes (botocore 1.44.5)."""
    whole = book()
    names = [row["instance_type"] for row in _rows("sagemaker-training.csv")]
    found = {name: _training(whole, name) for name in names}
    rows = (row["instance_type"] for row in _rows("unpriced.csv") if row["sagemaker"] == "True")
    others = {f"ml.{name}": _dearer(whole.unpriced[name]) for name in rows}
    return replace(whole, instances=MappingProxyType(found), unpriced=MappingProxyType(others))


def _dearer(shape: InstanceType) -> InstanceType:
    return replace(shape, name=f"ml.{shape.name}", on_demand_usd=shape.on_demand_usd * SAGEMAKER_FACTOR)


def _unpriced(known: Sequence[InstanceType]) -> Iterator[InstanceType]:
    """Types without a price: reckoned as dear as the dearest alike, so that a cap acts too soon and not too late."""
    dearest = {False: 0.0, True: 0.0}  # by whether it has accelerators: USD an hour and vCPU
    for kind in known:
        dearest[bool(kind.accelerator)] = max(dearest[bool(kind.accelerator)], kind.on_demand_usd / kind.vcpus)
    for row in _rows("unpriced.csv"):
        usd = dearest[bool(row["accelerator"])] * int(row["vcpus"])
        nothing = {"spot_saving_percent": "", "spot_interruption_per_month": "", "on_demand_usd_per_hour": f"{usd:.2f}"}
        yield replace(_instance({**row, **nothing}), priced=False)


def _training(whole: Book, name: str) -> InstanceType:
    """Training costs what the same machine costs behind an endpoint. https://aws.amazon.com/sagemaker/pricing/"""
    shape, price = whole.instances[name.removeprefix("ml.")], whole.endpoint_instance(name)
    if price is None:
        raise LookupError(name)
    return replace(shape, name=name, on_demand_usd=price.hourly)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _instance(row: dict[str, str]) -> InstanceType:
    return InstanceType(
        name=row["instance_type"],
        vcpus=int(row["vcpus"]),
        memory_gib=float(row["memory_gib"]),
        arch=row["arch"],
        accelerators=int(row["accelerators"]),
        accelerator=_short(row["accelerator"]),
        accelerator_memory_gib=float(row["accelerator_memory_gib"]),
        efa=row["efa"] == "True",
        on_demand_usd=float(row["on_demand_usd_per_hour"]),
        spot_saving_percent=int(saving) if (saving := row["spot_saving_percent"]) else None,
        spot_interruption=row["spot_interruption_per_month"] or None,
    )


def _service(row: dict[str, str]) -> ServicePrice:
    hours = HOURS_A_MONTH if row["per"] == "month" else 1
    return ServicePrice(row["key"], float(row["usd"]) / hours, row["source"])


def _short(accelerator: str) -> str:
    words = accelerator.split()
    return " ".join(words[1:] if words and words[0].casefold() == "nvidia" else words)


def _similar(name: str, known: Mapping[str, object] | set[str]) -> list[str]:
    by_folded = {k.casefold(): k for k in known}
    return [by_folded[f] for f in difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.5)]
