"""From a file to a deployment: read, compose, override, type, check. Every problem is told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tideform.diagnostics import Diagnostic, errors_in
from tideform.errors import SpecError
from tideform.spec.base import written
from tideform.spec.checks import check
from tideform.spec.compose import compose
from tideform.spec.deployment import Deployment
from tideform.spec.echo import shortened
from tideform.spec.empty import empty_values
from tideform.spec.environments import choose, environments
from tideform.spec.names import crossings
from tideform.spec.nodes import Node
from tideform.spec.project import Environment, Project
from tideform.spec.secrets import hide
from tideform.spec.source import Source, quoting_specs_only, read
from tideform.spec.subject import Subject
from tideform.spec.translate import translate

# What stands in for a broken part, so that the rest of the spec is still checked.
_ENVIRONMENT = Environment(target="local")
_REQUIRED = {"version": 1, "project": "project", "owner": "nobody", "region": "us-east-1"}
Check = Callable[[Deployment], Iterable[Diagnostic]]
_BY_NAME = frozenset({"storage", "training", "serving"})


@dataclass(frozen=True)
class Loaded:
    """A deployment that is fit for use, the warnings on the way, and the names of all environments."""

    deployment: Deployment
    diagnostics: tuple[Diagnostic, ...] = ()
    environments: tuple[str, ...] = ()


def load(spec_file: Path, environment: str | None = None, left: Mapping[str, Environment] | None = None) -> Loaded:
    """The spec in one environment. Raises `SpecError` with all problems, those of other environments too.

    ``left`` are environments that the spec no longer has and that stand yet, with what they stood with.
    """
    with quoting_specs_only(source := read(spec_file), spec_file):
        return load_source(source, spec_file, environment, left=left)


def validate(spec_file: Path, environment: str | None = None, also: Check | None = None) -> Loaded:
    """As `load`, but without a choice of environment any will do: all of them are checked anyway.

    ``also`` finds what lies beside the spec, and what commands need not look at each time.
    """
    with quoting_specs_only(source := read(spec_file), spec_file):
        return load_source(source, spec_file, environment, choice_needed=False, also=also)


def load_source(
    source: Source,
    spec_file: Path,
    environment: str | None = None,
    *,
    choice_needed: bool = True,
    also: Check | None = None,
    left: Mapping[str, Environment] | None = None,
) -> Loaded:
    """As `load`, for a text that was read already."""
    root = compose(source)
    source = hide(source, root)
    known = environments(source, root)
    known.add(left or {}, root)
    found: dict[str, list[Diagnostic]] = {}
    deployments: dict[str, Deployment] = {}
    for name, node in known.nodes.items():
        spec, wrong = _typed(source, node)
        settings = known.settings.get(name, _ENVIRONMENT)
        gone, file = name in (left or {}), spec_file.absolute()
        deployments[name] = Deployment(spec, name, settings, file, source.digest, tuple(known.nodes), gone)
        subject = Subject(deployments[name], source, node)
        found[name] = [
            *(_of_nothing(root, one) for one in wrong),
            *check(subject),
            *map(subject.placed, also(deployments[name]) if also else ()),
        ]
    told = [*known.found, *_merged(found), *crossings(deployments)]
    problems = shortened(root, _ordered([*told, *_not_told(empty_values(source, root), told)]))
    chosen = choose(known, environment) if choice_needed or environment else next(iter(deployments))
    if isinstance(chosen, Diagnostic):
        raise SpecError([*problems, chosen])
    if errors_in(problems):
        raise SpecError(problems)
    return Loaded(deployments[chosen], tuple(problems), tuple(deployments))


def _of_nothing(root: Node, found: Diagnostic) -> Diagnostic:
    """What an override lacks, where the unit that it would change is in no spec: it may have been removed there."""
    section, _, rest = found.path.partition(".")
    unit, _, key = rest.partition(".")
    base = root.child(section)
    if found.code != "TD101" or section not in _BY_NAME or not key or (base is not None and base.child(unit)):
        return found
    detail = f"{found.detail[:-1]}: an environment overrides {section}.{unit}, which the spec itself does not have."
    return replace(found, detail=detail, fix=f"Remove the override, or write the whole {section}.{unit}. {found.fix}")


def _typed(source: Source, node: Node) -> tuple[Project, list[Diagnostic]]:
    """The spec with types, and what had to be left out of it because it is wrong."""
    try:
        return Project.model_validate(node.plain()), []
    except ValidationError as error:
        found = list(translate(error, source, node))
        return Project.model_validate(_sound(node.plain(), error)), found


def _sound(data: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """The data without the unknown keys, and without the units and sections in which something else is wrong."""
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        loc = written(one["loc"])
        if one["type"] != "extra_forbidden":
            loc = loc[: 2 if loc[0] in _BY_NAME else 1]
        parent: Any = data
        for step in loc[:-1]:
            if isinstance(parent, list) and isinstance(step, int):
                parent = parent[step]
            else:
                parent = parent.get(step, {}) if isinstance(parent, dict) else {}
        if isinstance(parent, dict):
            parent.pop(loc[-1], None)
    return {**_REQUIRED, **data}


def _merged(found: Mapping[str, list[Diagnostic]]) -> Iterator[Diagnostic]:
    """Every finding once; one that only some environments have says which."""
    where: dict[Diagnostic, list[str]] = {}
    for name, diagnostics in found.items():
        for diagnostic in dict.fromkeys(diagnostics):
            where.setdefault(diagnostic, []).append(name)
    for diagnostic, names in where.items():
        if len(names) == len(found):
            yield diagnostic
        else:
            yield replace(diagnostic, path=f"{diagnostic.path} in {' and '.join(names)}")


def _not_told(more: Iterable[Diagnostic], told: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Those of keys that nothing was found wrong with yet."""
    known = {one.path.partition(" ")[0] for one in told}
    yield from (one for one in more if one.path not in known)


def _ordered(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """In the file's order."""
    return sorted(diagnostics, key=lambda d: (d.location.line, d.location.column) if d.location else (0, 0))
