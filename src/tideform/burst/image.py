"""An image built from a folder, once for each state of it: the folder's digest is the tag, and tags never move.

Docker does the building, on this machine; the image goes to the project's repository and is run by its own digest.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tideform.burst.code import pack
from tideform.burst.halt import Say
from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.components.storage.burst_places import images_repository
from tideform.errors import RefusedError, TideformError
from tideform.pools.shape import shape_of
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool

_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
_TOLD = 2000  # characters of what docker says at its end


@dataclass(frozen=True)
class Images:
    """The repository that foundation makes where a pool builds its image."""

    cloud: Cloud
    deployment: Deployment
    say: Say

    def built(self, folder: Path, pool: Pool) -> str:
        """The image of the folder as it is now, by digest; built and pushed unless it is there already.

        Raises `RefusedError` TD676 where it cannot be built, and what `pack` raises of the folder.
        """
        spec = self.deployment
        packed = pack(folder, {}, project=spec.spec_file.parent, allowed=spec.spec.not_secrets)
        tag = packed.digest[:32]
        if found := self._digest(tag):
            return f"{self._repository()}@{found}"
        docker = shutil.which("docker")
        if docker is None:
            raise _not_built(f"{folder} has to be built, and there is no docker on PATH.")
        self.say(f"Building the image of {folder}.")
        self._log_in(docker)
        platform = _PLATFORMS[shape_of(pool).types[0].arch]
        name = f"{self._repository()}:{tag}"
        # Provenance would make it a list of manifests, which not every service runs.
        words = ["buildx", "build", "--platform", platform, "--provenance=false", "--tag", name, "--push", str(folder)]
        _run([docker, *words], f"the image of {folder}")
        pushed = self._digest(tag)
        if pushed is None:
            raise _not_built(f"{name} was pushed, and the repository does not have it.")
        return f"{self._repository()}@{pushed}"

    def _repository(self) -> str:
        suffix = "amazonaws.com.cn" if self.deployment.region.startswith("cn-") else "amazonaws.com"
        host = f"{self.deployment.account}.dkr.ecr.{self.deployment.region}.{suffix}"
        return f"{host}/{images_repository(self.deployment)}"

    def _digest(self, tag: str) -> str | None:
        """The digest of the image of this tag; None if there is none. Raises TD676 where there is no repository."""
        ecr = self.cloud.client("ecr")
        name = images_repository(self.deployment)
        with cloud_errors(f"images were looked for in {name}"):
            try:
                found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])["imageDetails"]
            except ecr.exceptions.ImageNotFoundException:
                return None
            except ecr.exceptions.RepositoryNotFoundException as error:
                raise _not_built(f"There is no repository {name}: `tideform apply` makes it.") from error
        return str(found[0]["imageDigest"]) if found else None

    def _log_in(self, docker: str) -> None:
        """The password goes through a pipe: it must stand in no list of processes."""
        with cloud_errors("the registry was logged in to"):
            given = self.cloud.client("ecr").get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
        words = [docker, "login", "--username", user, "--password-stdin", self._repository().partition("/")[0]]
        _run(words, "the login to the registry", password)


def _run(command: Sequence[str], what: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _not_built(f"{what} failed: {(done.stderr or done.stdout).strip()[-_TOLD:]}")


def _not_built(detail: str) -> TideformError:
    return RefusedError.of(
        "TD676",
        "The image cannot be built",
        detail=detail,
        fix="Mend that, or build the image elsewhere (in CI) and name it by digest: `burst run --image`.",
    )
