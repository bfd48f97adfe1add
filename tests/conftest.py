"""What every test stands on: golden files, compared or written anew with ``pytest --update-golden``, and signals."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: no property of ours is one of time.
settings.register_profile("tideform", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tideform")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that writes golden files anew."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing")


def pytest_configure() -> None:
    """Signals mean what they mean in a terminal, for commands under test as well: nohup and ``&`` turn some off."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``golden("plan/update.txt", text)`` asserts that the text is what the file holds."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return check
