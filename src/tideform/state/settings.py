"""The two files of a program's working folder, and the key that guards its secrets.

``Pulumi.<stack>.yaml`` holds the encryption salt (or the wrapped data key): without it the state's secrets cannot be
read. It is therefore never made anew while a state exists: where it is missing, it is written from what the state
itself records about its secrets provider.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideform.files import is_plain, read_plain, replace_plain

if TYPE_CHECKING:
    from tideform.model.engine import Program
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Checkpoint

_MOST = 16 * 1024  # bytes; such a file has less than one thousand, unless the path of the spec is long


def passphrase_file(folder: Path) -> Path:
    """The generated key of a local state, readable by its owner only; made once, by exactly one of several runs."""
    path = folder / "passphrase"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))
    return path


def write_project(folder: Path, program: Program) -> None:
    """``Pulumi.yaml``: the name; the program itself comes from this process."""
    _write_if_changed(folder / "Pulumi.yaml", f"name: {program.pulumi_project}\nruntime: python\n")


def write_stack(folder: Path, program: Program, deployment: Deployment, known: Checkpoint | None) -> None:
    """``Pulumi.<stack>.yaml``: the program's configuration beside what unlocks the state's secrets."""
    path = folder / f"Pulumi.{program.stack}.yaml"
    kept = _unlocking(load_settings(path)) or (_from_state(known.secrets_provider) if known else {})
    config = {
        "tideform:spec": str(deployment.spec_file),
        "tideform:project": deployment.spec.project,
        "tideform:environment": deployment.environment,
    }
    if program.unit is not None:
        config["tideform:unit"] = program.unit
    _write_if_changed(path, _dump({**kept, "config": config}))


def _unlocking(settings: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("encryptionsalt", "encryptedkey", "secretsprovider")
    return {key: value for key, value in settings.items() if key in keys and isinstance(value, str)}


def _from_state(provider: Mapping[str, Any]) -> dict[str, Any]:
    state = provider.get("state", {})
    if provider.get("type") == "passphrase":
        return {"encryptionsalt": state["salt"]}
    if provider.get("type") == "cloud":
        return {"secretsprovider": state["url"], "encryptedkey": state["encryptedkey"]}
    return {}


def load_settings(path: Path) -> Mapping[str, Any]:
    """Such a file's content; empty where there is none, or none that can be read: then nothing is remembered.

    ``config`` is a mapping wherever it is there.
    """
    found = _parsed(path)
    content = {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}
    if not isinstance(content.get("config"), dict):
        content.pop("config", None)
    return content


def _parsed(path: Path) -> Any:
    """What YAML makes of the file. Its reader has errors of its own, and lets others through."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(read_plain(path, _MOST))
    except (OSError, YAMLError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        return None


def _dump(settings: Mapping[str, Any]) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    text = StringIO()
    YAML(typ="safe", pure=True).dump(dict(settings), text)
    return text.getvalue()


def _write_if_changed(path: Path, text: str) -> None:
    if not (is_plain(path) and path.read_bytes() == text.encode()):
        replace_plain(path, text.encode())
