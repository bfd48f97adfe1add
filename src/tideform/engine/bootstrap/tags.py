"""How bootstrap knows its own: everything that it makes bears a tag that names the state bucket it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tideform.engine.bootstrap.names import state_bucket
from tideform.spec.deployment import Deployment

KEY = "tideform:bootstrap"


def own_tags(deployment: Deployment) -> dict[str, str]:
    """The tags of what bootstrap makes. Projects may share it, so no project is named."""
    return {**deployment.spec.tags, KEY: state_bucket(deployment), "tideform:owner": deployment.spec.owner}


def is_ours(deployment: Deployment, tags: Mapping[str, str]) -> bool:
    """Whether tags read from AWS are bootstrap's, for the same state."""
    return tags.get(KEY) == state_bucket(deployment)


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as AWS takes them."""
    return [{key: k, value: v} for k, v in tags.items()]


def unpaired(items: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as AWS gives them."""
    return {item[key]: item[value] for item in items}
