"""Which questions make a receipt: all for an environment, fewer for one unit or its capacity.

What programs make is asked for as each type says (`tideform.resources`); the modules here ask for the rest: machines
and jobs, and what services make by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.inventory import autoscaling, batch, compute, logs, sagemaker, watch
from tideform.resources.inventory import Area
from tideform.resources.registry import all_types

_MADE_BY_OTHERS = (*compute.AREAS, *autoscaling.AREAS, *batch.AREAS, *sagemaker.AREAS, *watch.AREAS)


def _of_types(*, in_units: bool = False) -> Iterator[Area]:
    for each in all_types().values():
        if isinstance(each.inventory, Area) and (each.in_units or not in_units):
            yield each.inventory


ENVIRONMENT: tuple[Area, ...] = (*_of_types(), *_MADE_BY_OTHERS)

UNIT: tuple[Area, ...] = tuple(map(logs.of_a_unit, (*_of_types(in_units=True), *_MADE_BY_OTHERS)))

CAPACITY: tuple[Area, ...] = (
    *compute.AREAS,
    *autoscaling.CAPACITY,
    Area("Batch compute environments", batch.awake),
    *batch.AREAS,
    *sagemaker.AREAS,
)
