"""The script before a job's command, run by a real shell against a real S3."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tideform.burst.bootstrap import CANNOT_FETCH, HELPER, started
from tideform.burst.code import Archive, pack
from tideform.burst.sending import WRAP, helper


@pytest.fixture(scope="module")
def environ(aws_endpoint: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("print('trained')")
    return pack(tmp_path / "code", {HELPER: helper()})


def ran(
    environ: dict[str, str], archive: Archive, *command: str, at: Path, stay: bool = False, digest: str = ""
) -> subprocess.CompletedProcess[str]:
    """Put the archive up and run a command under the script, in a folder of this machine."""
    import boto3

    s3 = boto3.client(
        "s3",
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    s3.create_bucket(Bucket="bursts")
    s3.put_object(Bucket="bursts", Key="code/a.tar.gz", Body=archive.data)
    s3.close()
    words, variables = started(command, "s3://bursts/code/a.tar.gz", digest or archive.digest, stay=stay)
    given = {**environ, **variables, "TMPDIR": str(at)}
    return subprocess.run(words, cwd=at, env=given, capture_output=True, text=True, timeout=60)


def test_the_command_runs_in_its_code(environ: dict[str, str], archive: Archive, tmp_path: Path) -> None:
    done = ran(environ, archive, "python3", "train.py", at=tmp_path)
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr


def test_a_commands_words_arrive_as_they_are(environ: dict[str, str], archive: Archive, tmp_path: Path) -> None:
    words = ["two words", "$HOME", "`id`", "'", '"', "*", "", "a\nb"]
    done = ran(environ, archive, "python3", "-c", "import sys; print(sys.argv[1:])", *words, at=tmp_path)
    assert done.stdout == f"{words}\n"


def test_the_exit_code_is_the_commands(environ: dict[str, str], archive: Archive, tmp_path: Path) -> None:
    assert ran(environ, archive, "sh", "-c", "exit 7", at=tmp_path).returncode == 7


def test_the_helper_is_at_hand_without_being_installed(
    environ: dict[str, str], archive: Archive, tmp_path: Path
) -> None:
    look = "import tideform.checkpoint as c, tideform; print(c.__file__); print(c.Checkpoints)"
    done = ran(environ, archive, "python3", "-c", look, at=tmp_path)
    assert "checkpoint.zip/tideform/checkpoint" in done.stdout, done.stderr


def test_without_code_the_command_stays_where_the_image_says(
    environ: dict[str, str], archive: Archive, tmp_path: Path
) -> None:
    assert ran(environ, archive, "pwd", at=tmp_path, stay=True).stdout.strip() == str(tmp_path)


def test_code_that_is_not_what_was_sent_does_not_run(environ: dict[str, str], archive: Archive, tmp_path: Path) -> None:
    done = ran(environ, archive, "python3", "train.py", at=tmp_path, digest="0" * 64)
    assert (done.returncode, done.stdout) == (CANNOT_FETCH, "")
    assert "what came is not what was sent" in done.stderr


def test_an_image_that_cannot_fetch_says_what_it_lacks(
    environ: dict[str, str], archive: Archive, tmp_path: Path
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "mktemp"):
        (tools / name).symlink_to(f"/bin/{name}")
    done = ran({**environ, "PATH": str(tools)}, archive, "true", at=tmp_path)
    assert done.returncode == CANNOT_FETCH
    assert "to fetch code the image needs python3 with boto3, or the aws command" in done.stderr


def test_no_word_and_no_variable_is_longer_than_sagemaker_takes() -> None:
    words, variables = started(("python", "train.py"), "s3://bursts/code/a.tar.gz", "0" * 64, stay=False)
    assert max(len(word) for word in words) <= 256
    assert max(len(value) for value in variables.values()) <= 512


_TAKEN = ("queue", "types", "secrets", "json", "site", "sitecustomize", "boto3", "tempfile")


def hostile(folder: Path) -> None:
    """Files that are called like modules of Python, of boto3 and of ours, and break whoever imports them."""
    (folder / "tideform").mkdir()
    for name in (*_TAKEN, "tideform/__init__"):
        (folder / f"{name}.py").write_text("raise SystemExit('this is not the module that you want')")
    (folder / "src").mkdir()
    (folder / "src" / "train.py").write_text("import os; print('training ran', os.environ.get('PYTHONPATH'))")


def test_code_with_files_called_like_modules_runs_under_the_wrapper(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    hostile(tmp_path / "code")
    archive = pack(tmp_path / "code", {HELPER: helper()})
    done = ran(environ, archive, *WRAP, "python3", "src/train.py", at=tmp_path)
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["training", "ran"]), done.stderr


def test_an_image_with_such_files_where_it_starts_and_on_its_path_runs_them_too(
    environ: dict[str, str], archive: Archive, tmp_path: Path
) -> None:
    hostile(tmp_path)
    paths = {**environ, "PYTHONPATH": f".:{tmp_path}"}
    done = ran(paths, archive, *WRAP, "sh", "-c", 'echo "$PYTHONPATH"', at=tmp_path, stay=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(f"checkpoint.zip:.:{tmp_path}")


@pytest.mark.parametrize("name", ["a", "w", "p", "fail"])
def test_the_jobs_variables_are_not_the_scripts(
    environ: dict[str, str], archive: Archive, tmp_path: Path, name: str
) -> None:
    done = ran({**environ, name: "mine"}, archive, "printenv", name, at=tmp_path)
    assert done.stdout == "mine\n"


def test_a_wrapper_that_cannot_start_is_told_from_the_job(
    environ: dict[str, str], archive: Archive, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, where the checkpoints would go")
    done = ran({**environ, "TIDEFORM_CHECKPOINT_DIR": str(taken)}, archive, *WRAP, "true", at=tmp_path)
    assert done.returncode == CANNOT_FETCH
    assert "tideform: the wrapper failed" in done.stderr
