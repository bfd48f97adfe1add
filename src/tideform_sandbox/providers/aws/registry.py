"""Which types the sandbox emulates; a service's module is loaded when a resource of it is met."""

from __future__ import annotations

from importlib import import_module

from tideform_sandbox.providers.aws.kind import Kind
from tideform_sandbox.providers.aws.refusal import Refusal

_MODULES = {
    "appautoscaling": ("appautoscaling",),
    "autoscaling": ("autoscaling",),
    "batch": ("batch",),
    "budgets": ("budgets", "budget_actions"),
    "cloudtrail": ("cloudtrail",),
    "cloudwatch": ("cloudwatch", "logs", "events"),
    "dynamodb": ("dynamodb",),
    "ec2": ("network", "security_groups", "ec2", "placement"),
    "ecr": ("ecr",),
    "eks": ("eks",),
    "iam": ("iam", "iam_policies"),
    "kms": ("kms",),
    "lambda": ("lambda_functions", "lambda_permissions"),
    "s3": ("s3", "bucket_settings", "bucket_events"),
    "sagemaker": ("sagemaker",),
    "scheduler": ("scheduler",),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "vpc": ("security_groups",),
}


def kind_of(token: str) -> Kind:
    """The kind of a type token. Raises `Refusal` TD503 for a type that is not emulated."""
    kind = _kinds(_service(token)).get(token)
    if kind is None:
        raise Refusal(
            "TD503",
            f"{token} is not emulated by the sandbox. Deploy this part to an environment with `target: aws`, "
            "or leave it out of the local one.",
        )
    return kind


def all_kinds() -> dict[str, Kind]:
    """Every emulated type by its token."""
    return {token: kind for service in _MODULES for token, kind in _kinds(service).items()}


def _service(token: str) -> str:
    """``aws:ec2/vpc:Vpc`` belongs to ``ec2``."""
    return token.split(":")[1].split("/")[0] if token.startswith("aws:") else ""


def _kinds(service: str) -> dict[str, Kind]:
    modules = (import_module(f"tideform_sandbox.providers.aws.{name}") for name in _MODULES.get(service, ()))
    return {kind.type: kind for module in modules for kind in module.KINDS}
