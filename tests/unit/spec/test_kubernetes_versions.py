"""A version of Kubernetes is one that EKS has, and what it costs is told before it costs more."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tideform.errors import SpecError
from tideform.spec import kubernetes_versions
from tideform.spec.kubernetes_versions import SUPPORT, Support, extended
from tideform.spec.load import load
from tideform.spec.project import Cluster

TODAY = date.today()  # a day more or less is none of these cases
SPEC = 'version: 1\nproject: corpus\nowner: a@b.c\nregion: us-east-1\ncluster: {version: "1.31"%s}\n'


def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, support: Support, more: str = "") -> list[str]:
    monkeypatch.setitem(kubernetes_versions.SUPPORT, "1.31", support)
    file = tmp_path / "tideform.yaml"
    file.write_text(SPEC % more, encoding="utf-8")
    try:
        found = load(file, None).diagnostics
    except SpecError as error:
        found = error.diagnostics
    return [each.code for each in found if each.code in ("TD667", "TD668")]


@pytest.mark.parametrize(
    ("standard", "ends", "codes"),
    [(-400, -1, ["TD667"]), (-1, 364, ["TD668"]), (20, 385, ["TD668"]), (200, 565, [])],
)
def test_a_version_is_refused_after_its_end_and_told_before_it_costs_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standard: int, ends: int, codes: list[str]
) -> None:
    support = Support(TODAY + timedelta(standard), TODAY + timedelta(ends))
    assert told(tmp_path, monkeypatch, support) == codes


def test_a_version_that_is_newer_than_any_that_is_known_is_told_and_not_refused(tmp_path: Path) -> None:
    file = tmp_path / "tideform.yaml"
    file.write_text(SPEC.replace("1.31", "1.99") % "", encoding="utf-8")
    found = [each for each in load(file, None).diagnostics if each.path == "cluster.version"]
    assert [(each.code, str(each.severity)) for each in found] == [("TD658", "warning")]


def test_an_existing_cluster_has_the_version_that_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Support(TODAY - timedelta(400), TODAY - timedelta(35))
    assert told(tmp_path, monkeypatch, gone, ", existing: mine") == []


def test_extended_support_begins_on_the_day_after_standard_support() -> None:
    assert not extended("1.34", date(2026, 12, 2))
    assert extended("1.34", date(2026, 12, 3))
    assert not extended("1.36", date(2026, 12, 3))


def test_the_default_is_the_newest_that_is_known() -> None:
    assert Cluster().version == max(SUPPORT)
