"""YAML 1.2 text into nodes, with bounds on size and depth and without anything that runs or repeats itself.

Built on the parser's events and not on its constructor: so marks stay, nothing is resolved behind our back, and a
bomb of aliases is counted before it is unfolded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from tideform.diagnostics import Diagnostic
from tideform.errors import SpecError
from tideform.spec.nodes import Entry, Node, Scalar, Span
from tideform.spec.problems import problem
from tideform.spec.source import UNPRINTABLE, Source

MAX_NODES = 20_000  # after unfolding aliases
MAX_DEPTH = 40

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")


def compose(source: Source) -> Node:
    """The one document of a spec as a mapping node. Raises `SpecError` with all that is wrong with its YAML."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    composer = _Composer(source)
    try:
        root = composer.document()
    except MarkedYAMLError as error:
        raise SpecError([*composer.found, _syntax(source, error)]) from None
    except YAMLError as error:
        detail = f"The reader gave up: {str(error)[:200]}."
        fix = "Look from here on for unusual escapes in quoted text."
        place = source.location(composer.last)
        raise SpecError([*composer.found, problem("TD006", detail, fix=fix, location=place)]) from None
    if composer.found:
        raise SpecError(composer.found)
    return root


class _Composer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Diagnostic] = []
        self.events = _events(source.text)
        self.anchors: dict[str, Node | None] = {}  # None: still open
        self.count = 0
        self.last = Span(1, 1, 2)  # where the last value stood

    def document(self) -> Node:
        start = self._next("StreamStartEvent") and next(self.events)
        if type(start).__name__ == "StreamEndEvent":
            raise SpecError(self._empty())
        if start.version or start.tags:
            self._report("TD019", _span(start), "Directives change how the file is read.", "Remove the line.")
        root = self._node(next(self.events), 0)
        self._next("DocumentEndEvent")
        if type(after := next(self.events)).__name__ != "StreamEndEvent":
            self._report("TD008", _span(after), "Everything from here on would be ignored.", "One file, one spec.")
        if root.value is None:
            raise SpecError(self._empty())
        if not isinstance(root.value, dict):
            text = "At the top stands a list or a single value, not keys such as project: and region:."
            self._report("TD010", root.span, text, "Start the file with: version: 1")
        return root

    def _next(self, kind: str) -> Any:
        event = next(self.events)
        assert type(event).__name__ == kind, event  # noqa: S101  # the parser's own grammar
        return event

    def _node(self, event: Any, depth: int) -> Node:
        self._count(event, 1)
        if depth > MAX_DEPTH:
            self._stop("TD016", event, f"More than {MAX_DEPTH} levels: no part of a spec is that deep.")
        if type(event).__name__ == "AliasEvent":
            return self._alias(event)
        if event.tag is not None:
            text = f"The tag {event.tag} would change a value's type; the spec's fields are typed already."
            self._report("TD012", _span(event), text, "Remove the tag; put quotes around what is meant as text.")
        if event.anchor:
            self.anchors[event.anchor] = None
        node = self._built(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _built(self, event: Any, depth: int) -> Node:
        kind = type(event).__name__
        if kind == "MappingStartEvent":
            return self._mapping(event, depth)
        if kind == "SequenceStartEvent":
            return self._sequence(event, depth)
        if UNPRINTABLE.search(event.value):
            detail = "An escape stands for a character that no text can hold."
            self._report("TD006", _span(event), detail, "Remove the escape.")
        return Node(self._line_span(event), _scalar(event))

    def _sequence(self, event: Any, depth: int) -> Node:
        items: list[Node] = []
        while type(below := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self._node(below, depth + 1))
        return Node(_span(event), items, 1 + sum(item.size for item in items))

    def _mapping(self, event: Any, depth: int) -> Node:
        entries: dict[str, Entry] = {}
        while type(key := next(self.events)).__name__ != "MappingEndEvent":
            name, span = self._key(key, depth), self._line_span(key)
            node = self._node(next(self.events), depth + 1)
            if name in entries:
                text = f"{name!r} stands at line {entries[name].key.line} already; only one of the two could count."
                self._report("TD011", span, text, "Keep one of them.")
            entries[name] = Entry(span, node)
        return Node(_span(event), entries, 1 + sum(entry.node.size for entry in entries.values()))

    def _key(self, event: Any, depth: int) -> str:
        node = self._node(event, depth + 1)
        if isinstance(node.value, dict | list):
            self._report("TD018", _span(event), "A mapping or a list stands as a key.", "Use a plain name.")
            return ""
        text = event.value if type(event).__name__ == "ScalarEvent" else str(node.value)
        if text == "<<" and not getattr(event, "style", None):
            why = "YAML 1.2 has no merge keys, and tools that have them disagree on what wins."
            fix = "Write the keys out, use a whole value (key: *anchor), or override in environments:."
            self._report("TD013", _span(event), why, fix)
        return str(text)

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            self._stop("TD017", event, f"*{event.anchor} is used, and there is no &{event.anchor} before it.")
        node = self.anchors[event.anchor]
        if node is None:
            self._stop("TD014", event, f"*{event.anchor} stands inside of &{event.anchor}: it would never end.")
        self._count(event, node.size)
        return node

    def _count(self, event: Any, more: int) -> None:
        self.count += more
        self.last = _span(event)
        if self.count > MAX_NODES:
            text = f"With its aliases unfolded the spec has more than {MAX_NODES} values."
            self._stop("TD015", event, text)

    def _line_span(self, event: Any) -> Span:
        """The span of a scalar; of one with several lines, its first."""
        span = _span(event)
        if event.end_mark.line != event.start_mark.line:
            return Span(span.line, span.column, len(self.source.lines[span.line - 1]) + 1)
        return span

    def _report(self, code: str, span: Span, detail: str, fix: str) -> None:
        self.found.append(problem(code, detail, fix=fix, location=self.source.location(span)))

    def _stop(self, code: str, event: Any, detail: str) -> NoReturn:
        self._report(code, _span(event), detail, "Write the values out, and fewer of them.")
        raise SpecError(self.found)

    def _empty(self) -> Diagnostic:
        fix = "Start from a blueprint: tideform init"
        return problem("TD009", f"{self.source.name} holds no keys, only comments or nothing.", fix=fix)


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (ValueError, IndexError, AssertionError) as error:  # the parser's own, on escapes such as \\U00110000
        raise YAMLError(f"{error}") from None


def _span(event: Any) -> Span:
    start, end = event.start_mark, event.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Span(start.line + 1, start.column + 1, start.column + 1 + max(1, width))


def _scalar(event: Any) -> Scalar:
    """The value by YAML 1.2's core schema; quoted text stays text, and so do dates."""
    text: str = event.value
    if event.style:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _syntax(source: Source, error: Any) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    location = source.location(Span(line, column, column + 1))
    if "\t" in location.text[: len(location.text) - len(location.text.lstrip())]:
        text = "YAML counts columns, and a tab has no width."
        return problem("TD007", text, fix="Indent with spaces only.", location=location)
    words = ", ".join(str(part) for part in (error.context, error.problem) if part)
    fix = "Look at this line and the one above: indentation, a missing colon, or a quote that is not closed."
    return problem("TD006", f"The reader says: {words}.", fix=fix, location=location)
