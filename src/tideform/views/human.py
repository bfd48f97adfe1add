"""A plan for people: what would happen to each resource, and what else one should know before saying yes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final

from tideform.model.planned import Action, OutputChange, Plan, PlannedResource, terraform_type
from tideform.plan.update_notes import update_note
from tideform.views.brief import brief_line
from tideform.views.costs import cost_lines, dormant_lines, pool_lines
from tideform.views.diagnostics import render
from tideform.views.difference import Mark, compare, difference
from tideform.views.lines import Line, plain
from tideform.views.order import in_order, program_order
from tideform.views.values import children, draw
from tideform.views.values import inline as quoted

_WORDS: Final = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.REPLACE: "must be replaced",
    Action.DELETE: "will be destroyed",
    Action.IMPORT: "will be imported",
    Action.READ: "will be read during apply",
    Action.NO_OP: "stays as it is",
}
_NONE_SEEN: Final = "No changes. What stands matches the spec."
_NONE_RECORDED: Final = "No changes. What the state records matches the spec; what stands was not read back."
_LEGEND: Final = {
    "+": "create",
    "~": "update in-place",
    "-": "destroy",
    "-/+": "destroy and then create replacement",
    "+/-": "create replacement and then destroy",
    "&": "import",
}


class Detail(StrEnum):
    """How much of each resource is shown."""

    SUMMARY = "summary"  # counts a stack
    BRIEF = "brief"  # what comes or goes on a line, what changes with its changes
    FULL = "full"  # every input


def plan_lines(plan: Plan, *, asked: bool = False, detail: Detail = Detail.FULL) -> Iterator[Line]:
    """The whole plan, from what moved behind our back to the summary line.

    ``asked``: a removal was asked for, whether or not the spec still names what goes.
    """
    yield from _target(plan)
    yield from _drift(plan)
    if plan.changed and detail is Detail.SUMMARY:
        yield from _counts(plan.changed)
    elif plan.changed:
        yield from _legend(plan)
        yield plain("tideform will perform the following actions:", style="bold")
        yield plain()
        yield from _resources(plan, detail)
    if detail is not Detail.SUMMARY:
        yield from _outputs(plan)
    yield from _notes(plan, asked=asked)
    yield from _not_emulated(plan)
    yield from _findings(plan)
    yield from pool_lines(plan)
    yield from cost_lines(plan)
    yield from summary(plan)


def symbol(resource: PlannedResource) -> str:
    """What stands before a resource: ``+``, ``~``, ``-``, ``-/+``, ``+/-`` or ``&``."""
    if resource.action is Action.REPLACE:
        return "-/+" if resource.delete_before_replace else "+/-"
    known = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.IMPORT: "&"}
    return known.get(resource.action, "")


def summary(plan: Plan) -> Iterator[Line]:
    """The last line: how many resources change, or that nothing does."""
    if not plan.has_changes:
        yield plain(_NONE_SEEN if plan.meta.get("read_back", True) else _NONE_RECORDED, style="bold green")
        return
    imported = plan.count(Action.IMPORT)
    parts = [f"{imported} to import"] if imported else []
    parts += [
        f"{plan.count(Action.CREATE, Action.REPLACE)} to add",
        f"{plan.count(Action.UPDATE)} to change",
        f"{plan.count(Action.DELETE, Action.REPLACE)} to destroy",
    ]
    yield plain(f"Plan: {', '.join(parts)}.", style="bold")


def _target(plan: Plan) -> Iterator[Line]:
    where = f"{plan.project} in {plan.environment} ({plan.region}, account {plan.account})"
    if plan.target == "local":
        where += ". Target local: a sandbox on this machine; nothing real is made, nothing costs money"
    yield plain(where + ".")
    if plan.offline:
        yield plain("Planned offline: from the spec alone, as if nothing stood yet.")
    yield plain()


def _drift(plan: Plan) -> Iterator[Line]:
    if not plan.refreshed:
        return
    yield plain("Changed outside of tideform since the last apply:", style="bold")
    yield plain()
    for resource in in_order(plan.refreshed):
        gone = resource.action is Action.DELETE
        yield Line(f"{resource.address} has been {'deleted' if gone else 'changed'}", "#")
        if not gone:
            yield from _body(resource, "~")
        yield plain()


def _legend(plan: Plan) -> Iterator[Line]:
    used = {symbol(r) for r in plan.changed}
    yield plain("Resource actions are indicated with the following symbols:")
    for mark, meaning in _LEGEND.items():
        if mark in used:
            yield Line(meaning, mark)
    yield plain()


def _resources(plan: Plan, detail: Detail) -> Iterator[Line]:
    chosen = plan.meta.get("chosen", ())
    for program, members in groupby(in_order(plan.changed), key=lambda r: r.program):
        yield plain(f"Stack {program}", style="bold underline")
        yield plain()
        for resource in members:
            if detail is Detail.BRIEF and resource.action in (Action.CREATE, Action.DELETE):
                yield brief_line(resource, symbol(resource), chosen)
            else:
                yield from resource_lines(resource)
                yield plain()
        if detail is Detail.BRIEF:
            yield plain()
    if detail is Detail.BRIEF:
        yield plain("Every input of what comes: --verbose.", style="dim")
        yield plain()


def _counts(resources: Sequence[PlannedResource]) -> Iterator[Line]:
    for program, members in groupby(in_order(resources), key=lambda r: r.program):
        signs = Counter(symbol(resource) for resource in members)
        yield Line(f"{program}: " + ", ".join(f"{signs[mark]} {mark}" for mark in _LEGEND if signs[mark]))
    yield plain()


def resource_lines(resource: PlannedResource) -> Iterator[Line]:
    """One resource: a header that says what happens, and its inputs."""
    yield Line(f"{resource.address} {_WORDS[resource.action]}", "#")
    if resource.id and resource.action is not Action.CREATE:
        yield Line(f"(id {resource.id})", "#")
    if note := update_note(resource):
        yield Line(f"({note})", "#")
    if resource.protect and resource.action in (Action.DELETE, Action.REPLACE):
        yield Line("(protected: it holds data, and goes only when it is named)", "#")
    yield from _body(resource, symbol(resource))


def _body(resource: PlannedResource, mark: str) -> Iterator[Line]:
    head = f"resource {quoted(terraform_type(resource.type))} {quoted(resource.name)}"
    tree = difference(resource)
    if tree.mark is Mark.SAME and resource.action is Action.UPDATE:
        yield Line("(its inputs stay as they are; an earlier run did not finish it)", "#")
    lines = list(children(tree, 1))
    if not lines:
        yield Line(f"{head} {{}}", mark)
        return
    yield Line(f"{head} {{", mark)
    yield from lines
    yield Line("}")


def _outputs(plan: Plan) -> Iterator[Line]:
    changed = sorted(
        (o for o in plan.outputs if o.action is not Action.NO_OP),
        key=lambda o: (program_order(o.program), o.name),
    )
    if not changed:
        return
    yield plain("Changes to outputs:", style="bold")
    width = max(len(_output_name(o)) for o in changed)
    for output in changed:
        node = compare(None, output.before, output.after)
        for index, line in enumerate(draw(node, 0)):
            name = f"{_output_name(output):<{width}} = " if index == 0 else ""
            yield Line(name + line.text, line.mark, line.depth, line.note, line.style)
    yield plain()


def _output_name(output: OutputChange) -> str:
    return f"{output.program}.{output.name}"


def _notes(plan: Plan, *, asked: bool) -> Iterator[Line]:
    if plan.removed_programs:
        dormant = {one.program for one in plan.dormant}.intersection(plan.removed_programs)
        what = "No longer in the spec, or between bursts" if dormant else "No longer in the spec"
        why = "Planned for removal:" if asked else f"{what}, and planned for removal:"
        yield plain(why, style="bold")
        for program in sorted(plan.removed_programs, key=program_order):
            yield Line(program, "-")
        yield plain()
    if plan.deferred:
        yield plain("Deferred until what they need exists:", style="bold")
        for deferred in sorted(plan.deferred, key=lambda d: program_order(d.program)):
            yield Line(f"{deferred.program}: {deferred.reason}")
        yield plain()
    yield from dormant_lines(plan)


def _findings(plan: Plan) -> Iterator[Line]:
    for finding in plan.findings:
        yield from (plain(line) for line in render([finding]).splitlines())
        yield plain()


def _not_emulated(plan: Plan) -> Iterator[Line]:
    inputs = plan.meta.get("not_emulated", ())
    if plan.target != "local" or not inputs:
        return
    yield plain("The sandbox stores these inputs, but does not act on them:", style="bold")
    for name in sorted(set(inputs)):
        yield Line(name)
    yield plain()
