"""What each diagnostic code says: its summary, causes and fixes, read from where the source speaks it.

So the page of codes and ``tideform explain TD501`` cannot say anything else than the program does. What is filled in
when it happens stands in angle brackets.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import tideform
from tideform.errors import RefusedError
from tideform.spec.suggest import did_you_mean

CODE = re.compile(r"TD\d{3}")
_TABLE = "SUMMARIES"  # what a module calls its table of codes, where it has one
_PACKAGE = Path(tideform.__file__).parent
_SOURCES = (_PACKAGE, _PACKAGE.with_name("tideform_sandbox"))
_Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Told:
    """One code; ``causes`` and ``fixes`` as they are told at each place, in the source's order."""

    code: str
    summaries: frozenset[str]
    causes: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Its constant summary."""
        return " / ".join(sorted(self.summaries))

    def __add__(self, other: Told) -> Told:
        causes = tuple(dict.fromkeys((*self.causes, *other.causes)))
        fixes = tuple(dict.fromkeys((*self.fixes, *other.fixes)))
        return Told(self.code, self.summaries | other.summaries, causes, fixes)


def look_up_code(code: str) -> Told:
    """What a code means. Raises `RefusedError` TD096 if the program never says it."""
    found = [told for told in _told(code) if told.code == code]
    if not found:
        raise RefusedError.of(
            "TD096",
            "There is no such code",
            detail=f"tideform never says {code}.",
            fix=did_you_mean(code, list(every_code())) or "docs/reference/diagnostics.md lists all codes.",
        )
    return reduce(Told.__add__, found)


def every_code() -> dict[str, Told]:
    """Every code, in order."""
    found: dict[str, Told] = {}
    for told in _told("TD"):
        found[told.code] = found[told.code] + told if told.code in found else told
    return dict(sorted(found.items()))


def _told(mark: str) -> Iterator[Told]:
    """What the modules say that hold the mark: parsing them all takes a second."""
    texts = [file.read_text(encoding="utf-8") for source in _SOURCES for file in sorted(source.rglob("*.py"))]
    tables = [entry for text in texts if f"{_TABLE}: " in text for entry in _table(ast.parse(text))]
    tabled = {code: summary for code, summary in tables if code.startswith(mark)}
    yield from (Told(code, frozenset({summary})) for code, summary in tabled.items())
    for text in texts:
        if mark in text:
            yield from _in(ast.parse(text), tabled)


def _table(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The codes whose summaries a module lists, so that those who speak them need not repeat it."""
    for node in tree.body:
        match node:
            case ast.AnnAssign(ast.Name(name), _, ast.Dict(keys, values)) if name == _TABLE:
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                        yield str(key.value), str(value.value)


def _in(tree: ast.Module, tabled: Mapping[str, str]) -> Iterator[Told]:
    outer = _names(tree.body)
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.Module | ast.ClassDef):
            names = outer | _names(_own(scope.body))
            for node in _own(scope.body):
                if isinstance(node, ast.Call) and (told := _call(node, names, tabled)):
                    yield told


def _own(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a scope, but not those of functions and classes inside it, which are scopes themselves."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            waiting[:0] = ast.iter_child_nodes(node)


def _names(nodes: Iterable[ast.AST]) -> dict[str, tuple[str, ...]]:
    """The texts that the names of a scope stand for."""
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        match node:
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                found[name] = (*found.get(name, ()), *_texts(value, found))
            case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)):
                for target, value in zip(targets, values, strict=False):
                    if isinstance(target, ast.Name):
                        found[target.id] = (*found.get(target.id, ()), *_texts(value, found))
    return found


def _call(call: ast.Call, names: _Texts, tabled: Mapping[str, str]) -> Told | None:
    said = {word.arg: _texts(word.value, names) for word in call.keywords if word.arg}
    given = [texts for value in call.args if (texts := _texts(value, names))]
    place = next((n for n, texts in enumerate(given) if CODE.fullmatch(texts[0])), None)
    if place is None and not CODE.fullmatch(next(iter(said.get("code", ())), "")):
        return None
    code = said["code"][0] if place is None else given[place][0]
    rest = given if place is None else given[place + 1 :]
    summaries: Iterable[str] = ()
    if code not in tabled:
        summaries = said.get("summary") or (rest.pop(0) if rest else ())
    causes = said.get("detail") or (rest.pop(0) if rest else ())
    return Told(code, frozenset(summaries), tuple(causes), tuple(said.get("fix") or (rest[0] if rest else ())))


def _texts(value: ast.expr, names: _Texts) -> tuple[str, ...]:
    """The texts that an expression may become; none where only a run of the program can tell."""
    match value:
        case ast.Constant(str(text)):
            return (text,)
        case ast.JoinedStr(parts):
            return ("".join(_part(part) for part in parts),)
        case ast.Name(name):
            return names.get(name, ())
        case ast.IfExp(_, first, second) | ast.BoolOp(_, [first, second]):
            return (*_texts(first, names), *_texts(second, names))
        case ast.BinOp(left, ast.Add(), right):
            return tuple(a + b for a in _texts(left, names) or ("<…>",) for b in _texts(right, names) or ("<…>",))
    return ()


def _part(part: ast.expr) -> str:
    """A piece of a text with holes: what is filled in by its name, if it has one."""
    match part:
        case ast.Constant(str(text)):
            return text
        case ast.FormattedValue(ast.Name(name)) | ast.FormattedValue(ast.Attribute(_, name)):
            return f"<{name.strip('_').replace('_', ' ')}>"
    return "<…>"
