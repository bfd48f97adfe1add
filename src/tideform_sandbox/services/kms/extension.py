"""KMS: the rotation period. https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html"""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import put

_DEFAULT_PERIOD = 365  # days


def install(_: Store) -> None:
    """Extend moto's KMS."""
    enable, status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status

    def enable_key_rotation(self: Any) -> Any:
        answered = enable(self)
        _key(self).rotation_period = self._get_param("RotationPeriodInDays") or _DEFAULT_PERIOD
        return answered

    def get_key_rotation_status(self: Any) -> str:
        told = json.loads(status(self))
        key = _key(self)
        if told["KeyRotationEnabled"]:
            told["RotationPeriodInDays"] = getattr(key, "rotation_period", _DEFAULT_PERIOD)
        return json.dumps({"KeyId": key.id, **told})

    put(KmsResponse, "enable_key_rotation", enable_key_rotation)
    put(KmsResponse, "get_key_rotation_status", get_key_rotation_status)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]
