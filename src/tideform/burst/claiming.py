"""In whose name capacity and jobs are launched, asked right before they are."""

from __future__ import annotations

import time

from tideform.burst.halt import silent
from tideform.burst.lease import Lease
from tideform.burst.persistence import patiently
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.reaper.claims import Claim
from tideform.reaper.fence import leave
from tideform.spec.deployment import Deployment

_START = "SubmitJob"  # one of `fence.STARTS`


def claim_now(cloud: Cloud, deployment: Deployment, lease: Lease) -> Claim:
    """As `LeaseTable.claim`; a table that is away is waited for, since nothing starts without its word.

    The fence of whoever is about to start something asks first: it tells why it waits, and heeds who asks to stop.
    """
    table = LeaseTable.of(cloud, deployment)
    leave(_START)
    return patiently(lambda: table.claim(lease, cloud.clock()), silent, _pause)


def _pause(seconds: float) -> None:
    time.sleep(seconds)
    leave(_START)
