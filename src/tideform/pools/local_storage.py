"""Which machines keep their data on disks of their own: those encrypt in hardware and take no key. Pure."""

from __future__ import annotations

import re

# A ``d`` after the generation (c5d, m6gd, p4de), or a family of accelerators that comes with disks.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
_WITH_DISKS = re.compile(r"[a-z]+\d+[a-z]*d[a-z]*|g[567][a-fh-z]*|gr6|p[56][a-z-]*\d*|trn\d[a-z]*|dl1|i\d[a-z]*")


def has_local_storage(instance_type: str) -> bool:
    """Whether instances of a type such as ``ml.g5.xlarge`` have disks of their own.

    SageMaker refuses a key for them in older versions of its API, and does nothing with it in newer ones.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html (KmsKeyId)
    """
    family = instance_type.removeprefix("ml.").partition(".")[0]
    return _WITH_DISKS.fullmatch(family) is not None
