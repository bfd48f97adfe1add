"""SNS: subscriptions of e-mail addresses wait for their reader, and lists tell no ARN of them; no web hook is called.

Nobody reads mail here, so they wait for good. https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
"""

from __future__ import annotations

from copy import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.models import Subscription
from moto.sns.responses import SNSResponse

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import put

_WAITS = "PendingConfirmation"


def install(_: Store) -> None:
    """Extend moto's SNS."""
    for name in ("list_subscriptions", "list_subscriptions_by_topic"):
        put(SNSResponse, name, _waiting(getattr(SNSResponse, name)))
    put(Subscription, "publish", _on_this_machine(Subscription.publish))


def _on_this_machine(publish: Any) -> Any:
    """moto posts to web hooks for real, and a sandbox reaches nobody outside."""

    def published(self: Any, *args: Any, **kwargs: Any) -> None:
        if not self.protocol.startswith("http"):
            publish(self, *args, **kwargs)

    return published


def _waiting(listing: Any) -> Any:
    def told(self: Any) -> ActionResult:
        result = dict(listing(self).result)
        result["Subscriptions"] = [_as_listed(one) for one in result["Subscriptions"]]
        return ActionResult(result)

    return told


def _as_listed(subscription: Any) -> Any:
    if not subscription.protocol.startswith("email"):
        return subscription
    listed = copy(subscription)
    listed.arn = _WAITS
    return listed
