"""Which files go: what git ignores stays, whether git answers or not; links that stay inside lead on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tideform.burst import ignored
from tideform.burst.code_files import files_of
from tideform.errors import TideformError


@pytest.fixture(params=["git", "no git", "another owner's"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether git answers: it is there, it is not, or it does not look into the repository."""
    if request.param == "no git":
        monkeypatch.setattr("shutil.which", lambda _: None)
    if request.param == "another owner's":
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        kept = ignored._surroundings
        monkeypatch.setattr(ignored, "_surroundings", lambda: {**kept(), "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    return str(request.param)


def repository(at: Path, **rules: bytes) -> Path:
    """A repository with files, the contents as bytes; ``__`` is a dot and ``+`` a slash."""
    subprocess.run(["git", "init", "-q", str(at)], check=True)
    for name, data in rules.items():
        put(at / name.replace("__", ".").replace("+", "/"), data)
    return at


def put(path: Path, data: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def sent(folder: Path, project: Path | None = None) -> set[str]:
    return set(files_of(folder, project).files) - {".gitignore", ".tideformignore"}


def code_of(folder: Path) -> tuple[str, str]:
    with pytest.raises(TideformError) as refused:
        files_of(folder)
    [found] = refused.value.diagnostics
    return found.code, found.detail


def test_rules_count_from_the_top_of_the_repository_on(asked: str, tmp_path: Path) -> None:
    repository(tmp_path, __gitignore=b"secrets.yaml\n*.ckpt\nwandb/\n/app/only_here\n")
    for name in ("secrets.yaml", "m.ckpt", "wandb/run", "only_here", "train.py", "sub/only_here"):
        put(tmp_path / "app" / name)
    assert sent(tmp_path / "app") == {"train.py", "sub/only_here"}


def test_the_name_of_a_folder_is_no_pattern(asked: str, tmp_path: Path) -> None:
    repository(tmp_path)
    put(tmp_path / "app/exp[1]/.gitignore", b"*.tmp\n")
    for name in ("exp[1]/a.tmp", "exp[1]/b", "exp1/a.tmp"):
        put(tmp_path / "app" / name)
    assert sent(tmp_path / "app") == {"exp[1]/.gitignore", "exp[1]/b", "exp1/a.tmp"}


@pytest.mark.parametrize("rules", [b"# donn\xe9es\n*.csv\n", b"\xef\xbb\xbf*.csv\r\n", b"*.csv  \n"])
def test_ignore_files_are_bytes(asked: str, tmp_path: Path, rules: bytes) -> None:
    repository(tmp_path)
    put(tmp_path / "app/.gitignore", rules)
    for name in ("train.csv", "train.py"):
        put(tmp_path / "app" / name)
    assert sent(tmp_path / "app") == {"train.py"}


def test_names_that_are_no_text_are_compared_as_bytes(asked: str, tmp_path: Path) -> None:
    repository(tmp_path, __gitignore=b"donn\xe9es\n")
    put(tmp_path / os.fsdecode(b"donn\xe9es"))
    put(tmp_path / os.fsdecode(b"\xe9t\xe9"))
    assert sent(tmp_path) == {os.fsdecode(b"\xe9t\xe9")}


def test_what_one_repository_alone_excludes_stays(asked: str, tmp_path: Path) -> None:
    repository(tmp_path, app__py=b"", notes=b"")
    put(tmp_path / ".git/info/exclude", b"notes\n")
    assert sent(tmp_path) == {"app.py"}


def test_a_repository_in_the_repository_has_its_own_rules(asked: str, tmp_path: Path) -> None:
    repository(tmp_path, a__py=b"")
    repository(tmp_path / "vendored", __gitignore=b"*.bin\n", b__py=b"", w__bin=b"")
    assert sent(tmp_path) == {"a.py", "vendored/.gitignore", "vendored/b.py"}


def test_a_wanted_file_or_folder_goes_although_git_ignores_it(asked: str, tmp_path: Path) -> None:
    repository(tmp_path, __gitignore=b"*.so\nbuild/\n", __tideformignore=b"!fast.so\n!build/\n")
    for name in ("fast.so", "slow.so", "build/out", "build/deep/more"):
        put(tmp_path / name)
    assert sent(tmp_path) == {"fast.so", "build/out", "build/deep/more"}


def test_outside_of_a_repository_rules_count_from_the_project_on(tmp_path: Path) -> None:
    put(tmp_path / ".gitignore", b"*.ckpt\n")
    put(tmp_path / "app/m.ckpt")
    put(tmp_path / "app/train.py")
    assert sent(tmp_path / "app", tmp_path) == {"train.py"}


def test_what_is_in_the_repository_goes_although_a_rule_names_it(tmp_path: Path) -> None:
    repository(tmp_path, __gitignore=b"*.csv\n", labels__csv=b"", other__csv=b"")
    subprocess.run(["git", "add", "-f", "labels.csv"], cwd=tmp_path, check=True)
    assert sent(tmp_path) == {"labels.csv"}


def test_the_repository_of_a_hook_is_not_asked_for_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path / "other")
    repository(tmp_path / "this", __gitignore=b"x\n", x=b"", y=b"")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert sent(tmp_path / "this") == {"y"}


def test_a_program_that_the_repository_names_does_not_run(tmp_path: Path) -> None:
    repository(tmp_path, a__py=b"")
    script = put(tmp_path.parent / f"{tmp_path.name}.sh", f"#!/bin/sh\ntouch {tmp_path}/ran\n".encode())
    script.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(script)], cwd=tmp_path, check=True)
    assert sent(tmp_path) == {"a.py"}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_an_ignore_file_that_cannot_be_read_is_no_empty_one(asked: str, tmp_path: Path, kind: str) -> None:
    repository(tmp_path, a__py=b"")
    file = tmp_path / ".tideformignore"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to(file)
    code, detail = code_of(tmp_path)
    assert (code, ".tideformignore" in detail) == ("TD175", True)


def test_rules_of_git_that_git_cannot_read_stop_it(tmp_path: Path) -> None:
    repository(tmp_path, a__py=b"")
    put(tmp_path / "elsewhere", b"*.py\n")
    (tmp_path / ".gitignore").symlink_to("elsewhere")  # git does not follow it, and only warns
    code, detail = code_of(tmp_path)
    assert (code, ".gitignore" in detail) == ("TD175", True)


def test_a_broken_repository_stops_it(tmp_path: Path) -> None:
    repository(tmp_path, a__py=b"")
    put(tmp_path / ".git/index", b"broken")
    assert code_of(tmp_path)[0] == "TD175"


def test_a_linked_folder_goes_as_its_files(asked: str, tmp_path: Path) -> None:
    repository(tmp_path)
    put(tmp_path / "shared/__init__.py")
    put(tmp_path / "src/train.py")
    (tmp_path / "src/shared").symlink_to("../shared")
    found = files_of(tmp_path)
    assert (set(found.files), found.left) == ({"shared/__init__.py", "src/shared/__init__.py", "src/train.py"}, {})


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    put(tmp_path / "a/x")
    put(tmp_path / "b/y")
    (tmp_path / "a/b").symlink_to("../b")
    (tmp_path / "b/a").symlink_to("../a")
    (tmp_path / "a/self").symlink_to(".")
    found = files_of(tmp_path)
    assert set(found.files) == {"a/x", "a/b/y", "b/y", "b/a/x"}
    assert set(found.left) == {"links to a folder that they are in"}


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("..", "links that leave the folder"),
        ("/etc/hostname", "links that leave the folder"),
        ("none", "links that lead nowhere"),
        ("link", "links that lead nowhere"),
        ("private/key", "links to what is ignored"),
        (".git/config", "links to what is ignored"),
    ],
)
def test_a_link_that_is_not_followed_is_told(tmp_path: Path, end: str, why: str) -> None:
    repository(tmp_path / "app", __gitignore=b"private/\n")
    put(tmp_path / "app/private/key")
    (tmp_path / "app/link").symlink_to(end)
    found = files_of(tmp_path / "app")
    assert (found.left, "link" in found.files) == ({why: ["link"]}, False)


def test_a_pipe_is_told_and_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path / "a.py")
    found = files_of(tmp_path)
    assert (set(found.files), found.left) == ({"a.py"}, {"pipes, sockets and devices": ["pipe"]})
