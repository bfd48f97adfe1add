"""Words for containers that arrive as they stand, though the kubelet expands what it is given. Pure.

In ``command``, ``args`` and the values of ``env`` it puts variables in the place of ``$(NAME)``, and one ``$`` in that
of ``$$``; any other ``$`` it leaves alone.
https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_READ = re.compile(r"\$\$+|\$(?=\()")  # what the kubelet would not leave as it is


def literal(text: str) -> str:
    """The text that the kubelet makes this one of."""
    return _READ.sub(lambda found: found[0] * 2, text)


def with_literals(pod: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a pod whose containers get their words and values as they are written."""
    kinds = [kind for kind in ("initContainers", "containers") if kind in pod]
    return {**pod, **{kind: [_container(one) for one in pod[kind]] for kind in kinds}}


def _container(given: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {
        kind: [literal(word) for word in given[kind]] for kind in ("command", "args") if kind in given
    }
    if "env" in given:
        words["env"] = [{**one, "value": literal(one["value"])} if "value" in one else one for one in given["env"]]
    return {**given, **words}
