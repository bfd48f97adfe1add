"""What the documents promise is there: links lead somewhere, commands and targets exist, figures are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tideform.cli.app import COMMANDS
from tideform.cli.burst_session import announce
from tideform.cli.common import load_deployment

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "blueprints").rglob("*.md")]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
OUR_COMMAND = re.compile(r"(?:^|[`$\n(] ?|\.venv/bin/)tideform ([a-z]+)\b")
OUR_TARGET = re.compile(r"(?:^|[`$\n])(?:\s*|.* )make ([a-z]+)\b")


def name_of(page: Path) -> str:
    """The page as a reader finds it."""
    return page.relative_to(ROOT).as_posix()


def code_in(page: Path) -> str:
    """The blocks and words that are set as code."""
    return "\n".join(CODE.findall(page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[str]:
    """The links of a page that stay in this repository."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        address = match[1] or match[2]
        if "://" not in address and not address.startswith("mailto:"):
            yield address


def leads_nowhere(page: Path, address: str) -> bool:
    """Whether a link's file or heading is missing."""
    file, _, anchor = address.partition("#")
    target = (page.parent / file).resolve() if file else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


def test_every_link_leads_somewhere() -> None:
    broken = {f"{name_of(page)}: {link}" for page in PAGES for link in links(page) if leads_nowhere(page, link)}
    assert broken == set()


def test_every_command_that_is_shown_exists() -> None:
    shown = {(name_of(page), name) for page in PAGES for name in OUR_COMMAND.findall(code_in(page))}
    there = {name for name, (module, _) in COMMANDS.items() if find_spec(module)}
    assert {(page, name) for page, name in shown if name not in there} == set()


def test_every_make_target_that_is_shown_exists() -> None:
    there = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = {(name_of(page), name) for page in PAGES for name in OUR_TARGET.findall(code_in(page))}
    assert {(page, name) for page, name in shown if name not in there} == set()


def test_every_file_of_ours_that_is_named_exists() -> None:
    named = re.compile(r"`((?:src|stacks|blueprints|tests|docs|scripts)/[\w./-]+\.\w+)`")
    missing = {
        (name_of(page), path)
        for page in PAGES
        for path in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    }
    assert missing == set()


def test_the_figures_are_given_in_a_table() -> None:
    tables = [page for page in PAGES if re.search(r"^\| ?figure", page.read_text(encoding="utf-8"), re.I | re.M)]
    assert tables


def test_ci_runs_what_the_readme_tells() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().endswith("exec make test")


def test_the_readme_shows_a_burst_as_its_command_announces_it(capsys: pytest.CaptureFixture[str]) -> None:
    deployment = load_deployment(ROOT / "blueprints/quickstart/tideform.yaml", "dev", quiet=True)
    announce(deployment, "digits", deployment.spec.training["digits"])
    assert capsys.readouterr().err in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readmes_plan_is_the_one_that_quickstart_has() -> None:
    """Its figures: what comes, what a burst makes, what it costs; the golden plan is of the same blueprint."""
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("$ tideform plan\n")[1].split("$ tideform apply")[0]
    shown = [line.strip() for line in block.splitlines() if re.search(r"\d", line) and "…" not in line]
    golden = (ROOT / "tests/golden/blueprints/quickstart-dev.txt").read_text(encoding="utf-8")
    assert len(shown) > 5
    assert [line for line in shown if line not in golden] == []
