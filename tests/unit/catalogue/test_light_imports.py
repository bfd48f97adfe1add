"""The catalogue is asked by light commands, so it must not bring the SDKs along."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from tideform.registry.alarms import alarms
from tideform.checks.not_built import not_built
from tideform.registry.serving import backends as serving
from tideform.registry.training import backends as training
assert alarms() and serving() and training()
heavy = {"pulumi", "pulumi_aws", "boto3", "botocore", "moto", "rich"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_catalogue_loads_no_sdk() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
