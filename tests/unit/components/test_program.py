"""How a program learns what it is run for."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.components.program import Bound, bind, deployment, provider, unit, upstream
from tideform.components.unknown import lift
from tideform.model.planned import UNKNOWN
from tideform.reaper.claims import EXPIRES, LEASE, TOKEN


def test_the_bound_deployment_is_the_one(tmp_path: Path) -> None:
    bound = Bound(deployment_of(FULL, tmp_path), "nightly")
    with bind(bound):
        assert deployment() is bound.deployment
        assert unit() == "nightly"


def test_a_layer_without_units_has_none(tmp_path: Path) -> None:
    with bind(Bound(deployment_of(FULL, tmp_path))), pytest.raises(LookupError):
        unit()


def test_bindings_nest_and_end(tmp_path: Path) -> None:
    spec = deployment_of(FULL, tmp_path)
    with bind(Bound(spec, "outer")):
        with bind(Bound(spec, "inner")):
            assert unit() == "inner"
        assert unit() == "outer"


def test_known_outputs_come_back_as_they_are(tmp_path: Path) -> None:
    outputs = {"foundation": {"vpc_id": "vpc-1", "private_subnet_ids": ["a", "b"]}}
    with bind(Bound(deployment_of(FULL, tmp_path), upstream=outputs)):
        assert upstream("foundation")["vpc_id"] == "vpc-1"
        assert upstream("foundation")["private_subnet_ids"] == ["a", "b"]


@pytest.mark.parametrize("outputs", [{}, {"foundation": {}}, {"foundation": {"vpc_id": UNKNOWN}}])
def test_what_nobody_knows_is_an_unknown_output(tmp_path: Path, outputs: dict[str, Any]) -> None:
    async def ask() -> bool:
        with bind(Bound(deployment_of(FULL, tmp_path), upstream=outputs)):
            return await upstream("foundation")["vpc_id"]._is_known  # type: ignore[no-any-return]

    assert asyncio.run(ask()) is False


def test_an_entry_of_a_mapping_is_known_though_its_neighbour_is_not(tmp_path: Path) -> None:
    outputs = {"storage": {"buckets": {"a": "bucket-a", "b": UNKNOWN}}}

    async def ask() -> tuple[Any, bool]:
        with bind(Bound(deployment_of(FULL, tmp_path), upstream=outputs)):
            storage = upstream("storage")
            return storage.entry("buckets", "a"), await storage.entry("buckets", "b")._is_known

    assert asyncio.run(ask()) == ("bucket-a", False)


@pytest.mark.parametrize(("ours", "profile"), [(True, None), (False, "team")], ids=["in-our-run", "plain-pulumi"])
def test_the_provider_signs_in_by_itself_only_where_nobody_did_it_before(
    ours: bool, profile: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("pulumi_aws.Provider", lambda _name, **words: given.update(words))
    target = deployment_of(FULL, tmp_path)
    role = "arn:aws:iam::123456789012:role/deploy"
    settings = target.settings.model_copy(update={"profile": "team", "role": role})
    with bind(Bound(target)) if ours else nullcontext():
        provider(replace(target, settings=settings))
    assert (given["profile"], bool(given["assume_roles"])) == (profile, not ours)


def test_the_provider_leaves_alone_what_a_burst_says_of_whose_machines_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("pulumi_aws.Provider", lambda _name, **words: given.update(words))
    provider(deployment_of(FULL, tmp_path))
    assert set(given["ignore_tags"].keys) == {LEASE, EXPIRES, TOKEN}


def test_unknowns_are_found_at_any_depth() -> None:
    async def ask() -> Any:
        lifted = lift({"a": [{"b": UNKNOWN}], "c": 1})
        return lifted["c"], await lifted["a"][0]["b"]._is_known

    assert asyncio.run(ask()) == (1, False)
