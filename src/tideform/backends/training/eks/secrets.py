"""A job's secrets: its pod fetches them with the job's own role, and keeps them in memory. Pure.

The manifest names secrets and holds none. What fetches them goes before the job and needs nothing of its image; the
job's image needs ``sh`` and ``cat``, because it begins with the values as variables.
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-minimum-sdk.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
_IMAGE = "public.ecr.aws/aws-cli/aws-cli:2.32.9"
_FOLDER = "/run/tideform/secrets"
_NAME = "tideform"  # $0 of the scripts
_FETCH = f"""\
set -eu
for each in "$@"; do
  aws secretsmanager get-secret-value --secret-id "${{each#*=}}" --query SecretString --output text \\
    >"{_FOLDER}/${{each%%=*}}"
done
"""
_EXPORT = f"""\
for tideform_file in {_FOLDER}/*; do
  tideform_value=$(cat "$tideform_file") || exit
  export "${{tideform_file##*/}}=$tideform_value"
done
exec "$@"
"""
_SMALL = {"cpu": "100m", "memory": "256Mi"}  # less than any job's: what a pod asks for is the larger of both


def with_secrets(spec: Object, arns: Mapping[str, str], region: str) -> Object:
    """The spec of a pod whose first container gets these secrets as variables: name and ARN. Without any, as it is."""
    if not arns:
        return spec
    mount = {"name": "secrets", "mountPath": _FOLDER}
    fetch = {
        "name": "fetch-secrets",
        "image": _IMAGE,
        "command": ["sh", "-c", _FETCH, _NAME, *(f"{name}={arn}" for name, arn in sorted(arns.items()))],
        "env": [{"name": "AWS_DEFAULT_REGION", "value": region}],
        "resources": {"requests": _SMALL, "limits": _SMALL},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [mount],
    }
    job, *others = spec["containers"]
    job = {
        **job,
        "command": ["sh", "-c", _EXPORT, _NAME, *job["command"]],
        "volumeMounts": [*job.get("volumeMounts", []), {**mount, "readOnly": True}],
    }
    volume = {"name": "secrets", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    return {
        **spec,
        "initContainers": [fetch],
        "containers": [job, *others],
        "volumes": [*spec.get("volumes", []), volume],
    }
