"""The wheel alone, installed outside the checkout, has everything that a user needs to get to a plan."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; what the wheel requires is lent by the one that runs the tests.

    A plain path in a ``.pth`` file lends packages, but not the editable install of this checkout: site reads no
    ``.pth`` files there.
    """
    home = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    packages = next((home / "lib").glob("python3*/site-packages"))
    (packages / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return home / "bin"


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed ``tideform`` in a folder, with nothing of the checkout in reach."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = [str(installed / "tideform"), *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """A project that was started from the wheel."""
    done = run(installed, tmp_path, "init", "project")
    assert done.returncode == 0, done.stderr
    return tmp_path / "project"


def test_the_wheel_holds_the_very_stacks_and_blueprints_of_the_checkout(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("stacks", "blueprints"):
        tracked = subprocess.run(["git", "ls-files", kind], cwd=ROOT, capture_output=True, text=True, check=True)
        assert {f"tideform/_{name}" for name in tracked.stdout.split()} - names == set()


def test_the_wheel_holds_the_pinned_modules_of_the_engine(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"tideform/engine/acquire/gomod/{name}" for name in ("go.mod", "go.sum", "tools.go")} <= set(names)


def test_the_wheel_holds_nothing_that_a_run_wrote(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if ".tideform" in name or name.endswith((".pyc", ".log"))] == []


def test_the_installed_package_is_the_one_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import tideform.paths as p; print(p.__file__); print(p.stacks_dir())"
    command = [str(installed / "python"), "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(line.startswith(str(installed.parent)) for line in done.stdout.split())


def test_help_is_there(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_project_is_valid(installed: Path, project: Path) -> None:
    done = run(installed, project, "validate")
    assert done.returncode == 0, done.stderr


def test_a_new_project_is_planned_offline(installed: Path, project: Path) -> None:
    done = run(installed, project, "plan", "--offline")
    assert done.returncode == 0, done.stderr
    assert "0 to destroy" in done.stdout
