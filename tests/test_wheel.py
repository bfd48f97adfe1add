"""The wheel alone, installed outside the checkout, has everything that a user needs to get to a plan."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


@pytest.fixture(scope="module")
def production(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it requires without an extra; nothing else is lent to it."""
    home = tmp_path_factory.mktemp("production") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    packages = next((home / "lib").glob("python3*/site-packages"))
    for entry in lent(required("tideform")):
        target = packages / entry.name
        if not target.exists():
            target.symlink_to(entry)
    return home / "bin"


def required(name: str, *, found: set[str] | None = None) -> set[str]:
    """The distributions that one requires, and those that these require; itself not, and extras of its own not."""
    found = set() if found is None else found
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        extras = {"", *requirement.extras}
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if (other := canonicalize_name(requirement.name)) not in found:
            found.add(other)
            required(other, found=found)
            found |= {each for extra in extras - {""} for each in of_extra(other, extra, found)}
    return found


def of_extra(name: str, extra: str, found: set[str]) -> set[str]:
    """What a distribution requires for one of its extras, with what that requires."""
    wanted = [Requirement(line) for line in distribution(name).requires or ()]
    names = {canonicalize_name(r.name) for r in wanted if r.marker and r.marker.evaluate({"extra": extra})}
    return {each for other in names - found for each in {other, *required(other)}}


def lent(distributions: set[str]) -> set[Path]:
    """The files and folders at the top of ``site-packages`` that these distributions installed."""
    site = Path(sysconfig.get_paths()["purelib"])
    files = [file for name in distributions for file in distribution(name).files or ()]
    tops = {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}
    return {site / top for top in tops if (site / top).exists()}


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


def test_an_installation_without_the_extra_has_nothing_of_the_sandbox_s(production: Path, tmp_path: Path) -> None:
    code = (
        "from importlib.util import find_spec as f; print(*(n for n in ('moto', 'flask', 'werkzeug', 'boto3') if f(n)))"
    )
    done = subprocess.run([str(production / "python"), "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == ["boto3"], done.stderr


@pytest.mark.parametrize("words", [("--help",), ("validate",), ("plan", "--offline"), ("doctor",)])
def test_an_installation_without_the_extra_reasons_about_specs(
    production: Path, project: Path, words: tuple[str, ...]
) -> None:
    done = run(production, project, *words)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("words", [("plan",), ("apply", "--yes"), ("sandbox", "start")])
def test_an_installation_without_the_extra_says_how_to_get_the_local_target(
    production: Path, project: Path, words: tuple[str, ...]
) -> None:
    done = run(production, project, *words)
    assert done.returncode == 1
    assert "TD517" in done.stderr
    assert "-m pip install 'tideform[local]'" in done.stderr
    assert "Traceback" not in done.stderr
