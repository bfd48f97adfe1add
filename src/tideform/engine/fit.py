"""Whether the state in a place is the one that a deployment's commands may work with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tideform.engine.renamed import refuse_renamed
from tideform.model.programs import program
from tideform.state.checkpoint import BrokenStateError
from tideform.state.elsewhere import refuse_elsewhere
from tideform.state.migrate import refuse_moved
from tideform.state.owners import owner_of, read_own

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend
    from tideform.state.checkpoint import Blobs


def checked_backend(deployment: Deployment) -> Backend:
    """What stands of a deployment by its state, which is its own.

    Raises as `require_fit` does, `CloudError` TD415 once all of it was read.
    """
    from tideform.connect import backend_of

    found = backend_of(deployment)
    require_fit(deployment, found.blobs)
    return found


def require_fit(deployment: Deployment, blobs: Blobs, pool: str | None = None) -> None:
    """Raise `RefusedError` where the state is not the one that counts, or not this deployment's.

    TD416: it was moved away from there. TD418: what it knows stands elsewhere. TD419: under another project's name.
    TD421: another project and environment that give the same name have theirs there. `CloudError` TD415: it cannot be
    read; what is broken is raised unless it is about one ``pool`` alone: the definitions of a burst that ends go,
    whatever other stacks are like.
    """
    seen = _OneLook(blobs)
    refuse_moved(seen, owner_of(deployment))
    try:
        refuse_elsewhere(deployment, seen)
        read_own(deployment, seen, program(deployment, "foundation"))
    except BrokenStateError:
        if pool is None:
            raise
    refuse_renamed(deployment, seen)


@dataclass(frozen=True)
class _OneLook:
    """A place of which each file is read once, however many questions are asked of it."""

    blobs: Blobs
    files: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.blobs.url

    def place(self, key: str = "") -> str:
        return self.blobs.place(key)

    def read(self, key: str) -> bytes | None:
        if key not in self.files:
            self.files[key] = self.blobs.read(key)
        return self.files[key]

    def keys(self, prefix: str) -> Iterator[str]:
        return self.blobs.keys(prefix)

    def write(self, key: str, content: bytes) -> None:
        self.files.pop(key, None)
        self.blobs.write(key, content)
