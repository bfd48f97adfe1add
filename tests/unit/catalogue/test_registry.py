"""Entries are found, never registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tideform.errors import TideformError
from tideform.registry.alarms import alarms
from tideform.registry.entries import load, unique
from tideform.registry.serving import backends as serving
from tideform.registry.training import backends as training


@dataclass(frozen=True)
class Thing:
    id: str


def test_entries_come_sorted_by_id() -> None:
    found = unique([("m1", Thing("zebra")), ("m2", Thing("ant"))])
    assert list(found) == ["ant", "zebra"]


def test_two_of_one_id_are_an_error_that_names_both() -> None:
    with pytest.raises(TideformError) as caught:
        unique([("ours", Thing("batch")), ("theirs", Thing("batch"))])
    (found,) = caught.value.diagnostics
    assert found.code == "TD201"
    assert "ours" in found.detail
    assert "theirs" in found.detail


def test_a_module_without_an_entry_is_an_error() -> None:
    with pytest.raises(TideformError) as caught:
        load("tideform.spec", "tideform.none")
    assert caught.value.diagnostics[0].code == "TD202"


@pytest.mark.parametrize(
    ("entries", "ids"),
    [
        (training, {"batch", "ec2", "eks", "sagemaker"}),
        (serving, {"sagemaker"}),
        (alarms, {"endpoint-capacity", "endpoint-errors", "endpoint-latency", "pool-failing"}),
    ],
)
def test_ours_are_found(entries: Callable[[], Mapping[str, object]], ids: set[str]) -> None:
    assert ids <= set(entries())


def test_a_training_backend_of_an_older_version_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tideform.registry.training.load_backends", lambda *_: {"old": Thing("old")})
    with pytest.raises(TideformError) as caught:
        training.__wrapped__()
    (found,) = caught.value.diagnostics
    assert (found.code, "old" in found.detail) == ("TD207", True)
