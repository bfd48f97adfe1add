"""The reaper's code as Lambda holds it: told from other code by the digest of its zip, before anything of it is run.

Lambda tells a digest of the zip's bytes. What the engine sent has the one that the state knows; what was put back from
here is zipped in one way everywhere, so that its digest can be reckoned.
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping

from tideform.burst.applied import functions
from tideform.components.reaper.plan import files
from tideform.reaper.dry_run import HANDLES, digest_of
from tideform.spec.deployment import Deployment

_UNIX = 3  # which system a zip names as its maker; Python's own choice depends on the machine


def zipped(texts: Mapping[str, str]) -> bytes:
    """A zip of the texts by their names: the same bytes everywhere, so stored as they are and of no date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(texts):
            entry = zipfile.ZipInfo(name)
            entry.create_system = _UNIX
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, texts[name])
    return buffer.getvalue()


def sha256(zip_file: bytes) -> str:
    """As Lambda tells it: base64."""
    return base64.b64encode(hashlib.sha256(zip_file).digest()).decode()


def code_digest(deployment: Deployment) -> str:
    """What the function answers of its code, where it is ours of today."""
    return digest_of({name: text.encode() for name, text in files(deployment).items() if name != HANDLES})


def known(deployment: Deployment, name: str) -> frozenset[str]:
    """Digests that the code of the function may have; none where the state does not know the function."""
    applied = frozenset(_applied(deployment, name))
    return applied | {sha256(zipped(files(deployment)))} if applied else applied


def _applied(deployment: Deployment, name: str) -> Iterator[str]:
    """What the last apply has put there."""
    for function in functions(deployment, name):
        if digest := function.get("outputs", {}).get("codeSha256"):
            yield str(digest)
