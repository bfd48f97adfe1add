"""What objects are called, what can change in place, and what of them is ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform_sandbox.providers.kubernetes import objects

URN = "urn:pulumi:dev::tideform-training::tideform:components:Pool$kubernetes:batch/v1:Job::fit"
JSON = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
)


def job(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"parallelism": 1}}


def test_an_object_without_a_name_gets_one_and_keeps_it() -> None:
    first = objects.named(URN, {}, job(), b"seed", "default")
    again = objects.named(URN, first, job(), b"another", "default")
    assert first["metadata"]["name"].startswith("fit-")
    assert again["metadata"]["name"] == first["metadata"]["name"]


def test_a_name_that_was_given_before_is_not_kept() -> None:
    later = objects.named(URN, job(name="given"), job(), b"seed", "default")
    assert later["metadata"]["name"] != "given"


def test_a_generated_name_is_left_to_the_api() -> None:
    assert "name" not in objects.named(URN, {}, job(generateName="fit-"), b"", "default")["metadata"]


@pytest.mark.parametrize(
    ("api_version", "kind", "namespace"),
    [
        ("v1", "ConfigMap", "team"),
        ("v1", "Namespace", None),
        ("networking.k8s.io/v1", "NetworkPolicy", "team"),
        ("karpenter.sh/v1", "NodePool", None),
        ("example.com/v1", "Thing", None),
    ],
)
def test_kinds_that_live_in_a_namespace_get_the_providers(api_version: str, kind: str, namespace: str | None) -> None:
    found = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}
    assert objects.named(URN, {}, found, b"", "team")["metadata"].get("namespace") == namespace


def test_an_id_leads_back_to_namespace_and_name() -> None:
    assert objects.parsed_identity(objects.identity(job(name="fit", namespace="team"))) == ("team", "fit")


def test_the_order_of_a_command_counts() -> None:
    before, after = {"spec": {"command": ["a", "b"]}}, {"spec": {"command": ["b", "a"]}}
    assert [each.path for each in objects.differences(before, after)] == ["spec.command[0]", "spec.command[1]"]


def test_an_amount_in_another_unit_is_no_change() -> None:
    assert objects.differences({"spec": {"cpu": "1000m"}}, {"spec": {"cpu": 1}}) == []


def test_a_job_is_made_anew_for_another_template() -> None:
    changes = objects.differences({"spec": {"template": 1, "ttl": 1}}, {"spec": {"template": 2, "ttl": 2}})
    assert objects.replacing("Job", changes) == ["spec.template"]


def test_a_new_object_of_another_name_may_stand_beside_the_old_one() -> None:
    assert not objects.goes_first(job(name="a"), job(name="b"))
    assert objects.goes_first(job(name="a"), job(name="a"))


def test_what_others_put_into_an_object_is_no_drift() -> None:
    live = {"metadata": {"labels": {"ours": "1", "theirs": "2"}}, "spec": {"replicas": 3}, "status": {}}
    assert objects.as_asked({"metadata": {"labels": {"ours": "1"}}}, live) == {"metadata": {"labels": {"ours": "1"}}}


def test_what_is_ignored_stays_as_it_is_in_the_cluster() -> None:
    wanted = {"spec": {"stopPolicy": "Hold", "clusterQueue": "a"}}
    assert objects.with_live(wanted, {"spec": {"stopPolicy": "None"}}, ["spec.stopPolicy"])["spec"] == {
        "stopPolicy": "None",
        "clusterQueue": "a",
    }


@given(JSON)
def test_what_was_asked_for_and_stands_so_never_looks_changed(value: Any) -> None:
    assert objects.differences({"spec": value}, {"spec": objects.as_asked(value, value)}) == []


@given(JSON, JSON)
def test_two_values_that_differ_always_show_a_path(one: Any, other: Any) -> None:
    assert bool(objects.differences({"spec": one}, {"spec": other})) == (not objects.same(one, other))


def test_what_the_api_leaves_out_because_it_is_false_is_no_drift() -> None:
    assert objects.as_asked({"globalDefault": False, "value": 1}, {"value": 1}) == {"globalDefault": False, "value": 1}


def test_what_somebody_took_away_is_drift() -> None:
    assert objects.as_asked({"spec": {"replicas": 2}}, {"spec": {}}) == {"spec": {}}
