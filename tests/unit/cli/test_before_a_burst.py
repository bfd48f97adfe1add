"""``tideform burst run``: what is refused, and what is told, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.project import SPEC, enter
from tideform.cli.app import main
from tideform.cli.common import load_standing

Output = pytest.CaptureFixture[str]


def test_options_that_do_not_go_together_are_refused_before_the_announcement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    enter(tmp_path, monkeypatch)
    assert main(["burst", "run", "nightly", "--detach", "--interrupt-after", "5s", "-e", "dev"]) > 100
    said = capsys.readouterr().err
    assert ("leave out --detach" in said, "Burst of" in said) == (True, False)


@pytest.mark.parametrize(("brings", "told"), [(True, True), (False, False)])
def test_the_specs_warnings_are_told_where_capacity_comes_and_not_by_every_look(
    brings: bool, told: bool, tmp_path: Path, capsys: Output
) -> None:
    spec = tmp_path / "tideform.yaml"
    spec.write_text(
        SPEC.replace("{image: trainer,", "{image: trainer, nodes: 2,").replace("job:", "nodes: 2\n    job:")
    )
    load_standing(spec, "dev", brings=brings)
    assert ("warning[TD148]" in capsys.readouterr().err) is told
