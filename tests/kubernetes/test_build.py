"""Whether the control plane can be had, and what is said where it can not."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.kubernetes import build, versions
from tideform.engine.acquire.find import UnusableError

GO = """\
#!/bin/sh
case "$1" in
    env) echo go{version} ;;
    *) echo "no such module"; exit 1 ;;
esac
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing on PATH but what a test puts into ``bin``."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("TIDEFORM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "cache"


def put_go(cache: Path, version: str) -> None:
    go = cache.parent / "bin" / "go"
    go.write_text(GO.format(version=version))
    go.chmod(0o700)


def possible(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(sys, "argv", ["build", "--possible"])
    return build.main() == 0


def test_it_is_possible_with_a_go_that_is_new_enough(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_go(cache, ".".join(map(str, versions.OLDEST_GO)))
    assert possible(monkeypatch)


def test_it_is_possible_without_go_where_everything_is_built(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (versions.manifests_folder(), *(part.folder for part in versions.PARTS)):
        assert not possible(monkeypatch)
        folder.mkdir(parents=True)
    assert possible(monkeypatch)


@pytest.mark.parametrize(
    ("go", "why"), [(None, "there is no `go` on PATH"), ("1.26.0", "is 1.26.0, 1.26.6 or newer is needed")]
)
def test_where_it_is_not_it_says_why(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], go: str | None, why: str
) -> None:
    if go is not None:
        put_go(cache, go)
    assert not possible(monkeypatch)
    assert why in capsys.readouterr().out


def test_a_build_that_fails_names_its_part_its_reason_and_its_log(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_go(cache, "1.26.8")
    (cache.parent / "bin" / "nice").symlink_to(shutil.which("nice", path=os.defpath) or "")
    with pytest.raises(UnusableError, match="manifests could not be built: no such module") as failed:
        build.ensure(versions.PARTS, print)
    assert str(cache / "kubernetes" / "manifests.log") in str(failed.value)


BUILDS = """\
#!/bin/sh
case "$1" in
    env) echo go1.26.8 ;;
    list) echo one/package ;;
    build)
        echo "compiled" >"$GOCACHE"; echo "$GOCACHE" >"{told}"
        while [ "$1" != -o ]; do shift; done
        : >"$2/controlplane"; : >"$2/kwok" ;;
esac
"""


def test_what_go_has_compiled_lies_beside_the_programs_and_goes_with_the_build(cache: Path) -> None:
    """Some 8 GB that nobody needs again, and that the user's own cache must not be filled with."""
    told = cache.parent / "told"
    put_go(cache, "1.26.8")
    (cache.parent / "bin" / "go").write_text(BUILDS.format(told=told))
    (cache.parent / "bin" / "nice").symlink_to(shutil.which("nice", path=os.defpath) or "")
    versions.manifests_folder().mkdir(parents=True)
    build.ensure([versions.CONTROL_PLANE], print)
    assert (versions.CONTROL_PLANE.folder / "kwok").is_file()
    compiled = Path(told.read_text().strip())
    assert compiled.is_relative_to(cache)
    assert not compiled.exists()
