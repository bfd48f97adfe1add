"""What the reaper says: a message to people, and to a job the wish that it save its work now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tideform.reaper.base import Clients
from tideform.reaper.outcome import Outcome
from tideform.reaper.settings import Settings

SAVE_NOW = ".tideform/save-now"  # below the job's checkpoint_uri
_SUBJECT = 100  # characters that SNS takes
_WORDS = {
    "warned_time": "four fifths of its time are over",
    "warned_spend": "four fifths of its spend cap are used up",
    "warned_idle": "nothing runs on it, and its idle_timeout is nearly over",
    "warned_budget": "four fifths of the project's budget for this month are used up",
}


def warn(clients: Clients, settings: Settings, pool: str, held: Mapping[str, Any], what: str) -> None:
    """Tell the topic, where there is one; what it says of a lease, it says once."""
    message(clients, settings, f"The burst of {pool} by {held['owner']}: {_WORDS[what]}.")


def message(clients: Clients, settings: Settings, text: str) -> None:
    """One message to whoever is notified. A topic that is not made yet tells nobody."""
    from botocore.exceptions import ClientError

    if not settings.topic:
        return
    subject = f"tideform {settings.project}-{settings.environment}"[:_SUBJECT]
    try:
        clients.client("sns").publish(TopicArn=settings.topic, Subject=subject, Message=text)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NotFound", "NotFoundException"):
            raise


def ask_to_save(clients: Clients, uri: str, why: str) -> None:
    """Put the wish where the job's checkpoint helper looks for it; nothing where the job saves nothing."""
    place = urlsplit(uri)
    if place.scheme == "s3":
        key = "/".join(part for part in (place.path.strip("/"), SAVE_NOW) if part)
        clients.client("s3").put_object(Bucket=place.netloc, Key=key, Body=why.encode())


def attempt(outcome: Outcome, say: Callable[[], object], lost: str = "nobody could be told") -> bool:
    """Say something in the middle of what ends capacity: a topic or a bucket that refuses is a failure and no more."""
    try:
        say()
    except Exception as error:  # noqa: BLE001  # whatever it is, the capacity has to go
        outcome.failure = "; ".join(filter(None, (outcome.failure, f"{lost}: {error}")))
        return False
    return True
