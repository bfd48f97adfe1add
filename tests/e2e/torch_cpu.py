"""PyTorch without CUDA, where it can be had: the one that is installed, else Debian's, unpacked into the cache.

PyPI's wheel for Linux brings gigabytes of CUDA. Debian's ``python3-torch`` is the CPU build with gloo: 150 MB of
packages, unpacked beside the system and not into it, which needs no root. It is built for one version of Python.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tideform.paths import cache_dir

_LIBRARIES = ("usr/lib", "usr/lib/{0}", "lib/{0}", "usr/lib/{0}/blas", "usr/lib/{0}/lapack")
_PACKAGES = "usr/lib/python3/dist-packages"


def torch_environment() -> dict[str, str]:
    """The variables with which this Python imports PyTorch; skips the test where it cannot be had, and says why."""
    if find_spec("torch") is not None:
        return {}
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("no PyTorch is installed, and only on Debian it is fetched")
    root = cache_dir() / f"torch-python{sys.version_info.major}.{sys.version_info.minor}"
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _fetch(root)
    environment = _variables(root)
    done = _run([sys.executable, "-W", "ignore", "-c", "import torch.distributed"], env={**os.environ, **environment})
    if done.returncode:
        pytest.skip(f"Debian's PyTorch is not for this Python: {done.stderr.strip().splitlines()[-1]}")
    return environment


def _variables(root: Path) -> dict[str, str]:
    """Of the Python packages PyTorch alone is lent: the job has its own boto3."""
    machine = f"{os.uname().machine}-linux-gnu"
    found = ":".join(str(root / folder.format(machine)) for folder in _LIBRARIES)
    return {"LD_LIBRARY_PATH": found, "PYTHONPATH": str(root / "python")}


def _fetch(root: Path) -> None:
    """Download what the system lacks and unpack it; a fetch that is cut short leaves no folder of the name."""
    half = root.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    (half / "packages").mkdir(parents=True)
    names = _missing()
    if not names:  # a fresh machine has no lists of packages
        _run(["apt-get", "update"])
        names = _missing()
    if not names:
        pytest.skip("apt-get offers no python3-torch here")
    got = _run(["apt-get", "download", *names], cwd=half / "packages")
    if got.returncode:
        pytest.skip(f"python3-torch did not come: {got.stderr.strip()[-300:]}")
    for package in (half / "packages").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(half)], check=True)
    shutil.rmtree(half / "packages")
    (half / "python").mkdir()
    (half / "python" / "torch").symlink_to(Path("..") / _PACKAGES / "torch")
    half.rename(root)


def _missing() -> list[str]:
    """The packages that an installation would bring."""
    told = _run(["apt-get", "install", "--print-uris", "--yes", "--no-install-recommends", "python3-torch"]).stdout
    return [line.split()[1].split("_")[0] for line in told.splitlines() if line.startswith("'")]


def _run(
    command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
