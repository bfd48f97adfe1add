"""What the engine's failures become: one diagnostic for each thing that failed, in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi.automation import CommandError
from pulumi.automation._cmd import CommandResult
from pulumi.automation.events import DiagnosticEvent, EngineEvent

from tideform.engine.failures import engine_failure
from tideform.errors import EngineError
from tideform.model.engine import Program

STORAGE = Program("storage", "demo-dev", Path("stacks/storage/__main__.py"))
URN = "urn:pulumi:demo-dev::tideform-storage::aws:s3/bucket:Bucket::data"
REFUSED = "Preview failed: AccessDenied: you may not list tags (s3.get_bucket_tagging)"


def failed(*said: tuple[str, str | None], stderr: str = "") -> EngineError:
    """What is raised when the engine said these errors, each of a resource or of none, and ended."""
    events = [
        EngineEvent(0, 0, diagnostic_event=DiagnosticEvent(text, "never", "error", urn=urn)) for text, urn in said
    ]
    with pytest.raises(EngineError) as caught, engine_failure(STORAGE, events):
        raise CommandError(CommandResult("", stderr, 255))
    return caught.value


def test_a_resource_that_the_api_refuses_to_read_is_named_with_the_apis_words() -> None:
    (diagnostic,) = failed((f"<{{%reset%}}>{REFUSED}<{{%reset%}}>\n", URN), ("preview failed", None)).diagnostics
    assert (diagnostic.code, diagnostic.detail) == ("TD404", f"storage.aws_s3_bucket.data: {REFUSED}")


def test_what_failed_side_by_side_is_told_at_once() -> None:
    other = URN.replace("::data", "::models")
    assert len(failed((REFUSED, URN), (REFUSED, other)).diagnostics) == 2


def test_no_traceback_comes_through() -> None:
    text = "it broke\nTraceback (most recent call last):\n  File x, line 1\nKeyError: 'y'"
    (diagnostic,) = failed((text, URN)).diagnostics
    assert diagnostic.detail == "storage.aws_s3_bucket.data: it broke"


def test_an_engine_that_gives_no_reason_is_quoted() -> None:
    (diagnostic,) = failed(stderr="error: no space left on device").diagnostics
    assert (diagnostic.code, diagnostic.detail) == ("TD402", "storage: error: no space left on device")


def test_a_field_that_somebody_else_has_is_told_with_its_owner_and_how_to_take_it_back() -> None:
    text = 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .spec.hard.cpu'
    (diagnostic,) = failed((text, URN)).diagnostics
    assert diagnostic.code == "TD666"
    assert "kubectl-edit" in diagnostic.detail
    assert "--force-conflicts" in diagnostic.fix
