"""Under which id something stands, or would stand, by its inputs alone.

Most names are ours to choose, so the id follows from the inputs. What AWS numbers itself is looked up by its parent,
its own attributes and our tags: each service's module does that, and answers every id that fits, as during a
replacement the old one fits as well as the new. All of our resources carry our tags from their creation on, so a thing
without them is somebody else's and is not found.

Ids are those that the vendor's provider keeps in its state, which are not always those that it imports by: an entry
with outputs is read, and not imported. Source: each resource's ``Create`` and ``Read`` in
hashicorp/terraform-provider-aws, ``internal/service``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tideform.spec.regions import partition

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Inputs = Mapping[str, Any]
Identify = Callable[["Cloud", Inputs], Iterator[str]]


def named(key: str) -> Identify:
    """Under a name of our choice."""
    return lambda _cloud, inputs: iter([str(inputs[key])] if inputs.get(key) else [])


def within(parent: str, key: str) -> Identify:
    """A name that is one only within its ``parent``, which is asked for first: without it nothing can be told."""

    def look(_cloud: Cloud, inputs: Inputs) -> Iterator[str]:
        if inputs[parent]:
            yield str(inputs[key])

    return look


def text(template: str) -> Identify:
    """The inputs filled into a template, ``{partition}``, ``{region}`` and ``{account}`` being the cloud's."""
    return lambda cloud, inputs: iter([template.format_map(_Filled(cloud, inputs))])


def arn(service: str, kind: str = "") -> Identify:
    """The ARN of the input ``name``; ``kind`` is what stands before it: ``trail/``."""
    return text(f"arn:{{partition}}:{service}:{{region}}:{{account}}:{kind}{{name}}")


def carry(tags: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    """Whose it is and which one; what else its tags say may have changed in the spec since it was made."""
    telling = {key: value for key, value in (wanted or {}).items() if key == "Name" or key.startswith("tideform:")}
    return bool(telling) and all(tags.get(k) == v for k, v in telling.items() if k != "tideform:owner")


class _Filled(dict[str, Any]):
    """What a template asks for, looked up when it is asked for: other inputs may not be known yet."""

    def __init__(self, cloud: Cloud, inputs: Inputs) -> None:
        super().__init__(partition=partition(cloud.region), region=cloud.region, account=cloud.account)
        self._inputs = inputs

    def __missing__(self, key: str) -> Any:
        return self._inputs[key]
