"""A training backend in a package that is not ours, outside of this repository: it is found, and a burst runs on it.

It is the one of docs/how-to/add-a-training-backend.md, made from that page. Its entry, and what it brings into the
account, are entry points of its distribution; nothing of tideform is changed.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workspaces import Workspace, applied, until
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e
ROUND = 360  # seconds: the reaper comes every five minutes

SPEC = """\
version: 1
project: foreign
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  far: {backend: mist, instance_types: [c5.large], lease: 30m, job: {image: trainer, command: ["true"]}}
"""
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-training-backend.md"


def files_of_the_page() -> dict[str, str]:
    """What the page has one write, by the names that stand in the first lines."""
    blocks = re.findall(r"^```\w+\n# (\S+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return dict(blocks)


def installed(folder: Path) -> Path:
    """The package as an installer leaves it."""
    files = files_of_the_page()
    project = tomllib.loads(files.pop("pyproject.toml"))["project"]
    points = [
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in given.items())])
        for group, given in project["entry-points"].items()
    ]
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    files |= {"acme_mist-1.dist-info/METADATA": about, "acme_mist-1.dist-info/entry_points.txt": "\n".join(points)}
    files |= dict.fromkeys(("acme_mist/__init__.py", "acme_mist/in_account/__init__.py"), "")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    packages = installed(tmp_path_factory.mktemp("packages"))
    with applied(tmp_path_factory.mktemp("foreign"), SPEC, PYTHONPATH=str(packages)) as made:
        yield made


def idle(project: Workspace) -> bool:
    return "idle" in project.run("burst", "status", "far").stdout


def test_a_burst_runs_on_it_and_nothing_is_left(project: Workspace) -> None:
    ran = project.run("burst", "run", "far", "--json", "--", "sh", "-c", "echo from afar; exit 7")
    assert ran.returncode == 7, ran.stderr
    assert json.loads(ran.stdout)["receipt"]["empty"]
    assert "from afar\n" in project.run("logs", "far").stdout


def test_the_reaper_ends_what_was_left_to_it_though_it_has_nothing_of_ours_but_itself(project: Workspace) -> None:
    begun = project.run("burst", "run", "far", "--detach", "--", "true")
    assert begun.returncode == 0, begun.stderr
    assert not idle(project)

    def ended() -> bool:
        advance_clock(project.folder, ROUND)
        return idle(project)

    until(ended, "the reaper to give the lease back")
