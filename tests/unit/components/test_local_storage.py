"""Machines with disks of their own, against what EC2 says of each type."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import botocore.loaders
import moto
import pytest

from tideform.pools.local_storage import has_local_storage


def machines() -> dict[str, bool]:
    """SageMaker's endpoint types that EC2 has too, and whether those have disks."""
    table = Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"
    known = json.loads(gzip.decompress(table.read_bytes()))
    shapes = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")["shapes"]
    types = shapes["ProductionVariantInstanceType"]["enum"]
    return {t: known[t[3:]]["InstanceStorageSupported"] for t in types if t[3:] in known}


def test_every_type_is_judged_as_ec2_describes_it() -> None:
    found = machines()
    assert len(found) > 100
    assert {t: has_local_storage(t) for t in found} == found


@pytest.mark.parametrize("kind", ["ml.g5.xlarge", "ml.p4d.24xlarge", "ml.trn1.2xlarge", "ml.dl1.24xlarge"])
def test_accelerated_machines_have_disks(kind: str) -> None:
    assert has_local_storage(kind)


@pytest.mark.parametrize("kind", ["ml.m5.large", "ml.p3.2xlarge", "ml.inf2.xlarge", "ml.c7i.large"])
def test_others_have_none(kind: str) -> None:
    assert not has_local_storage(kind)
