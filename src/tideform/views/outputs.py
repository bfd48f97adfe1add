"""Outputs of the stacks, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tideform.model.planned import SECRET, Outputs
from tideform.views.json_plan import known
from tideform.views.lines import Line, plain
from tideform.views.order import program_order
from tideform.views.values import block


def named(outputs: Mapping[str, Outputs]) -> dict[str, Any]:
    """All outputs by their full name, ``storage.buckets``, in the order of the layers."""
    return {
        f"{key}.{name}": outputs[key][name]
        for key in sorted(outputs, key=program_order)
        for name in sorted(outputs[key])
    }


def output_lines(values: Mapping[str, Any]) -> Iterator[Line]:
    """Every output, as it would stand in a plan."""
    if not values:
        yield plain("Nothing stands yet, so there are no outputs.")
        return
    width = max(map(len, values))
    for name, value in values.items():
        first, *rest = block(value)
        yield plain(f"{name:<{width}} = {first}")
        yield from map(plain, rest)


def outputs_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs in the manner of ``terraform output -json``."""
    return {name: {"sensitive": value is SECRET, "value": known(value)} for name, value in values.items()}
