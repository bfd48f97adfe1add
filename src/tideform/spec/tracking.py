"""``tracking:`` where experiments are recorded."""

from __future__ import annotations

from typing import Annotated, Literal

from tideform.spec.base import REPLACE, Model, about


class Tracking(Model):
    """A managed MLflow tracking server."""

    kind: Annotated[Literal["mlflow"], about("The kind of tracker.", REPLACE)]
    size: Annotated[Literal["small", "medium", "large"], about("The size of its server.")] = "small"
