"""``python -m tests.faults.hurried ARGS``: the command line, with what the SDK waits after a throttled call cut short.

As many attempts as ever, and each refusal as the service words it; only the waits between them, which are the SDK's
own, are a twentieth. https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

from __future__ import annotations

import sys

from botocore.retries.standard import ExponentialBackoff

from tideform.cli.app import main

_BACKOFF = vars(ExponentialBackoff)["_DEFAULT_BACKOFF_CONFIG"]
_SCALE = "throttling_base_scale"  # in seconds; the SDK has 1

if __name__ == "__main__":
    _BACKOFF[_SCALE] *= 0.05
    sys.exit(main())
