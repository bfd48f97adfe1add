"""The ``environments:`` section: which environment is meant, and what it changes in the spec."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from tideform.diagnostics import Diagnostic
from tideform.spec.base import NAME_PATTERN
from tideform.spec.fields import keys_of
from tideform.spec.nodes import Node, merge, without
from tideform.spec.problems import problem
from tideform.spec.project import Environment, Project
from tideform.spec.source import Source
from tideform.spec.subject import at
from tideform.spec.suggest import did_you_mean, one_of
from tideform.spec.translate import translate

_OWN = frozenset(Environment.model_fields)
_FIXED = frozenset({"version", "project", "environments", "moved"})  # the same in every environment
_OVERRIDABLE = frozenset(Project.model_fields) - _FIXED  # the region is both: a setting, and an override

_LONGEST_NAME = 32
_TAKEN = frozenset({"sandbox"})  # beside the environments' folders in the workspace

IMPLICIT = "dev"  # what a spec without environments has


@dataclass
class Environments:
    """The environments of a spec: the settings of the sound ones, and the spec's nodes as each of them sees it."""

    settings: dict[str, Environment] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, left: Mapping[str, Environment], root: Node) -> None:
        """Environments that the section no longer has, as the spec without overrides has them."""
        for name, settings in left.items():
            self.settings.setdefault(name, settings)
            self.nodes.setdefault(name, without(root, "environments"))


def environments(source: Source, root: Node) -> Environments:
    """Read the section; what is wrong with it is in ``found``."""
    result = Environments()
    section = root.child("environments")
    base = without(root, "environments")
    if section is None or (isinstance(section.value, dict) and not section.value):
        result.settings[IMPLICIT] = Environment(target="local")
        result.nodes[IMPLICIT] = base
    elif not isinstance(section.value, dict):
        detail = "A mapping of environments by name was expected, such as dev: {target: local}."
        fix = "Give each environment a name: environments: {dev: {target: local}}."
        result.found.append(at(source, root, "TD102", ("environments",), detail, fix=fix))
        result.nodes[""] = base
    else:
        for name, entry in section.entries.items():
            _add(result, name, entry.node, source, root)
    return result


def _add(result: Environments, name: str, node: Node, source: Source, root: Node) -> None:
    own = {key: entry.node.plain() for key, entry in node.entries.items() if key in _OWN}
    given = own if isinstance(node.value, dict) else node.plain()
    wrong = [*_name(source, root, name), *_keys(source, root, name, node)]
    try:
        result.settings[name] = Environment.model_validate(given)
        wrong += _complete(source, root, name, result.settings[name])
    except ValidationError as error:
        wrong += translate(error, source, root, ("environments", name))
    overrides = without(node, *(key for key in node.entries if key not in _OVERRIDABLE))
    result.nodes[name] = merge(without(root, "environments"), overrides)
    result.found += wrong


def _name(source: Source, root: Node, name: str) -> Iterator[Diagnostic]:
    path = ("environments", name)
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > _LONGEST_NAME:
        detail = f"{name[:60]!r} does not fit here; an environment's name is part of every cloud name."
        fix = f"Write lower-case letters, digits and single hyphens, at most {_LONGEST_NAME}."
        yield at(source, root, "TD104", path, detail, fix=fix, key=True)
    if name in _TAKEN:
        detail = f".tideform/{name} is not an environment's folder."
        yield at(source, root, "TD104", path, detail, fix="Give it another name.", key=True)


def _keys(source: Source, root: Node, name: str, node: Node) -> Iterator[Diagnostic]:
    for key in node.entries:
        path = ("environments", name, key)
        if key in _FIXED:
            detail = f"{key!r} is the same in every environment; names and state hang on it."
            yield at(source, root, "TD113", path, detail, fix="Remove it here.", key=True)
        elif key not in _OWN | _OVERRIDABLE:
            known = [*keys_of(Environment), *sorted(_OVERRIDABLE - _OWN)]
            detail = f"{key!r} is neither a setting of an environment nor a section of the spec."
            fix = did_you_mean(key, known) or f"It knows {', '.join(known)}."
            yield at(source, root, "TD100", path, detail, fix=fix, key=True)


def _complete(source: Source, root: Node, name: str, settings: Environment) -> Iterator[Diagnostic]:
    if settings.target != "aws":
        return
    path = ("environments", name)
    if settings.account is None:
        detail = f"{name} runs on AWS and names no account; a plan must be able to refuse the wrong one."
        yield at(source, root, "TD112", path, detail, fix='Add account: "123456789012".', key=True)
    if settings.state is None:
        detail = f"{name} runs on AWS and names no state; a folder on one machine is no place for it."
        fix = "Add state: s3://BUCKET; tideform bootstrap makes the bucket."
        yield at(source, root, "TD112", path, detail, fix=fix, key=True)


def choose(known: Environments, wanted: str | None) -> str | Diagnostic:
    """The environment that is meant: the named one, the only one, or the only local one."""
    names = list(known.nodes)
    if names == [""]:  # the section is no mapping, which is told
        return ""
    if wanted is not None:
        if wanted in names:
            return wanted
        detail = f"{wanted!r} is not in environments: of the spec; there is {one_of(names)}."
        return problem("TD110", detail, fix=did_you_mean(wanted, names) or f"Choose {one_of(names)}.")
    local = [name for name, settings in known.settings.items() if settings.target == "local"]
    for few in (names, local):
        if len(few) == 1:
            return few[0]
    detail = f"The spec has {', '.join(names)}, and this command works on one."
    return problem("TD111", detail, fix="Choose with --environment NAME, or TIDEFORM_ENVIRONMENT.")
