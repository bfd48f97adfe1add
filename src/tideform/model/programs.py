"""Which programs a deployment has: one a layer, and one a unit where a layer has units.

Pure: the list follows from the spec alone. ``reads`` names the programs whose outputs a program asks for; stages
and previews run in that order.
"""

from __future__ import annotations

from collections.abc import Iterable

from tideform.model.engine import LAYERS, Program
from tideform.paths import stacks_dir
from tideform.spec.deployment import Deployment

UNIT_LAYERS = {
    "training": "training",
    "serving": "serving",
}  # layer: the section of the spec that names its units


def programs(deployment: Deployment) -> tuple[Program, ...]:
    """Every program of the deployment, in the order of the layers."""
    spec = deployment.spec
    found = [program(deployment, "foundation"), program(deployment, "storage")]
    if spec.compliance.frameworks:
        found.append(program(deployment, "compliance"))
    found += [program(deployment, "training", name) for name in spec.training]
    found += [program(deployment, "serving", name) for name in spec.serving]
    if spec.training or spec.serving or spec.monitoring.notify or spec.budget:
        found.append(program(deployment, "monitoring"))
    return tuple(found)


def program(deployment: Deployment, layer: str, unit: str | None = None) -> Program:
    """One program by layer and unit, whether the spec still names it or not."""
    return Program(
        layer=layer,
        unit=unit,
        stack=deployment.name if unit is None else f"{deployment.name}-{deployment.identity(layer, unit)}",
        source=stacks_dir() / layer / "__main__.py",
        reads=READS[layer],
    )


def made_as(deployment: Deployment, layer: str, identity: str) -> Program:
    """The program of a unit that was made under this name, whatever the spec calls it today."""
    section: Iterable[str] = getattr(deployment.spec, UNIT_LAYERS[layer])
    today = (name for name in section if deployment.identity(layer, name) == identity)
    return program(deployment, layer, next(today, identity))


READS: dict[str, tuple[str, ...]] = {
    "foundation": (),
    "storage": ("foundation",),
    "compliance": ("foundation", "storage"),
    "training": ("foundation", "storage"),
    "serving": ("foundation", "storage"),
    "monitoring": ("foundation",),
}


def parse_key(deployment: Deployment, key: str) -> Program:
    """The program of a key such as ``training/nightly``."""
    layer, _, unit = key.partition("/")
    return program(deployment, layer, unit or None)


def in_order(found: Iterable[Program]) -> list[Program]:
    """Sorted by layer, then by unit: the order in which plans are shown."""
    return sorted(found, key=lambda p: (LAYERS.index(p.layer), p.unit or ""))
