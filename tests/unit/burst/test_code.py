"""Packing code: reproducible, without what is ignored, and never with what looks like a secret."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform.burst.code import LIMIT, Archive, pack
from tideform.errors import RefusedError
from tideform.files import read_plain

NAMES = st.text("abcdefgh", min_size=1, max_size=6)
TREES = st.dictionaries(NAMES, st.binary(max_size=64), min_size=1, max_size=6)


def write(folder: Path, **files: str) -> Path:
    """Files by their names, with ``__`` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(archive: Archive) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(archive.data)) as tar:
        return set(tar.getnames())


def refusal(folder: Path, limit: int = LIMIT) -> str:
    with pytest.raises(RefusedError) as refused:
        pack(folder, {}, limit=limit)
    [found] = refused.value.diagnostics
    return f"{found.code} {found.detail}"


@given(files=TREES)
def test_the_same_files_are_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    folders = [tmp_path_factory.mktemp("code") for _ in range(2)]
    for folder, order in zip(folders, (list(files), list(reversed(files))), strict=True):
        for name in order:
            (folder / name).write_bytes(files[name])
    os.utime(folders[0] / next(iter(files)), (1, 1))
    assert pack(folders[0], {}).digest == pack(folders[1], {}).digest


def test_another_content_or_a_right_to_run_is_another_digest(tmp_path: Path) -> None:
    digests = set()
    for text, mode in (("a", 0o644), ("b", 0o644), ("b", 0o755)):
        (tmp_path / "run.sh").write_text(text)
        (tmp_path / "run.sh").chmod(mode)
        digests.add(pack(tmp_path, {}).digest)
    assert len(digests) == 3


def test_what_is_ignored_stays_here(tmp_path: Path) -> None:
    write(tmp_path, train__py="", data__csv="", weights__bin="", __gitignore="*.csv\n", __tideformignore="*.bin\n")
    assert names(pack(tmp_path, {})) == {"train.py", ".gitignore", ".tideformignore"}


def test_rules_of_a_folder_count_below_it_only(tmp_path: Path) -> None:
    write(tmp_path, a__log="")
    write(tmp_path / "sub", a__log="", b__txt="", __gitignore="*.log\n!kept.log\n", kept__log="")
    found = names(pack(tmp_path, {}))
    assert {"a.log", "sub/b.txt", "sub/kept.log"} <= found
    assert "sub/a.log" not in found


@pytest.mark.parametrize("folder", [".git", ".tideform", "__pycache__", ".venv"])
def test_what_no_job_needs_stays_here(tmp_path: Path, folder: str) -> None:
    write(tmp_path / folder, file="")
    write(tmp_path, train__py="")
    assert names(pack(tmp_path, {})) == {"train.py"}


@pytest.mark.parametrize("secret", [".env", ".env.local", "key.pem", "id_rsa", ".aws/credentials", "deep/down/tls.key"])
def test_what_looks_like_a_secret_is_refused(tmp_path: Path, secret: str) -> None:
    (tmp_path / secret).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / secret).write_text("token")
    assert refusal(tmp_path).startswith(f"TD672 {secret} would be sent")


@pytest.mark.parametrize("rules", [".env\n", "!.env\n"])
def test_a_secret_that_is_named_is_left_out_or_sent(tmp_path: Path, rules: str) -> None:
    write(tmp_path, __env="TOKEN=1", train__py="", __tideformignore=rules)
    assert (".env" in names(pack(tmp_path, {}))) is rules.startswith("!")


def test_an_example_of_an_environment_is_no_secret(tmp_path: Path) -> None:
    write(tmp_path, __env__example="TOKEN=")
    assert names(pack(tmp_path, {})) == {".env.example"}


def test_code_that_is_too_large_is_refused_with_its_biggest_files(tmp_path: Path) -> None:
    write(tmp_path, small__py="x", big__bin="x" * 3_000_000, bigger__bin="x" * 4_000_000)
    assert "The biggest: bigger.bin (3.8 MiB), big.bin (2.9 MiB), small.py" in refusal(tmp_path, limit=1_000_000)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none").startswith("TD670")


def test_a_link_that_leads_out_stays_here(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("private")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "code" / "train.py").write_text("")
    assert names(pack(tmp_path / "code", {})) == {"train.py"}


def test_ignoring_is_what_git_does(tmp_path: Path) -> None:
    rules = "*.log\n/top.txt\nbuild/\n!keep.log\ndocs/**/draft.md\n"
    write(tmp_path, a__log="", keep__log="", top__txt="", __gitignore=rules)
    write(tmp_path / "sub", b__log="", top__txt="", __gitignore="local.txt\n", local__txt="")
    write(tmp_path / "sub" / "build", out="")
    write(tmp_path / "docs" / "x" / "y", draft__md="", final__md="")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = ["git", "ls-files", "--others", "--cached", "--exclude-standard"]
    told = subprocess.run(listed, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert names(pack(tmp_path, {})) == set(told.stdout.split())


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, train__py="", private__txt="")

    def refuse(path: Path, most: int) -> bytes:
        if path.name == "train.py":
            return read_plain(path, most)
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tideform.burst.code.read_plain", refuse)  # root may read everything
    assert refusal(tmp_path).startswith(f"TD176 {tmp_path / 'private.txt'}: Permission denied")


def test_the_whole_machine_is_no_code() -> None:
    assert refusal(Path("/")).startswith("TD671 / is the whole machine")


def test_a_folder_of_which_nothing_would_go_is_refused(tmp_path: Path) -> None:
    write(tmp_path, __gitignore="*\n", train__py="")
    assert refusal(tmp_path).startswith("TD177")


def test_what_stays_is_told_with_why(tmp_path: Path) -> None:
    write(tmp_path, train__py="")
    for number in range(7):
        (tmp_path / f"link{number}").symlink_to("/")
    [line] = pack(tmp_path, {}).left
    assert line == "links that leave the folder: link0, link1, link2, link3, link4 and 2 more"


SECRET = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_a_secret_in_a_file_of_any_name_is_refused_with_its_line(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "notes.txt").write_bytes(f"h\xe9llo\n{SECRET}".encode(encoding))
    told = refusal(tmp_path)
    assert told.startswith("TD672 notes.txt, line 2: a private key")
    assert "MIIE" not in told


def test_one_secret_is_allowed_by_its_fingerprint_alone(tmp_path: Path) -> None:
    write(tmp_path, notes__txt=SECRET)
    with pytest.raises(RefusedError) as refused:
        pack(tmp_path, {})
    [found] = refused.value.diagnostics
    fingerprint = found.fix.rpartition("[")[2].removesuffix("]")
    assert names(pack(tmp_path, {}, allowed=[fingerprint])) == {"notes.txt"}
    write(tmp_path, notes__txt=SECRET.replace("MIIE", "MIIF"))
    with pytest.raises(RefusedError):
        pack(tmp_path, {}, allowed=[fingerprint])
