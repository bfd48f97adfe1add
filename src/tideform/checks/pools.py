"""What holds of a pool on every backend, once its words are known in machines and prices."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.checks.job_request import told_problems
from tideform.diagnostics import Diagnostic
from tideform.pools.blocks import block_problems
from tideform.pools.disks import disk_problems
from tideform.pools.images import image_problems
from tideform.pools.job_size import job_too_large
from tideform.pools.regions import place_problems
from tideform.pools.shape import shape_of, shape_problems
from tideform.pools.worst_case import first_checkpoint, least_billed, usd_words
from tideform.pools.zones import zone_names
from tideform.prices.book import book
from tideform.spec.deployment import Deployment
from tideform.spec.problems import problem
from tideform.spec.training import Pool


def pool_rules(deployment: Deployment, name: str) -> Iterator[Diagnostic]:
    """Everything that is wrong with one pool; paths begin with ``training.<name>``."""
    pool, path = deployment.spec.training[name], f"training.{name}"
    yield from _accelerator_of_types(path, pool)
    yield from _zones(deployment, path, pool)
    yield from told_problems(deployment, name)
    yield from image_problems(deployment, name)
    wrong = list(shape_problems(name, pool))
    yield from wrong
    if not wrong:
        yield from job_too_large(f"{path}.job.nodes", pool, pool.job.nodes)
        yield from _cap(path, pool)
        yield from disk_problems(path, pool, shape_of(pool))
        yield from place_problems(path, pool, shape_of(pool), deployment.region)
        yield from block_problems(deployment, path, pool)


def _accelerator_of_types(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """Both are given: that is one too many, and worse where they do not agree."""
    if pool.accelerator is None or not pool.instance_types:
        return
    wanted = book().canonical(pool.accelerator.name)
    found = [kind for name in pool.instance_types if (kind := book().known(name)) is not None]
    if wanted and found and all(kind.accelerator != wanted for kind in found):
        has = {kind.name: kind.accelerator or "none" for kind in found}
        detail = f"None of the instance types has a {wanted}: {', '.join(f'{n} has {a}' for n, a in has.items())}."
        fix = f"Remove instance_types, or name {', '.join(t.name for t in book().resolve(wanted)[:3])}."
        yield problem("TD214", detail, fix=fix, path=f"{path}.accelerator.name")


def _zones(deployment: Deployment, path: str, pool: Pool) -> Iterator[Diagnostic]:
    network = deployment.spec.network
    if network.existing is not None:
        return
    known = [name[-1] for name in zone_names(deployment)]
    for index, zone in enumerate(pool.zones):
        if zone not in known:
            detail = f"The network has the zones {', '.join(known)} of {deployment.region}, and no {zone!r}."
            fix = f"Name one of these, or the network's own in network.zones: [{', '.join([*known, zone])}]."
            yield problem("TD140", detail, fix=fix, path=f"{path}.zones.{index}")


def smallest_bill(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """A cap that the shortest burst exceeds ends nothing in time."""
    least = least_billed(pool)
    if least is None or pool.max_cost is None or float(pool.max_cost.usd) >= least[0]:
        return
    detail = f"A burst may cost {pool.max_cost}, and the first minute of {least[1]}, the least that the pool can be, "
    yield problem(
        "TD343",
        f"{detail}is billed with {usd_words(least[0])}, however short it is.",
        fix="Raise max_cost, or use smaller machines.",
        path=path,
    )


def _cap(path: str, pool: Pool) -> Iterator[Diagnostic]:
    if pool.max_cost is not None and pool.max_cost.usd:
        yield from smallest_bill(f"{path}.max_cost", pool)
    needed = first_checkpoint(pool)
    if needed is None or pool.max_cost is None or pool.max_cost.usd >= needed:
        return
    detail = (
        f"A burst may cost {pool.max_cost}, and the smallest one costs {needed:,.2f} USD until the first checkpoint: "
        "all of it would be spent for nothing."
    )
    yield problem("TD341", detail, fix="Raise max_cost, or save a checkpoint more often.", path=f"{path}.max_cost")
