"""What a rule's target gets: the event, a part of it, a constant, or a template filled in.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import Any

_PLACE = re.compile(r"<([A-Za-z0-9_.-]+)>")


def text_for(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """The input of a target as text."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if path := target.get("InputPath"):
        return json.dumps(_find(path, event))
    if transformer := target.get("InputTransformer"):
        return _transformed(transformer, event, rule_arn)
    return json.dumps(event)


def _transformed(transformer: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """Text stands bare within quotes, and with quotes of its own outside of them."""
    values = {name: _find(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event.json": event,
        "aws.events.event": event,
    }
    template = str(transformer["InputTemplate"])

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        quoted = json.dumps("" if value is None else value)
        within = template.count('"', 0, match.start()) % 2 == 1
        return quoted[1:-1] if within and isinstance(value, str | None) else quoted

    return _PLACE.sub(fill, template)


def _find(path: str, event: dict[str, Any]) -> Any:
    from jsonpath_ng.ext.parser import parse

    found = parse(path).find(event)
    return found[0].value if found else None
