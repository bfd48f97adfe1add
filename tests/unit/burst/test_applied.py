"""What a spec that was edited since the last apply may do to a pool that stands: nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.burst.conftest import Apply
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
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration


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
    streams = Streams.of(table.cloud, as_held(between(deployment, edited_to), record), "fit")
    assert streams.group == record.handle["log_group"]


@pytest.mark.parametrize(("was", "wanted"), [("keep", "remove"), ("remove", "keep")])
def test_a_burst_of_a_pool_that_was_applied_otherwise_is_refused(
    apply: Apply, deployment: Deployment, was: str, wanted: str
) -> None:
    apply(between(deployment, was))
    with pytest.raises(RefusedError) as refused:
        require_applied(between(deployment, wanted), "fit")
    told = refused.value.diagnostics[0]
    assert (told.code, told.fix) == ("TD603", "Run `tideform apply` first.")
    assert f"between_bursts: {was}, and the spec says {wanted}" in told.detail


@pytest.mark.parametrize("word", ["keep", "remove"])
def test_a_burst_of_the_pool_as_applied_is_not_refused(apply: Apply, deployment: Deployment, word: str) -> None:
    apply(between(deployment, word))
    require_applied(between(deployment, word), "fit")


def test_a_burst_of_a_pool_that_is_to_be_ended_otherwise_than_it_was_applied_is_refused(
    apply: Apply, deployment: Deployment
) -> None:
    apply(deployment)
    pool = deployment.spec.training["fit"].model_copy(update={"idle_timeout": Duration(600)})
    edited = replace(deployment, spec=deployment.spec.model_copy(update={"training": {"fit": pool}}))
    with pytest.raises(RefusedError) as refused:
        require_applied(edited, "fit")
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
        require_applied(of_no_pool, "fit")
    assert "fit was never applied" in refused.value.diagnostics[0].detail


def test_where_no_state_tells_of_the_reaper_no_burst_is_refused_for_it(deployment: Deployment) -> None:
    require_applied(deployment, "fit")
