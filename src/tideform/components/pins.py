"""Which version of a model each endpoint of an environment is pinned to.

The file maps endpoints to keys of objects in their models' stores: ``{"score": "fraud/3/model.tar.gz"}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment


def pins(deployment: Deployment) -> Mapping[str, str]:
    """The pins of the deployment's environment; none where nothing was pinned yet.

    Raises `RefusedError` (TD308) where the file is not what was written.
    """
    file = deployment.workspace.root / ".tideform" / deployment.environment / "pins.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if isinstance(found, dict) and all(isinstance(key, str) for key in found.values()):
        return found
    raise RefusedError.of(
        "TD308",
        "The pins of this environment cannot be read",
        detail=f"{file} is no JSON object of endpoint names and object keys.",
        fix="Restore the file, or remove it: endpoints without a pin wait until they get one.",
    )
