"""Names that the vendor makes up where a program gives none."""

from __future__ import annotations

from hashlib import sha256

from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live


def with_name(kind: Kind, urn: str, old: Inputs, new: Inputs, seed: bytes) -> Live:
    """The inputs with a physical name: the given one, the old one, or the logical name and seven random digits."""
    named = dict(new)
    if kind.name is not None and kind.name not in named and f"{kind.name}Prefix" not in named:
        made_up = f"{urn.rsplit('::', 1)[-1]}-{sha256(seed).hexdigest()[:7]}"
        named[kind.name] = old.get(kind.name, made_up)
    return named
