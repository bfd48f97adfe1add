"""What is said of a very long value shows as much of it as tells which it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.errors import SpecError
from tideform.spec.load import load

SPEC = """\
version: 1
project: demo
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
"""
LONG = "x" * 100_000
ARN = "arn:aws:iam::123456789012:role/" + "x" * 100


def wrong(tmp_path: Path, words: str) -> str:
    """All that is said of a spec with these words."""
    spec = tmp_path / "tideform.yaml"
    spec.write_text(SPEC + words)
    with pytest.raises(SpecError) as refused:
        load(spec)
    return "\n".join(f"{one.path}: {one.detail} {one.fix}" for one in refused.value.diagnostics)


@pytest.mark.parametrize(
    "words",
    [
        f"compliance: {{frameworks: [{LONG}]}}",
        f"compliance: {{frameworks: ['it''s {LONG}']}}",  # which is quoted in another way than it is written
        f"storage: {{data: {{kind: dataset, {LONG[:1000]}: 1}}}}",
    ],
    ids=["value", "quoted", "key"],
)
def test_a_very_long_text_is_cut_where_it_is_told_of(tmp_path: Path, words: str) -> None:
    said = wrong(tmp_path, words)
    assert ("xxx…" in said, len(said) < 600) == (True, True), said[:1000]


def test_what_somebody_may_have_meant_is_shown_whole(tmp_path: Path) -> None:
    assert ARN in wrong(tmp_path, f"compliance: {{frameworks: ['{ARN}']}}")
