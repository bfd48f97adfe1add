"""``tracking:`` where experiments are recorded."""

from __future__ import annotations

from typing import Literal

from tideform.spec.base import Model


class Tracking(Model):
    """A managed MLflow tracking server."""

    kind: Literal["mlflow"]
    size: Literal["small", "medium", "large"] = "small"
