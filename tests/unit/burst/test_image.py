"""Images built from a folder: once for each state of it, run by digest, and told clearly where that cannot be.

A program called ``docker`` stands for the real one: it notes its words and pushes to an ECR on loopback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tideform.burst.halt import silent
from tideform.burst.image import Images
from tideform.cloud import Cloud, Credentials
from tideform.components.storage.burst_places import images_repository
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

DOCKER = """#!{python}
import hashlib, json, os, sys
import boto3
with open(os.environ["DOCKER_WORDS"], "a") as noted:
    noted.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "login":
    assert sys.stdin.read()
    raise SystemExit(0)
if os.environ.get("DOCKER_FAILS"):
    raise SystemExit("no space left on device")
repository, _, tag = sys.argv[sys.argv.index("--tag") + 1].rpartition("/")[2].rpartition(":")
digest = "sha256:" + hashlib.sha256(tag.encode()).hexdigest()
part = {{"mediaType": "application/octet-stream", "digest": digest, "size": 1}}
kind = "application/vnd.docker.distribution.manifest.v2+json"
manifest = json.dumps({{"schemaVersion": 2, "mediaType": kind, "config": part, "layers": [part]}})
boto3.client("ecr").put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag)
"""


@pytest.fixture
def account(aws_endpoint: str, deployment: Deployment) -> Iterator[Cloud]:
    """An account with the repository."""
    cloud = Cloud("us-east-1", "123456789012", credentials=Credentials("testing", "testing", aws_endpoint))
    cloud.client("ecr").create_repository(repositoryName=images_repository(deployment))
    yield cloud
    cloud.client("ecr").delete_repository(repositoryName=images_repository(deployment), force=True)


@pytest.fixture
def noted(tmp_path: Path, aws_endpoint: str, monkeypatch: pytest.MonkeyPatch, account: Cloud) -> Path:
    """Where docker notes its words; it is alone on PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text(DOCKER.format(python=sys.executable))
    (tools / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("DOCKER_WORDS", str(tmp_path / "words"))
    for name, value in account.environ().items():
        monkeypatch.setenv(name, value)
    return tmp_path / "words"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "image"
    made.mkdir()
    (made / "Dockerfile").write_text("FROM scratch\n")
    return made


def built(account: Cloud, deployment: Deployment, folder: Path) -> str:
    return Images(account, deployment, silent).built(folder, deployment.spec.training["fit"])


def refusal(account: Cloud, deployment: Deployment, folder: Path) -> str:
    with pytest.raises(RefusedError) as refused:
        built(account, deployment, folder)
    [found] = refused.value.diagnostics
    return f"{found.code} {found.detail}"


def test_an_image_is_run_by_its_digest(account: Cloud, deployment: Deployment, folder: Path, noted: Path) -> None:
    image = built(account, deployment, folder)
    host, _, rest = image.partition("/")
    assert host == "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert rest.startswith(f"{images_repository(deployment)}@sha256:")


def test_it_is_built_for_the_pools_machines(account: Cloud, deployment: Deployment, folder: Path, noted: Path) -> None:
    built(account, deployment, folder)
    assert '"--platform", "linux/amd64"' in noted.read_text()


def test_an_unchanged_folder_is_built_once(account: Cloud, deployment: Deployment, folder: Path, noted: Path) -> None:
    first = built(account, deployment, folder)
    words = noted.read_text()
    assert built(account, deployment, folder) == first
    assert noted.read_text() == words


def test_a_changed_folder_is_another_image(account: Cloud, deployment: Deployment, folder: Path, noted: Path) -> None:
    first = built(account, deployment, folder)
    (folder / "train.py").write_text("")
    assert built(account, deployment, folder) != first


def test_the_registrys_password_stands_in_no_command(
    account: Cloud, deployment: Deployment, folder: Path, noted: Path
) -> None:
    built(account, deployment, folder)
    login = noted.read_text().splitlines()[0]
    assert '"--username", "AWS", "--password-stdin"' in login
    assert "123456789012-auth-token" not in login


def test_a_build_that_fails_says_what_docker_said(
    account: Cloud, deployment: Deployment, folder: Path, noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_FAILS", "1")
    assert refusal(account, deployment, folder).endswith("failed: no space left on device")


def test_without_docker_it_says_what_to_do(
    account: Cloud, deployment: Deployment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert refusal(account, deployment, folder) == f"TD676 {folder} has to be built, and there is no docker on PATH."


def test_without_the_repository_it_says_who_makes_it(aws_endpoint: str, deployment: Deployment, folder: Path) -> None:
    cloud = Cloud("eu-west-1", "123456789012", credentials=Credentials("testing", "testing", aws_endpoint))
    assert "`tideform apply` makes it" in refusal(cloud, deployment, folder)
