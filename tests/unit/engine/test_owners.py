"""A stack is ours if what it says proves it; that its name begins like ours proves nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.engine.fit import checked_backend
from tideform.errors import RefusedError
from tideform.model.programs import program
from tideform.spec.deployment import Deployment
from tideform.state import checkpoint, settings
from tideform.state.checkpoint import FolderBlobs
from tideform.state.owners import Stack, contested, read_own, refuse_contested, stacks_of

FIT = ("tideform-training", "demo-dev-eu-fit")
BARE = {"urn": "u", "type": "aws:iam/role:Role", "custom": True}


@pytest.fixture
def here(tmp_path: Path) -> Deployment:
    (tmp_path / "tideform.yaml").write_text("version: 1")
    return replace(deployment(), spec_file=tmp_path / "tideform.yaml")


@pytest.fixture
def blobs(here: Deployment) -> FolderBlobs:
    return FolderBlobs(here.workspace.state("dev"))


def role(project: str, environment: str) -> dict[str, Any]:
    return {**BARE, "inputs": {"tags": {"tideform:project": project, "tideform:environment": environment}}}


def group(project: str, environment: str) -> dict[str, Any]:
    pairs = {"tideform:project": project, "tideform:environment": environment}
    return {**BARE, "inputs": {"tags": [{"key": key, "value": value} for key, value in pairs.items()]}}


def namespace(project: str, environment: str) -> dict[str, Any]:
    labels = {"tideform.dev/project": project, "tideform.dev/environment": environment}
    return {**BARE, "inputs": {"metadata": {"labels": labels}}}


def stand(blobs: FolderBlobs, stack: Stack, *resources: dict[str, Any], **more: Any) -> None:
    latest = {"resources": resources, **more}
    blobs.write(checkpoint.key_of(*stack), json.dumps({"checkpoint": {"latest": latest}}).encode())


def made_by(of: Deployment, unit: str) -> None:
    """What an apply leaves of its settings in the folder."""
    made = program(of, "training", unit)
    folder = of.workspace.program(of.environment, made.slug)
    settings.write_project(folder, made)
    settings.write_stack(folder, made, of, None)


def own(of: Deployment, blobs: FolderBlobs) -> list[Stack]:
    return list(stacks_of(of, blobs))


def test_a_tag_of_nobody_who_could_have_its_name_takes_a_stack_from_nobody(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, FIT, role("other", "dev"), role("demo", "dev"))
    assert own(here, blobs) == [FIT]


def test_what_this_folder_has_applied_stays_ours_whatever_its_tags_say(here: Deployment, blobs: FolderBlobs) -> None:
    made_by(here, "eu-fit")
    stand(blobs, FIT, role("other", "dev"))
    assert own(here, blobs) == [FIT]
    assert read_own(here, blobs, program(here, "training", "eu-fit")) is not None


OTHERS = pytest.mark.parametrize("whose", [("demo", "dev-eu"), ("demo-dev", "eu")], ids=["environment", "project"])


def unproved(of: Deployment, blobs: FolderBlobs) -> list[Stack]:
    return [stack for stack, _ in contested(of, blobs)]


@OTHERS
def test_one_tag_of_ours_gives_us_nothing_that_another_has_as_well(
    here: Deployment, blobs: FolderBlobs, whose: tuple[str, str]
) -> None:
    stand(blobs, FIT, role(*whose), role("demo", "dev"))
    assert (own(here, blobs), unproved(here, blobs)) == ([], [FIT])


def test_a_tag_of_ours_gives_us_nothing_that_this_folder_has_applied_for_another(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, FIT, role("demo", "dev-eu"), role("demo", "dev"))
    made_by(eu := replace(here, environment="dev-eu"), "fit")
    assert (own(here, blobs), own(eu, blobs)) == ([], [FIT])
    with pytest.raises(RefusedError, match="taken"):
        read_own(here, blobs, program(here, "training", "eu-fit"))


def test_nor_do_all_of_its_tags(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT, role("demo", "dev"))
    made_by(eu := replace(here, environment="dev-eu"), "fit")
    assert (own(here, blobs), own(eu, blobs)) == ([], [])
    assert (unproved(here, blobs), unproved(eu, blobs)) == ([FIT], [FIT])


def test_what_this_folder_has_applied_for_us_alone_stays_ours_beside_a_tag_of_another(
    here: Deployment, blobs: FolderBlobs
) -> None:
    made_by(here, "eu-fit")
    stand(blobs, FIT, role("demo", "dev-eu"), role("demo", "dev"))
    assert (own(here, blobs), unproved(here, blobs)) == ([FIT], [])


def test_what_carries_the_tags_of_another_alone_is_not_taken_away_for_what_this_folder_once_applied(
    here: Deployment, blobs: FolderBlobs
) -> None:
    made_by(here, "eu-fit")
    stand(blobs, FIT, role("demo", "dev-eu"))
    assert (own(here, blobs), unproved(here, blobs)) == ([], [FIT])


def test_a_unit_of_ours_with_contradicting_tags_may_be_applied_which_puts_them_right(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, FIT, role("demo", "dev-eu"), role("demo", "dev"))
    assert read_own(here, blobs, program(here, "training", "eu-fit")) is not None


def test_where_a_name_reads_in_one_way_a_tag_of_another_takes_nothing_from_us(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, stack := ("tideform-training", "demo-dev-fit"), role("demo", "dev-eu"), role("demo", "dev"))
    assert own(here, blobs) == [stack]


@OTHERS
def test_what_is_anothers_by_all_that_tells_holds_nobody_up(
    here: Deployment, blobs: FolderBlobs, whose: tuple[str, str]
) -> None:
    stand(blobs, FIT, role(*whose))
    assert unproved(here, blobs) == []
    refuse_contested(here, blobs)


def test_what_took_the_tags_of_nobody_who_could_have_its_name_is_passed_over_and_told(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, stack := ("tideform-training", "demo-dev-old"), role("demo", "prod"))
    assert own(here, blobs) == []
    ((found, said),) = contested(here, blobs)
    assert (found, said.code, "project demo, environment prod" in said.detail) == (stack, "TD421", True)


def test_a_stack_in_which_nothing_is_is_not_contested(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT)
    made_by(here, "eu-fit")
    made_by(replace(here, environment="dev-eu"), "fit")
    assert unproved(here, blobs) == []


@pytest.mark.parametrize("unit", [None, "eu-fit"], ids=["all", "the unit"])
def test_who_takes_away_is_refused_what_it_would_pass_over(
    here: Deployment, blobs: FolderBlobs, unit: str | None
) -> None:
    with_unit = replace(here, spec=deployment(training={"eu-fit": pool()["nightly"]}).spec)
    stand(blobs, FIT, role("demo", "dev-eu"), role("demo", "dev"))
    with pytest.raises(RefusedError) as caught:
        refuse_contested(with_unit, blobs, unit)
    assert [found.code for found in caught.value.diagnostics] == ["TD421"]


def test_one_unit_goes_whatever_others_are_like(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT, role("demo", "dev-eu"), role("demo", "dev"))
    refuse_contested(here, blobs, "nightly")


@pytest.mark.parametrize("told", [role, group, namespace], ids=["tags", "a list of tags", "labels"])
def test_what_carries_our_marks_is_ours(here: Deployment, blobs: FolderBlobs, told: Any) -> None:
    stand(blobs, FIT, BARE, told("demo", "dev"))
    assert own(here, blobs) == [FIT]


@pytest.mark.parametrize("told", [role, group, namespace], ids=["tags", "a list of tags", "labels"])
@OTHERS
def test_what_carries_the_marks_of_another_whose_name_begins_like_ours_is_not(
    here: Deployment, blobs: FolderBlobs, told: Any, whose: tuple[str, str]
) -> None:
    stand(blobs, FIT, BARE, told(*whose))
    assert own(here, blobs) == []


def test_what_a_crash_left_while_it_was_made_tells_whose_it_is(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT, pending_operations=[{"resource": role("demo", "dev"), "type": "creating"}])
    assert own(here, blobs) == [FIT]


def test_a_stack_in_which_nothing_is_is_ours_where_this_folder_has_applied_it(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, FIT)
    made_by(here, "eu-fit")
    assert own(here, blobs) == [FIT]


def test_a_stack_in_which_nothing_is_is_not_ours_where_this_folder_has_applied_it_for_another(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, FIT)
    made_by(replace(here, environment="dev-eu"), "fit")
    assert own(here, blobs) == []


def test_settings_of_before_they_named_the_project_tell_it_by_the_name(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT)
    made_by(here, "eu-fit")
    (file,) = here.workspace.root.rglob("Pulumi.demo-dev-eu-fit.yaml")
    file.write_text(file.read_text().replace("  tideform:project: demo\n", ""))
    assert own(here, blobs) == [FIT]


def test_a_stack_in_which_nothing_is_and_that_may_be_anothers_is_nobodys(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT)
    assert own(here, blobs) == []


def test_a_stack_in_which_nothing_is_is_ours_where_its_name_reads_in_one_way(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, stack := ("tideform-training", "demo-dev-fit"))
    assert own(here, blobs) == [stack]


def test_a_layer_that_holds_nothing_is_ours_by_its_whole_name(here: Deployment, blobs: FolderBlobs) -> None:
    eu = replace(here, environment="dev-eu")
    stand(blobs, layer := ("tideform-storage", "demo-dev-eu"))
    assert (own(eu, blobs), own(here, blobs)) == ([layer], [])


def test_what_stands_without_a_mark_is_ours_where_the_spec_names_its_unit(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT, BARE)
    assert own(here, blobs) == []
    units = {"eu-fit": pool()["nightly"]}
    assert own(replace(here, spec=deployment(training=units).spec), blobs) == [FIT]


def test_one_whose_file_is_broken_is_ours_by_its_name_so_that_it_is_told(here: Deployment, blobs: FolderBlobs) -> None:
    blobs.write(checkpoint.key_of(*FIT), b"{")
    assert own(here, blobs) == [FIT]


def test_a_broken_one_that_this_folder_has_applied_for_another_holds_nobody_else_up(
    here: Deployment, blobs: FolderBlobs
) -> None:
    blobs.write(checkpoint.key_of(*FIT), b"{")
    made_by(replace(here, environment="dev-eu"), "fit")
    assert own(here, blobs) == []


def test_a_unit_whose_stack_is_anothers_is_refused_and_says_whose(here: Deployment, blobs: FolderBlobs) -> None:
    stand(blobs, FIT, role("demo", "dev-eu"))
    with pytest.raises(RefusedError) as caught:
        read_own(here, blobs, program(here, "training", "eu-fit"))
    (found,) = caught.value.diagnostics
    assert found.code == "TD421"
    assert "project demo, environment dev-eu" in found.detail


def test_who_comes_second_under_one_name_of_two_projects_is_refused_before_anything(
    here: Deployment, blobs: FolderBlobs
) -> None:
    stand(blobs, ("tideform-foundation", "demo-dev"), role("dem", "o-dev"))
    with pytest.raises(RefusedError, match="taken"):
        checked_backend(here)
