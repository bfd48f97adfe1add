"""How large a pool's root disks may be, and what they cost beside the machines. Pure.

https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html (VolumeSizeInGB)
"""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.local_storage import has_local_storage
from tideform.pools.shape import PoolShape
from tideform.prices.book import HOURS_A_MONTH
from tideform.registry.training import features
from tideform.spec.problems import problem
from tideform.spec.training import DISK_GIB, Pool

_LEAST = 30  # GiB that the machine images of AWS without drivers take
_MOST = 16 * 1024  # GiB; what SageMaker takes, and gp3 has everywhere
_USD_A_GIB_MONTH = 0.08  # of gp3 in us-east-1: https://aws.amazon.com/ebs/pricing/


def disk_problems(path: str, pool: Pool, shape: PoolShape) -> Iterator[Diagnostic]:
    """What is wrong with a pool's ``disk``, and what it costs where it is larger than what everybody has."""
    if pool.disk is None:
        return
    path, gib = f"{path}.disk", pool.disk.gib
    on = features(pool.backend)
    least = on.least_gpu_disk_gib if shape.accelerators else _LEAST
    own = [kind for kind in shape.instance_types if has_local_storage(kind)]
    if not least <= gib <= _MOST:
        detail = f"A root disk has {least} to {_MOST} GiB here: the machine image has to fit, and a volume ends there."
        yield problem("TD182", detail, fix=f"Write {least}GiB to 16TiB.", path=path)
    elif on.ml_machines and own:
        detail = f"{', '.join(own)} keep data on disks of their own, whose size is fixed; SageMaker adds none to them."
        yield problem("TD182", detail, fix="Remove disk, or use types without disks of their own.", path=path)
    elif gib > DISK_GIB:
        hourly = gib * _USD_A_GIB_MONTH / HOURS_A_MONTH
        detail = f"{pool.disk} cost about {hourly:.3f} USD an hour and machine, which caps and meters do not count."
        yield problem("TD183", detail, path=path, severity=Severity.NOTE)
