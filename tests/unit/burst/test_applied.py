"""What a spec that was edited since the last apply may do to a pool that stands: nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.burst.conftest import Apply, in_state, pool_state
from tideform.burst.applied import removed_between_bursts, require_applied
from tideform.burst.as_held import as_held
from tideform.burst.clearance import Hooks
from tideform.burst.halt import silent
from tideform.burst.lease import Lease
from tideform.burst.streams import Streams
from tideform.burst.table import LeaseTable
from tideform.burst.teardown import Teardown
from tideform.burst.terms import terms_of
from tideform.errors import RefusedError
from tideform.pools.applied_with import applied_with
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration
from tideform.spec.training import Pool


def up() -> bool:
    """Somebody holds the pool."""
    return True


def between(deployment: Deployment, word: str) -> Deployment:
    pool = deployment.spec.training["fit"].model_copy(update={"between_bursts": word})
    return replace(deployment, spec=deployment.spec.model_copy(update={"training": {"fit": pool}}))


@pytest.mark.parametrize("edited_to", ["keep", "remove"])
@pytest.mark.parametrize("applied_as", ["keep", "remove"])
def test_an_idle_pools_definitions_go_where_the_spec_and_the_last_apply_say_so(
    apply: Apply, table: LeaseTable, deployment: Deployment, applied_as: str, edited_to: str
) -> None:
    apply(between(deployment, applied_as))
    teardown = Teardown.of(table.cloud, between(deployment, edited_to), "fit", Hooks(), silent)
    assert teardown.removes() is (applied_as == edited_to == "remove")


@pytest.mark.parametrize("edited_to", ["keep", "remove"])
@pytest.mark.parametrize("applied_as", ["keep", "remove"])
def test_a_held_pool_is_ended_as_its_burst_began_it(
    apply: Apply, table: LeaseTable, lease: Lease, deployment: Deployment, applied_as: str, edited_to: str
) -> None:
    standing = between(deployment, applied_as)
    apply(standing)
    record = table.acquire(lease, terms_of(standing, "fit"))
    held = as_held(between(deployment, edited_to), record)
    assert Teardown.of(table.cloud, held, "fit", Hooks(), silent).removes() is (applied_as == "remove")
    assert terms_of(held, "fit").handle == terms_of(standing, "fit").handle


def test_definitions_that_an_apply_has_made_to_stay_outlive_the_memory_of_the_last_burst(
    apply: Apply, table: LeaseTable, lease: Lease, deployment: Deployment
) -> None:
    record = table.acquire(lease, terms_of(between(deployment, "remove"), "fit"))
    kept = between(deployment, "keep")
    apply(kept)
    assert not Teardown.of(table.cloud, as_held(kept, record), "fit", Hooks(), silent).removes()


@pytest.mark.parametrize(("began_as", "edited_to"), [("keep", "remove"), ("remove", "keep")])
def test_the_log_is_looked_for_where_the_last_burst_wrote_it(
    table: LeaseTable, lease: Lease, deployment: Deployment, began_as: str, edited_to: str
) -> None:
    record = table.acquire(lease, terms_of(between(deployment, began_as), "fit"))
    streams = backends()["batch"].logs(table.cloud, as_held(between(deployment, edited_to), record), "fit")
    assert isinstance(streams, Streams)
    assert streams.group == record.handle["log_group"]


@pytest.mark.parametrize(("was", "wanted"), [("keep", "remove"), ("remove", "keep")])
def test_a_burst_of_a_pool_that_was_applied_otherwise_is_refused(
    apply: Apply, deployment: Deployment, was: str, wanted: str
) -> None:
    apply(between(deployment, was))
    with pytest.raises(RefusedError) as refused:
        require_applied(between(deployment, wanted), "fit", up)
    told = refused.value.diagnostics[0]
    assert (told.code, told.fix) == ("TD603", "Run `tideform apply` first.")
    assert f"between_bursts: {was}, and the spec says {wanted}" in told.detail


@pytest.mark.parametrize("word", ["keep", "remove"])
def test_a_burst_of_the_pool_as_applied_is_not_refused(apply: Apply, deployment: Deployment, word: str) -> None:
    apply(between(deployment, word))
    require_applied(between(deployment, word), "fit", up)


def test_a_burst_of_a_pool_that_is_to_be_ended_otherwise_than_it_was_applied_is_refused(
    apply: Apply, deployment: Deployment
) -> None:
    apply(deployment)
    pool = deployment.spec.training["fit"].model_copy(update={"idle_timeout": Duration(600)})
    edited = replace(deployment, spec=deployment.spec.model_copy(update={"training": {"fit": pool}}))
    with pytest.raises(RefusedError) as refused:
        require_applied(edited, "fit", up)
    was = deployment.spec.training["fit"].idle_timeout.seconds
    assert f"applied with idle_seconds: {was}, and the spec says 600" in refused.value.diagnostics[0].detail


@pytest.fixture
def of_no_pool(apply: Apply, deployment: Deployment) -> Deployment:
    """The deployment, whose pool no apply has known."""
    apply(replace(deployment, spec=deployment.spec.model_copy(update={"training": {}})))
    return deployment


def test_of_a_pool_that_no_apply_knows_nobody_knows_whether_it_goes(of_no_pool: Deployment) -> None:
    assert removed_between_bursts(of_no_pool, "fit") is None


def test_a_burst_of_a_pool_that_no_apply_knows_is_refused(of_no_pool: Deployment) -> None:
    with pytest.raises(RefusedError) as refused:
        require_applied(of_no_pool, "fit", up)
    assert "fit was never applied" in refused.value.diagnostics[0].detail


def test_where_no_state_tells_of_the_reaper_no_burst_is_refused_for_it(deployment: Deployment) -> None:
    require_applied(deployment, "fit", up)


def pooled(deployment: Deployment, **words: Any) -> Deployment:
    """The deployment with a pool of these words; those of its job beside the ones that it has."""
    job = {"image": "trainer", "command": ["python", "train.py"], **words.pop("job", {})}
    pool = Pool.model_validate({"instance_types": ["p4d.24xlarge"], "nodes": 2, **words, "job": job})
    return replace(deployment, spec=deployment.spec.model_copy(update={"training": {"fit": pool}}))


MACHINES = [
    ({"instance_types": ["c5.24xlarge"]}, "instance_types: [p4d.24xlarge], and the spec says [c5.24xlarge] now"),
    ({"zones": ["b"]}, "zones: [a, b], and the spec says [b] now"),
    ({"disk": "1TiB"}, "disk: 100GiB, and the spec says 1024GiB now"),
    ({"interconnect": "efa"}, "zones: [a, b], and the spec says [a] now"),
    ({"job": {"outputs": ["data"]}}, "job.outputs: [], and the spec says [data] now"),
]
BOUNDS = [
    ({"nodes": 4}, "nodes: at most 2, and the spec says at most 4 now"),
    ({"capacity": {"spot": "never"}}, "capacity: spot, then on-demand, and the spec says on-demand now"),
]
ANOTHER_REPOSITORY = (
    {"job": {"image": "1.dkr.ecr.us-east-1.amazonaws.com/other:2"}},
    "job.repository: trainer, and the spec says 1.dkr.ecr.us-east-1.amazonaws.com/other now",
)
JOB = [
    ({"job": {"command": ["echo", "a b"]}}, "job.command: python train.py, and the spec says echo 'a b' now"),
    ({"job": {"environment": {"SEED": "2"}}}, "job.environment: [], and the spec says [SEED=2] now"),
]


@pytest.mark.parametrize(
    ("backend", "edited", "told"),
    [
        *(("ec2", *case) for case in [*MACHINES, ANOTHER_REPOSITORY]),
        *(("eks", *case) for case in [*MACHINES, *BOUNDS]),
        *(("batch", *case) for case in [*MACHINES[1:], *BOUNDS[1:], *JOB]),  # types and bound: by how it is ended
        *(("sagemaker", *case) for case in [MACHINES[-1], ANOTHER_REPOSITORY]),
    ],
)
def test_a_burst_that_would_bring_or_run_other_than_it_announces_is_refused(
    apply: Apply, deployment: Deployment, backend: str, edited: dict[str, Any], told: str
) -> None:
    kind = "ml.p4d.24xlarge" if backend == "sagemaker" else "p4d.24xlarge"
    apply(pooled(deployment, backend=backend, instance_types=[kind]))
    with pytest.raises(RefusedError) as refused:
        require_applied(pooled(deployment, **{"backend": backend, "instance_types": [kind], **edited}), "fit", up)
    found = refused.value.diagnostics[0]
    assert (found.code, found.fix) == ("TD603", "Run `tideform apply` first.")
    assert f"fit was applied with {told}" in found.detail


@pytest.mark.parametrize(
    ("backend", "edited"),
    [
        ("ec2", {"nodes": 4}),
        ("ec2", {"capacity": {"spot": "never"}}),
        ("ec2", {"job": {"command": ["true"]}}),
        ("ec2", {"job": {"image": "trainer:2"}}),
        ("eks", {"job": {"command": ["true"]}}),
        ("sagemaker", {"instance_types": ["ml.c5.xlarge"]}),
        ("sagemaker", {"nodes": 4, "disk": "1TiB", "capacity": {"spot": "never"}}),
    ],
)
def test_what_a_burst_takes_from_the_spec_may_be_edited(
    apply: Apply, deployment: Deployment, backend: str, edited: dict[str, Any]
) -> None:
    kind = "ml.p4d.24xlarge" if backend == "sagemaker" else "p4d.24xlarge"
    apply(pooled(deployment, backend=backend, instance_types=[kind]))
    require_applied(pooled(deployment, **{"backend": backend, "instance_types": [kind], **edited}), "fit", up)


CHEAP = {"instance_types": ["c5.24xlarge"]}


def test_an_apply_of_the_pool_alone_is_what_counts(monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> None:
    as_it_was, edited = (pooled(deployment, backend="ec2", **words) for words in ({}, CHEAP))
    in_state(monkeypatch, {"training/fit": pool_state(applied_with(edited, "fit"))})
    require_applied(edited, "fit", up)
    with pytest.raises(RefusedError):
        require_applied(as_it_was, "fit", up)


def test_a_pool_whose_apply_has_noted_nothing_may_be_anything(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    in_state(monkeypatch, {"training/fit": pool_state(None)})
    with pytest.raises(RefusedError) as refused:
        require_applied(pooled(deployment, backend="ec2"), "fit", up)
    assert "fit stands, and no apply has noted what with (instance_types, zones" in refused.value.diagnostics[0].detail


@pytest.mark.parametrize("words", [None, {"instance_types": "[p4d.24xlarge]"}])
def test_what_a_dead_burst_has_left_of_a_pool_that_goes_between_bursts_hinders_no_other(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment, words: dict[str, str] | None
) -> None:
    """The next one makes the definitions as the spec says, over what stands of them."""
    in_state(monkeypatch, {"training/fit": pool_state(words)})
    require_applied(pooled(deployment, backend="ec2", between_bursts="remove"), "fit", lambda: False)


def test_who_joins_a_pool_that_goes_between_bursts_takes_it_as_the_first_has_made_it(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    in_state(monkeypatch, {"training/fit": pool_state({"instance_types": "[p4d.24xlarge]"})})
    with pytest.raises(RefusedError) as refused:
        require_applied(pooled(deployment, backend="ec2", between_bursts="remove"), "fit", up)
    (told,) = refused.value.diagnostics
    assert (told.code, "tideform burst down fit --all" in told.fix) == ("TD603", True)


def test_a_stack_of_anothers_is_told_and_is_not_the_same_as_none(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    def refused(*_: object) -> None:
        raise RefusedError.of("TD421", "taken", detail="", fix="")

    monkeypatch.setattr("tideform.connect.backend_of", lambda _: SimpleNamespace(existing=tuple, unit=refused))
    with pytest.raises(RefusedError) as told:
        require_applied(pooled(deployment, backend="ec2"), "fit", up)
    assert told.value.diagnostics[0].code == "TD421"


def test_where_nothing_of_a_pool_stands_there_is_nothing_that_it_was_applied_with(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    gone = pool_state(applied_with(pooled(deployment, backend="ec2"), "fit"))
    gone.empty = True
    in_state(monkeypatch, {"training/fit": gone})
    require_applied(pooled(deployment, backend="ec2", **CHEAP), "fit", up)
