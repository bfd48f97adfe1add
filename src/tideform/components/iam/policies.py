"""IAM policy documents as Python values: statements, trust, and the JSON text that AWS takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]


def document(*statements: Statement) -> str:
    """A policy document of these statements, with its keys in one order so that it never changes by itself."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any] | None = None
) -> Statement:
    """Allow ``actions`` on ``resources``."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement if condition is None else {**statement, "Condition": dict(condition)}


def trust(service: str, account: str, *, arn_like: str | None = None) -> str:
    """Let ``service`` take the role, on behalf of our own account only (the confused deputy)."""
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    if arn_like is not None:
        condition["ArnLike"] = {"aws:SourceArn": arn_like}
    return document(
        {
            "Sid": "Assume",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
    )


def plain_trust(service: str) -> str:
    """Let ``service`` take the role, for the services that send no source account (EC2's instance profiles, MLflow)."""
    return document({"Sid": "Assume", "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def pod_identity_trust() -> str:
    """Let EKS hand the role to pods: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html"""
    statement = {
        "Sid": "Pods",
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return document(statement)
