"""The pages on adding a backend, held to what backends are: the files they name are the files that one touches."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

from tideform.registry.serving import ServingBackend
from tideform.registry.training import TrainingBackend, backends

ROOT = Path(__file__).parent.parent
HOW_TO = ROOT / "docs" / "how-to"
FOLDERS = ROOT / "src" / "tideform" / "backends"
TRAINING = (HOW_TO / "add-a-training-backend.md").read_text(encoding="utf-8")
SERVING = (HOW_TO / "add-a-serving-backend.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\S+\.py)` \|.*\| ([^|]+) \|$", TRAINING, re.MULTILINE))
PART = re.compile(r'\b(?:part|having)\((?:\w+, )?"(\w+)"\)')


def who_has(file: str, kind: str = "training") -> set[str]:
    """The backends with such a file in their folder."""
    return {path.parents[file.count("/")].name for path in (FOLDERS / kind).glob(f"*/{file}")}


def test_what_every_training_backend_has_by_the_page_each_of_ours_has() -> None:
    every = {file for file, whose in ROWS.items() if whose == "every backend"}
    assert every
    assert {file: who_has(file) for file in every} == {file: set(backends()) for file in every}


def test_what_only_some_have_by_the_page_some_of_ours_have() -> None:
    some = {file: who_has(file) for file, whose in ROWS.items() if whose != "every backend"}
    assert some
    assert all(found and found < set(backends()) for found in some.values()), some


def test_the_page_tells_of_all_that_the_reaper_looks_for_in_a_folder() -> None:
    """``part(backend, "ending")`` and the like, wherever they stand."""
    reaper = (ROOT / "src" / "tideform" / "reaper").rglob("*.py")
    looked_for = {name for path in reaper for name in PART.findall(path.read_text(encoding="utf-8"))}
    assert looked_for
    assert {f"in_account/{name}.py" for name in looked_for} == {file for file in ROWS if "/" in file}


def test_files_of_the_repository_that_a_page_names_are_there() -> None:
    named = re.findall(r"`((?:src|tests|stacks)/[^`<]+)`", TRAINING + SERVING)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_serving_page_writes_all_that_a_serving_backend_is_asked_for() -> None:
    (block,) = re.findall(r"^ +```python\n(.*?)^ +```", SERVING, re.MULTILINE | re.DOTALL)
    words: dict[str, Any] = {"__name__": __name__}
    exec(f"from __future__ import annotations\nfrom dataclasses import dataclass\n{dedent(block)}", words)
    asked = {name for name in vars(ServingBackend) if not name.startswith("_")}
    assert asked - set(dir(words["ENTRY"])) == set()
    assert who_has("entry.py", "serving")


def test_a_training_backend_has_to_answer_what_the_page_names() -> None:
    """Beside its id and its line in the help; all else is by what it adds to these."""
    asked = TrainingBackend.__abstractmethods__ - {"id", "summary"}
    assert {name for name in asked if f"`{name}`" not in TRAINING} == set()
