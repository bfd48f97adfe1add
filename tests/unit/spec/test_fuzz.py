"""No input ends in a traceback: bytes, text and mutated good specs become a deployment or a `SpecError`."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tideform.errors import SpecError
from tideform.spec.load import load_source
from tideform.spec.source import decode
from tideform.views.diagnostics import as_json, render

GOOD = (Path(__file__).parents[3] / "blueprints" / "fraud-scoring" / "tideform.yaml").read_text("utf-8")
LINES = GOOD.splitlines(keepends=True)
JUNK = st.sampled_from(
    [
        "",
        "null",
        "[]",
        "{}",
        "[[]]",
        "{a: {b: c}}",
        "-1",
        "0",
        "1e999",
        "~",
        "true",
        "'",
        "\t",
        "*x",
        "&x",
        "<<",
        "!!int x",
        "? ",
        "- ",
        ": ",
        "%",
        "@",
        "|",
        ">",
        "---\n",
        "...\n",
        "\u2028",
        "\U0001f600",
        "9" * 400,
        "a" * 400,
    ]
)


def survives(data: bytes) -> None:
    """Loading raises nothing but `SpecError`, and what it says can be shown."""
    try:
        diagnostics = load_source(decode(data, "x.yaml"), Path("x.yaml"), "dev").diagnostics
    except SpecError as error:
        assert error.diagnostics
        diagnostics = error.diagnostics
    render(diagnostics, color=True)
    as_json(diagnostics)


@given(st.binary(max_size=300))
def test_any_bytes_survive(data: bytes) -> None:
    survives(data)


@given(st.text(max_size=300))
@example("%TAG ! tag:x\n--- !a b")
@example("%YAML 9.9\n---\na: b")
@example("a: !<x> b")
@example("? a\n? b\n")
@example('a: "\\xZZ"')
@example('a: "\\U00110000"')
@example('a: "\\ud800"')
@example("- - - -\n")
@example("{a, b: [c, {d}]}")
@example("&a")
@example("!")
def test_any_text_survives(text: str) -> None:
    survives(text.encode("utf-8", "surrogatepass"))


@given(st.data())
@settings(max_examples=150)
def test_a_spec_with_a_value_replaced_survives(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[index].partition(":")
        lines[index] = f"{key}{colon} {data.draw(JUNK)}\n"
    survives("".join(lines).encode())


@given(st.data())
@settings(max_examples=150)
def test_a_spec_with_characters_changed_survives(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 30))
        text = text[:start] + data.draw(JUNK | st.text(max_size=5)) + text[start + length :]
    survives(text.encode("utf-8", "surrogatepass"))


@given(st.data())
@settings(max_examples=100)
def test_a_spec_with_lines_moved_survives(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        line = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
        indent = " " * data.draw(st.integers(0, 8))
        lines.insert(data.draw(st.integers(0, len(lines))), indent + line.lstrip())
    survives("".join(lines).encode())
