"""Values that stand on their own."""

from __future__ import annotations

from tideform.model.planned import SECRET
from tideform.views.outputs import named, output_lines
from tideform.views.values import block


def test_nested_values_are_indented() -> None:
    value = {"list": [1, {"a": []}, ["x"]], "map": {}, "secret": SECRET}
    assert "\n".join(block(value)) == (
        "{\n"
        "  list = [\n"
        "    1,\n"
        "    {\n"
        "      a = []\n"
        "    },\n"
        "    [\n"
        '      "x",\n'
        "    ],\n"
        "  ]\n"
        "  map = {}\n"
        "  secret = (sensitive value)\n"
        "}"
    )


def test_outputs_are_named_by_program_in_the_order_of_the_layers() -> None:
    outputs = {"monitoring": {"b": 1, "a": 2}, "training/nightly": {"q": 3}, "foundation": {"v": 4}}
    assert list(named(outputs)) == ["foundation.v", "training/nightly.q", "monitoring.a", "monitoring.b"]


def test_no_outputs_are_told() -> None:
    assert [str(line) for line in output_lines({})] == ["Nothing stands yet, so there are no outputs."]
