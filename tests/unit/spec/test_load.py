"""From a file to a deployment: environments, overrides, and what every finding says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import SpecError
from tideform.spec.load import Loaded, load, load_source, validate
from tideform.spec.source import decode

HEAD = "version: 1\nproject: p\nowner: me\nregion: us-east-1\n"
AWS = 'target: aws, account: "210987654321", state: "s3://acme-state"'
POOL = "training:\n  nightly:\n    instance_types: [c5.large]\n    job: {image: i, command: [x]}\n"
BLUEPRINTS = sorted((Path(__file__).parents[3] / "blueprints").glob("*/tideform.yaml"))


def loaded(text: str, environment: str | None = None) -> Loaded:
    return load_source(decode((HEAD + text).encode(), "tideform.yaml"), Path("tideform.yaml"), environment)


def problems(text: str, environment: str | None = None) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as caught:
        loaded(text, environment)
    return caught.value.diagnostics


def problem(text: str, environment: str | None = None) -> Diagnostic:
    (found,) = problems(text, environment)
    return found


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda f: f.parent.name)
def test_each_blueprint_is_valid_without_a_warning(file: Path) -> None:
    assert {d.severity for d in validate(file).diagnostics} <= {Severity.NOTE}


def test_a_spec_without_environments_has_a_local_one() -> None:
    deployment = loaded("").deployment
    assert (deployment.environment, deployment.target) == ("dev", "local")


def test_the_only_environment_needs_no_name() -> None:
    assert loaded(f"environments:\n  prod: {{{AWS}}}\n").deployment.environment == "prod"


def test_of_several_the_only_local_one_is_meant() -> None:
    text = f"environments:\n  prod: {{{AWS}}}\n  dev: {{target: local}}\n"
    assert loaded(text).deployment.environment == "dev"


def test_of_several_local_ones_none_is_meant() -> None:
    found = problem("environments:\n  a: {target: local}\n  b: {target: local}\n")
    assert (found.code, "a, b" in found.detail) == ("TD111", True)


def test_an_unknown_environment_is_told_with_the_nearest() -> None:
    found = problem("environments:\n  staging: {target: local}\n", "stagin")
    assert (found.code, found.fix) == ("TD110", "Did you mean 'staging'?")


def test_an_environment_overrides_deeply() -> None:
    text = POOL + "environments:\n  dev: {target: local, training: {nightly: {lease: 1h}}}\n"
    pool = loaded(text).deployment.spec.training["nightly"]
    assert (str(pool.lease), pool.instance_types) == ("1h", ("c5.large",))


def test_an_environment_may_have_its_own_region() -> None:
    deployment = loaded("environments:\n  dev: {target: local, region: eu-west-1}\n").deployment
    assert (deployment.region, deployment.spec.region) == ("eu-west-1", "eu-west-1")


def test_a_finding_in_an_override_points_at_the_override() -> None:
    found = problem(POOL + "environments:\n  dev: {target: local, training: {nightly: {lease: 30d}}}\n")
    assert found.location is not None
    assert (found.code, found.location.line) == ("TD141", 10)


def test_an_override_of_a_pool_that_was_removed_says_so() -> None:
    found = problem(POOL + "environments:\n  dev: {target: local, training: {gone: {max_cost: 5 USD}}}\n")
    assert (found.code, found.path) == ("TD101", "training.gone.job")
    assert "which the spec itself does not have" in found.detail


def test_other_environments_are_checked_too_and_named() -> None:
    text = POOL + f"environments:\n  dev: {{target: local}}\n  prod: {{{AWS}, training: {{nightly: {{lease: 30d}}}}}}\n"
    found = problem(text, "dev")
    assert (found.code, found.path) == ("TD141", "training.nightly.lease in prod")


def test_what_is_wrong_everywhere_is_told_once() -> None:
    text = f"storge: {{}}\nenvironments:\n  dev: {{target: local}}\n  prod: {{{AWS}}}\n"
    assert problem(text, "dev").path == "storge"


def test_findings_stand_in_the_order_of_the_file() -> None:
    found = problems("tags: 1\nstorage: 2\nnetwork: 3\n")
    assert [d.location.line for d in found if d.location] == [5, 6, 7]


def test_a_broken_part_does_not_hide_what_else_is_wrong() -> None:
    text = "storage:\n  models: {kind: modls}\nserving:\n  s:\n    model: {from: model}\n"
    found = problems(text)
    assert [(d.code, d.fix) for d in found] == [
        ("TD103", "Did you mean 'models'?"),
        ("TD120", "Did you mean 'models'?"),
    ]


def test_an_unknown_key_is_told_with_the_nearest() -> None:
    found = problem("storge: {}\n")
    assert (found.fix, found.location and found.location.column) == ("Did you mean 'storage'?", 1)


def test_an_unknown_key_that_is_like_none_is_told_with_all() -> None:
    found = problem(POOL.replace("image: i", "image: i, zzz: 1"))
    assert "image, build, code" in found.fix


def test_a_missing_key_is_told_with_what_it_is_for() -> None:
    found = problem(POOL.replace(", command: [x]", ""))
    assert (found.detail, found.fix) == (
        "training.nightly.job needs 'command'.",
        "Add command: The command, as a list of words.",
    )


def test_a_number_where_text_belongs_is_told_to_be_quoted() -> None:
    found = problem(POOL.replace("command: [x]", "command: [x], environment: {N: 3}"))
    assert (found.code, found.fix) == ("TD102", "Put it in quotes.")


def test_a_version_that_is_no_text_and_no_number_is_told_once() -> None:
    text = "storage:\n  m: {kind: models}\nserving:\n  s:\n    model: {from: m, version: [1]}\n"
    assert problem(text).path == "serving.s.model.version"


def test_two_names_across_environments_of_different_accounts_are_no_clash() -> None:
    other = AWS.replace("210987654321", "310987654321")
    text = (
        f"environments:\n  dev: {{{AWS}, storage: {{eu-data: {{kind: dataset}}}}}}\n"
        f"  dev-eu: {{{other}, storage: {{data: {{kind: dataset}}}}}}\n"
    )
    assert loaded(text, "dev").deployment.environment == "dev"


def test_the_shadow_is_an_alias_and_no_endpoint() -> None:
    text = "storage:\n  m: {kind: models}\nserving:\n  s:\n    model: {from: m}\n    rollout: {shadow: challenger}\n"
    assert [d.code for d in loaded(text).diagnostics] == ["TD230"]


def test_a_waiver_of_something_unknown_is_a_warning() -> None:
    waiver = "{control: s3-replication, resource: nowhere, reason: r, approved_by: me, expires: 2199-01-01}"
    (found,) = loaded(f"compliance: {{waivers: [{waiver}]}}\n").diagnostics
    assert (found.code, found.severity) == ("TD125", "warning")


def test_load_reads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tideform.yaml"
    file.write_text(HEAD, encoding="utf-8")
    assert load(file).deployment.workspace.root == tmp_path
