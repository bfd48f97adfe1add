"""What a pool's words mean together: findings that stop nothing, and folders that only a disk can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError, SpecError
from tideform.spec.leases import require_lease
from tideform.spec.load import load
from tideform.spec.project import Project
from tideform.spec.quantities import Duration

HEAD = "version: 1\nproject: p\nowner: team@example.com\nregion: us-east-1\n"


def findings(folder: Path, pool: str, head: str = "") -> tuple[Diagnostic, ...]:
    file = folder / "tideform.yaml"
    file.write_text(f"{HEAD}{head}training:\n  nightly: {{{pool}}}\n", encoding="utf-8")
    try:
        found = load(file).diagnostics
    except SpecError as error:
        found = error.diagnostics
    return tuple(d for d in found if d.severity is not Severity.NOTE)


JOB = "job: {image: i, command: [python]}"
TWO_NODES = "job: {image: i, command: [python], nodes: 2}"


@pytest.mark.parametrize(
    ("pool", "codes"),
    [
        (f"instance_types: [c5.large], lease: 6h, {JOB}", ["TD153"]),
        (f"instance_types: [c5.large], capacity: {{spot: only}}, {JOB}", ["TD153"]),
        (f"instance_types: [c5.large], {JOB}", []),
        (f"instance_types: [c5.large], lease: 1h, {JOB}", []),
        (f"instance_types: [c5.large], lease: 6h, checkpoint: {{every: 5m}}, {JOB}", []),
        (f"instance_types: [c5.large], lease: 6h, capacity: {{spot: never}}, {JOB}", []),
    ],
)
def test_hours_of_work_on_spot_without_checkpoints_are_worth_a_warning(
    tmp_path: Path, pool: str, codes: list[str]
) -> None:
    found = findings(tmp_path, pool)
    assert [d.code for d in found] == codes
    assert all(d.severity is Severity.WARNING and d.location and d.fix for d in found)


def test_nodes_that_work_together_come_from_one_zone_and_that_is_said_where_none_is_named(tmp_path: Path) -> None:
    words = f"instance_types: [c5.large], nodes: 2, capacity: {{spot: never}}, {TWO_NODES}"
    (found,) = findings(tmp_path, words)
    assert (found.code, found.severity, found.path) == ("TD148", Severity.WARNING, "training.nightly.job.nodes")
    assert findings(tmp_path, f"zones: [a], {words}") == ()


@pytest.mark.parametrize("key", ["code", "build"])
def test_a_link_out_of_the_project_is_no_folder_to_send(tmp_path: Path, key: str) -> None:
    outside, project = tmp_path / "home", tmp_path / "project"
    outside.mkdir()
    (outside / "Dockerfile").touch()
    project.mkdir()
    (project / "src").symlink_to(outside)
    job = f"job: {{image: i, command: [python], {key}: src}}"
    (found,) = findings(project, f"instance_types: [c5.large], {job}")
    assert (found.code, found.path) == ("TD152", f"training.nightly.job.{key}")
    assert "leads out" in found.detail


def test_a_circle_of_links_is_no_folder_to_send(tmp_path: Path) -> None:
    (tmp_path / "src").symlink_to(tmp_path / "src")
    job = "job: {image: i, command: [python], code: src}"
    (found,) = findings(tmp_path, f"instance_types: [c5.large], {job}")
    assert found.code == "TD152"


def test_a_folder_inside_is_fine_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "src").symlink_to(tmp_path / "there")
    assert findings(tmp_path, "instance_types: [c5.large], job: {image: i, command: [python], code: src}") == ()


def test_a_dockerfile_that_leads_out_is_not_built(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "image").mkdir(parents=True)
    (tmp_path / "secret").touch()
    (project / "image" / "Dockerfile").symlink_to(tmp_path / "secret")
    job = "job: {image: i, command: [python], build: image}"
    (found,) = findings(project, f"instance_types: [c5.large], {job}")
    assert "Dockerfile" in found.detail


def spec_with(**limits: object) -> Project:
    return Project(version=1, project="p", owner="o", region="us-east-1", limits=limits)


@pytest.mark.parametrize(
    "limits", [{"lease": "2h"}, {"owners": {"alice": "2h"}}, {"lease": "9h", "owners": {"alice": "2h"}}]
)
def test_a_lease_beyond_its_owners_limit_is_refused(limits: dict[str, object]) -> None:
    require_lease(spec_with(**limits), "alice", Duration.parse("2h"))
    with pytest.raises(RefusedError) as caught:
        require_lease(spec_with(**limits), "alice", Duration.parse("3h"))
    assert caught.value.diagnostics[0].code == "TD147"


def test_the_limit_of_one_owner_is_not_anothers() -> None:
    require_lease(spec_with(owners={"alice": "2h"}), "bob", Duration.parse("3h"))


STORE = "storage: {data: {kind: dataset}}\n"
FED = "job: {image: i, command: [python], outputs: [data]}"


@pytest.mark.parametrize(
    ("trigger", "severity"), [("store: data", Severity.ERROR), ("store: data, prefix: new/", Severity.WARNING)]
)
def test_a_job_that_writes_to_its_own_trigger_would_go_round_in_a_circle(
    tmp_path: Path, trigger: str, severity: Severity
) -> None:
    (found,) = findings(tmp_path, f"instance_types: [c5.large], trigger: {{{trigger}}}, {FED}", STORE)
    assert (found.code, found.severity, found.path) == ("TD173", severity, "training.nightly.trigger.store")
    assert found.location
    assert found.fix


def test_a_rate_is_a_warning_since_its_first_burst_begins_at_the_apply(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, f"instance_types: [c5.large], schedule: rate(1 day), {JOB}")
    assert (found.code, found.severity, found.path) == ("TD172", Severity.WARNING, "training.nightly.schedule")
    assert found.location
    assert "cron" in found.fix


def test_a_time_of_day_is_no_warning(tmp_path: Path) -> None:
    assert findings(tmp_path, f"instance_types: [c5.large], schedule: cron(0 2 * * ? *), {JOB}") == ()
