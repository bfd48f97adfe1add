"""Make ``.venv`` with tideform in it, once for each ``pyproject.toml``; only the standard library, only pip.

The stamp is written last: an environment without one is half made and is made anew. Two of these in one
checkout wait for each other, two checkouts share nothing but pip's own cache.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
STAMP = HOME / ".stamp"
# What the commands, the sandbox and its provider import bit by bit, as requests come.
COMPILED = [
    "boto3",
    "botocore",
    "cryptography",
    "flask",
    "google",
    "grpc",
    "jinja2",
    "moto",
    "s3transfer",
    "urllib3",
    "werkzeug",
]


def main() -> None:
    with (ROOT / ".venv.lock").open("w") as lock:
        _wait_for(lock)
        if not STAMP.is_file() or not (HOME / "bin" / "python").exists():  # half made, or its Python is gone
            _make_environment()
        if STAMP.read_text() != _wanted():
            _install()


def _wait_for(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("setup: waiting for another setup of this checkout", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _wanted() -> str:
    """What the environment depends on: the requirements, this file, the folder (scripts hold its path)."""
    made_of = (ROOT / "pyproject.toml", Path(__file__))
    return hashlib.sha256(f"{HOME}\n".encode() + b"".join(file.read_bytes() for file in made_of)).hexdigest()


def _make_environment() -> None:
    print(f"setup: making {HOME} with Python {sys.version.split()[0]}", flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    venv.create(HOME, with_pip=True)
    STAMP.write_text("made")


def _install() -> None:
    print("setup: installing tideform and its tools (a minute or two the first time)", flush=True)
    STAMP.unlink()
    python = str(HOME / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "--editable", f"{ROOT}[dev]"], check=True)
    _compile(python)
    STAMP.write_text(_wanted())


def _compile(python: str) -> None:
    """Compile what the demo's processes import, so that none of them does it, or does it again on every start.

    Not all of the environment: pulumi_aws alone has thousands of modules, of which a plan needs some seventy, so one
    plan is made; and of scikit-learn, what the blueprint's job imports.
    """
    writing = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    spec = ROOT / "blueprints" / "quickstart" / "tideform.yaml"
    work = (
        [str(HOME / "bin" / "tideform"), "plan", "--offline", "--spec", str(spec)],
        [python, "-c", "import boto3, tideform_sandbox.moto_app, tideform_sandbox.providers.aws.provider"],
        [python, "-c", "import joblib, sklearn.datasets, sklearn.metrics, sklearn.model_selection, sklearn.svm"],
        [python, "-m", "compileall", "-q", "-j", "0", str(ROOT / "src"), *(str(packages / name) for name in COMPILED)],
    )
    for command in work:
        subprocess.run(command, env=writing, check=False, capture_output=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"setup: {' '.join(map(str, error.cmd[:6]))} … ended with code {error.returncode}")
