"""What a machine has and lacks for tideform, as a list of checks; ``tideform doctor`` shows it.

Every check looks and changes nothing, and none asks the network. A check that every plan needs makes ``doctor``
fail when it is missing; the others only say what would stop working.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tideform.engine.acquire.find import look
from tideform.engine.acquire.toolchain import go_on_path
from tideform.files import is_plain, is_there
from tideform.model.check import Check
from tideform.paths import cache_dir

_PACKAGES = ("pulumi", "pulumi-aws", "boto3")
LOCAL = "local target"
_SPACE = 1_000_000_000  # the sandbox, a state and logs; building the engine asks for more by itself
_INSTALL_SPACE = 4_000_000_000


def checks(folder: Path) -> list[Check]:
    """Every check, for a project whose spec is (or would be) in ``folder``."""
    probes: tuple[Callable[[], Check], ...] = (
        _python,
        *(lambda name=name: _package(name) for name in _PACKAGES),
        _local,
        _engine,
        _go,
        _cache,
        lambda: _space(folder),
        lambda: _workspace(folder),
        lambda: _sandbox(folder),
        _aws,
        _git,
    )
    return [probe() for probe in probes]


def healthy(found: Sequence[Check]) -> bool:
    """Whether there is what every target needs."""
    return all(check.ok for check in found if check.needed)


def _python() -> Check:
    running = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), f"{running} at {sys.executable}", "Use Python 3.11 or newer.")


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed", "Install tideform again: its requirements are incomplete.")


def _local() -> Check:
    """Whether the extra for the local target is there; without it, an installation is one for AWS."""
    from tideform.local.launch import INSTALL, is_installed

    there = is_installed()
    fix = f"Only target local needs it: run `{INSTALL}`."
    return Check(LOCAL, there, f"moto {version('moto')}" if there else "not installed", fix, needed=False)


def _engine() -> Check:
    found, tried = look()
    if found is not None:
        return Check("engine", True, f"{found.version} from {found.source} at {found.path}")
    why = "; ".join(f"{attempt.step}: {attempt.outcome}" for attempt in tried)
    named = any(attempt.step == "TIDEFORM_ENGINE" for attempt in tried)
    fix = "Unset TIDEFORM_ENGINE or correct it." if named else "Run `tideform doctor --install`."
    return Check("engine", False, why, fix)


def _go() -> Check:
    go, why_not = go_on_path()
    if go is not None:
        return Check("go", True, f"{go.version} at {go.go}", needed=False)
    fix = "Only building the engine needs it, and fetches one by itself."
    return Check("go", False, why_not, fix, needed=False)


def _cache() -> Check:
    cache = cache_dir()
    existing = _nearest(cache)
    fix = f"Make {existing} writable, or set TIDEFORM_CACHE to a folder that is."
    return Check("cache", os.access(existing, os.W_OK | os.X_OK), str(cache), fix)


def _space(folder: Path) -> Check:
    free = {place: shutil.disk_usage(_nearest(place)).free for place in (folder, cache_dir())}
    found = ", ".join(f"{size / 1e9:.0f} GB free at {place}" for place, size in free.items())
    wanted = {folder: _SPACE, cache_dir(): _SPACE if look()[0] else _INSTALL_SPACE}
    fix = f"Free {_SPACE // 10**9} GB for a run, {_INSTALL_SPACE // 10**9} GB while the engine is built."
    return Check("disk space", all(free[place] >= size for place, size in wanted.items()), found, fix)


def _workspace(folder: Path) -> Check:
    hidden = folder / ".tideform"
    if not is_there(hidden):
        writable = os.access(_nearest(folder), os.W_OK | os.X_OK)
        return Check("workspace", writable, f"none yet in {folder}", f"Make {folder} writable.")
    mode = stat.S_IMODE(hidden.stat().st_mode)
    private = not mode & 0o077 and os.access(hidden, os.W_OK | os.X_OK)
    return Check("workspace", private, f"{hidden}, mode {mode:04o}", f"Run `chmod -R go= {hidden}` as its owner.")


def _sandbox(folder: Path) -> Check:
    from tideform.local.launch import is_installed

    if not is_installed():
        return Check("sandbox", False, "none without the local target", "See there.", needed=False)
    if not is_there(folder / ".tideform" / "sandbox"):
        return Check("sandbox", True, "not running; commands start it when they need it", needed=False)
    from tideform.local.client import find
    from tideform.paths import Workspace

    running = find(Workspace(folder))
    found = f"running at {running.endpoint}" if running else "not running; commands start it when they need it"
    return Check("sandbox", True, found, needed=False)


def _aws() -> Check:
    """Whether there are credentials for the target ``aws``: where boto3 would look, without asking anyone."""
    home = Path(os.path.expanduser("~/.aws"))  # noqa: PTH111  # without a home it is a name like any other
    places = {
        "environment": "AWS_ACCESS_KEY_ID" in os.environ or "AWS_WEB_IDENTITY_TOKEN_FILE" in os.environ,
        "profile": "AWS_PROFILE" in os.environ,
        str(home): is_plain(home / "credentials") or is_plain(home / "config"),
    }
    found = [place for place, there in places.items() if there]
    fix = "Only target aws needs them: run `aws configure sso`, or set AWS_PROFILE."
    return Check("aws credentials", bool(found), ", ".join(found) or "none", fix, needed=False)


def _git() -> Check:
    git = shutil.which("git")
    fix = "Only lineage records and saved plans name the commit: install git for that."
    return Check("git", git is not None, git or "not on PATH", fix, needed=False)


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if is_there(place))
