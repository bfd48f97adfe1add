"""The vendor's plugin finds the contexts that the program itself finds, from whatever folder it runs in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tideform.engine.connect import kubeconfig


def test_our_own_variable_goes_before_kubectls() -> None:
    assert kubeconfig({"TIDEFORM_KUBECONFIG": "/ours", "KUBECONFIG": "/theirs"}) == {"KUBECONFIG": "/ours"}


def test_paths_are_those_of_the_folder_that_the_command_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    given = os.pathsep.join(["one", "~/two"])
    assert kubeconfig({"KUBECONFIG": given}) == {"KUBECONFIG": os.pathsep.join([f"{tmp_path}/one", "/home/ann/two"])}


@pytest.mark.parametrize("environ", [{}, {"KUBECONFIG": ""}])
def test_without_either_the_plugin_looks_where_kubectl_does(environ: dict[str, str]) -> None:
    assert kubeconfig(environ) == {}
