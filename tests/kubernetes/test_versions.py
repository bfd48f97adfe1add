"""The table of versions is what the modules pin."""

from __future__ import annotations

import re

import pytest

from tests.kubernetes.versions import OLDEST_GO, PARTS, Part


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_module_pins_the_versions_of_the_table(part: Part) -> None:
    pinned = dict(re.findall(r"^\s*(?:require )?(\S+\.\S+/\S+) (v\S+)", (part.source / "go.mod").read_text(), re.M))
    assert {module: pinned.get(module) for module, _ in part.pins} == dict(part.pins)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_no_module_asks_for_a_newer_go_than_we_look_for(part: Part) -> None:
    asked = re.search(r"^go (\S+)$", (part.source / "go.mod").read_text(), re.M)
    assert asked is not None
    assert tuple(map(int, asked[1].split("."))) <= OLDEST_GO
