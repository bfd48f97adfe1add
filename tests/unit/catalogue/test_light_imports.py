"""The catalogue is asked by light commands, so it must not bring the SDKs along."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from tideform.catalogue.alarms.base import alarms
from tideform.catalogue.not_built import not_built
from tideform.catalogue.serving.base import backends as serving
from tideform.catalogue.training.base import backends as training
assert alarms() and serving() and training()
heavy = {"pulumi", "pulumi_aws", "boto3", "botocore", "moto", "rich"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_catalogue_loads_no_sdk() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
