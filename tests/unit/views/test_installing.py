"""How getting the engine is shown, on a terminal and in a log."""

from __future__ import annotations

import io

from tideform.views.installing import InstallView


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


LINES = ["vendor: trying", "vendor: [Errno -2] unknown", "fetching: 1 so far", "fetching: 2 so far", "ready"]


def shown(stream: io.StringIO) -> str:
    view = InstallView(stream)
    for line in LINES:
        view(line)
    view.close()
    return stream.getvalue()


def test_a_log_gets_every_line_but_the_counting_ones() -> None:
    assert shown(io.StringIO()).splitlines() == [LINES[0], LINES[1], LINES[2], LINES[4]]


def test_on_a_terminal_a_counting_line_takes_the_place_of_the_one_before() -> None:
    live = "\r\x1b[Kfetching: 1 so far\r\x1b[Kfetching: 2 so far\n"
    assert shown(Terminal()) == f"{LINES[0]}\n{LINES[1]}\n{live}ready\n"


def test_closing_ends_a_live_line() -> None:
    stream = Terminal()
    view = InstallView(stream)
    view("fetching: 1 so far")
    view.close()
    assert stream.getvalue().endswith("so far\n")
