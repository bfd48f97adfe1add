"""Which actions a piece of work really takes, to hold them against what its role may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.unit.stacks.collecting import collect, inputs, statements
from tideform.cloud import Cloud

_SERVICES = ("autoscaling", "batch", "cloudwatch", "dynamodb", "ec2", "s3", "sagemaker", "sns", "ssm")
# By the request: what IAM asks for besides, because it carries tags or a role.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_BESIDES = {
    "batch:SubmitJob": ("batch:TagResource",),
    "sagemaker:CreateTrainingJob": ("sagemaker:AddTags", "iam:PassRole"),
}


@contextmanager
def actions_of(cloud: Cloud) -> Iterator[set[str]]:
    """The actions that requests through this cloud's clients take, filled while the block runs."""
    taken: set[str] = set()

    def note(service: str, event_name: str, **_: Any) -> None:
        action = f"{service}:{event_name.rpartition('.')[2]}"
        taken.update({action, *_BESIDES.get(action, ())})

    watched = {service: cloud.client(service).meta.events for service in _SERVICES}
    for service, events in watched.items():
        events.register("before-send", partial(note, service), unique_id="actions-of")
    try:
        yield taken
    finally:
        for events in watched.values():
            events.unregister("before-send", unique_id="actions-of")


def starter_may(**pool: Any) -> set[str]:
    """What the role of the starter may do where a pool of these words begins by itself."""
    job = {"image": "trainer", "command": ["true"], "outputs": ["models"]}
    words = {"instance_types": ["c5.large"], "job": job, "schedule": "rate(1 day)", **pool}
    found = collect("training", "fit", training={"fit": words})
    return _actions(inputs(found, "RolePolicy", "fit-starter")["policy"])


def reaper_may() -> set[str]:
    """What the reaper's role may do."""
    return _actions(inputs(collect("foundation"), "RolePolicy", "reaper")["policy"])


def _actions(policy: str) -> set[str]:
    return {action for statement in statements(policy) for action in statement["Action"]}
