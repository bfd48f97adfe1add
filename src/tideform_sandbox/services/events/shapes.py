"""Requests whose keys are not quite as the API spells them (`JobName` for `jobName`), fitted to botocore's shapes."""

from __future__ import annotations

from typing import Any


def adapted(client: Any, operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """A request as boto3 takes it. Raises `ValueError` for a member that the operation does not have."""
    return dict(_fit(client.meta.service_model.operation_model(operation).input_shape, given))


def _fit(shape: Any, given: Any) -> Any:
    if shape.type_name == "structure" and isinstance(given, dict):
        known = {name.lower(): name for name in shape.members}
        if unknown := [key for key in given if key.lower() not in known]:
            raise ValueError(f"{shape.name} has no {', '.join(unknown)}")
        return {known[key.lower()]: _fit(shape.members[known[key.lower()]], value) for key, value in given.items()}
    if shape.type_name == "list" and isinstance(given, list):
        return [_fit(shape.member, one) for one in given]
    if shape.type_name == "map" and isinstance(given, dict):
        return {key: _fit(shape.value, value) for key, value in given.items()}
    return given
