"""``tideform logs``: which job a name means, and which of a log's lines are printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.stacks.collecting import deployment_of
from tideform.burst.history import every
from tideform.burst.history.runs import Run, Seen
from tideform.cli import logs
from tideform.cli.logs import LastLines
from tideform.cloud import Cloud
from tideform.errors import CloudError, TideformError
from tideform.reaper.history.base import JobState
from tideform.spec.deployment import Deployment
from tideform.unasked import NO_GAPS, Gaps

SPEC: dict[str, Any] = {
    "version": 1,
    "project": "quickstart",
    "owner": "ml@example.com",
    "region": "us-east-1",
    "training": {"nightly": {"instance_types": ["c5.large"], "job": {"image": "trainer", "command": ["true"]}}},
}
WRITTEN = ["one", "two", "three"]


@pytest.mark.parametrize(("last", "printed"), [(None, WRITTEN), (2, ["two", "three"]), (0, []), (9, WRITTEN)])
def test_of_what_was_there_the_last_lines_are_printed_in_their_order(last: int | None, printed: list[str]) -> None:
    said: list[str] = []
    lines = LastLines(last, said.append)
    for line in WRITTEN:
        lines(line)
    lines.catch_up()
    assert said == printed


def test_what_comes_after_that_is_printed_as_it_comes() -> None:
    said: list[str] = []
    lines = LastLines(1, said.append)
    lines("old")
    lines("last")
    lines.catch_up()
    lines("new")
    lines.catch_up()
    assert said == ["last", "new"]


LOST = Gaps.of("jobs of pair", CloudError.of("TD611", "A cloud service refused", detail="it is away"))


def chosen(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment, name: str, *runs: Run, gaps: Gaps = NO_GAPS
) -> tuple[str, tuple[str, ...]]:
    """What a name means in a project whose spec has one pool, and whose lease table knows another, ``pair``."""
    monkeypatch.setattr(every, "known_pools", lambda *_: {*deployment.spec.training, "pair"})
    monkeypatch.setattr(logs, "seen_runs", lambda *_, **__: Seen(runs, gaps))
    return logs._chosen(cast(Cloud, None), deployment, name)


def run(lease: str, *ids: str, state: JobState = JobState.SUCCEEDED, why: str = "") -> Run:
    return Run(f"pair-{lease}", "pair", "ec2", lease, state, ids, why=why)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return deployment_of(SPEC, tmp_path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nightly", ("nightly", ())),
        ("pair", ("pair", ())),
        ("pair-40aece66b3f9", ("pair", ("job-1",))),
        ("40ae", ("pair", ("job-1",))),
        ("nobody", ("nobody", ())),
    ],
)
def test_a_job_is_found_by_its_name_also_where_the_lease_table_alone_knows_its_pool(
    name: str, found: tuple[str, tuple[str, ...]], deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen(monkeypatch, deployment, name, run("40aece66b3f9", "job-1"), run("0123456789ab", "job-2")) == found


@pytest.mark.parametrize(
    ("of", "gaps", "code", "why"),
    [
        (run("40aece66b3f9", state=JobState.STOPPED, why="its job never began"), NO_GAPS, "TD678", "never began"),
        (run("40aece66b3f9", state=JobState.WAITING), NO_GAPS, "TD678", "it has not begun yet"),
        (run("40aece66b3f9", state=JobState.UNKNOWN), NO_GAPS, "TD678", "nobody knows"),
        (run("40aece66b3f9", state=JobState.UNKNOWN), LOST, "TD611", "it is away"),
    ],
)
def test_a_job_without_a_log_of_its_own_is_not_told_as_the_newest_of_its_pool(
    of: Run, gaps: Gaps, code: str, why: str, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TideformError) as caught:
        chosen(monkeypatch, deployment, of.name, of, gaps=gaps)
    (said,) = caught.value.diagnostics
    assert (said.code, why in (said.detail or "")) == (code, True)
