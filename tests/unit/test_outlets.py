"""Standard streams that are lost: a plain command ends, and what has begun goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tideform import outlets
from tideform.outlets import Outlet, OutputLostError, ReaderGoneError, _Course


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for number in (reading, writing):
        try:
            os.close(number)
        except OSError:  # the test has closed it
            continue


def begun() -> _Course:
    return _Course(carries_on=True)


def test_what_is_written_arrives(pipe: tuple[int, int]) -> None:
    assert Outlet(pipe[1], begun()).write(memoryview(b"epoch 1")) == 7
    assert os.read(pipe[0], 99) == b"epoch 1"


def test_a_reader_that_goes_ends_what_has_not_begun(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    with pytest.raises(ReaderGoneError):
        Outlet(pipe[1], _Course()).write(memoryview(b"a plan"))


def test_a_reader_that_goes_is_dropped_once_something_has_begun(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    outlet = Outlet(pipe[1], begun())
    assert [outlet.write(memoryview(b"a step")) for _ in range(2)] == [6, 6]


def test_who_listens_hears_once_that_the_reader_has_gone(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    heard: list[bool] = []
    course = _Course(carries_on=True, listeners=[lambda: heard.append(True)])
    outlet = Outlet(pipe[1], course)
    for _ in range(3):
        outlet.write(memoryview(b"a step"))
    assert heard == [True]


def test_who_begins_to_listen_afterwards_hears_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "_course", _Course(carries_on=True, reader_gone=True))
    heard: list[bool] = []
    with outlets.on_reader_gone(lambda: heard.append(True)):
        assert heard == [True]


def test_a_full_disk_is_told_apart_from_a_reader_that_goes() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        with pytest.raises(OutputLostError):
            Outlet(full.fileno(), _Course()).write(memoryview(b"a plan"))
        heard: list[bool] = []
        course = _Course(carries_on=True, listeners=[lambda: heard.append(True)])
        assert (Outlet(full.fileno(), course).write(memoryview(b"a step")), heard) == (6, [])


def test_a_terminal_that_hung_up_is_dropped() -> None:
    master, slave = os.openpty()
    os.close(master)
    assert Outlet(slave, begun()).write(memoryview(b"a step")) == 6
    os.close(slave)


def test_a_reader_that_takes_nothing_holds_up_nobody_who_hurries(pipe: tuple[int, int]) -> None:
    course = _Course(carries_on=True, hurried=True)
    outlet = Outlet(pipe[1], course)
    for _ in range(40):  # more than any pipe holds
        outlet.write(memoryview(b"x" * 4096))
    os.read(pipe[0], 1 << 20)
    outlet.write(memoryview(b"and on"))
    told = os.read(pipe[0], 1 << 20)
    assert b"bytes are left out here" in told
    assert told.endswith(b"and on")


def test_a_slow_reader_loses_nothing(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    got = bytearray()

    def read() -> None:
        while part := os.read(pipe[0], 1000):
            got.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    given, outlet = b"0123456789" * 40_000, Outlet(pipe[1], begun())
    left = memoryview(given)
    while left:
        left = left[outlet.write(left) :]
    os.close(pipe[1])
    reader.join()
    assert bytes(got) == given


PROBE = """
import sys
from tideform import outlets
from tideform.cli.boundary import guarded, plug_closed_streams
plug_closed_streams(); outlets.guard()
"""


def probe(body: str, run: Callable[[list[str]], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    return run([sys.executable, "-c", f"{PROBE}\ndef body():\n    {body}\nsys.exit(guarded(body))"])


def test_a_full_disk_under_the_output_is_an_error_with_words() -> None:
    with Path("/dev/full").open("wb") as full:
        child = probe("print('a plan')", lambda words: subprocess.Popen(words, stdout=full, stderr=subprocess.PIPE))
        _, said = child.communicate()
    assert (child.returncode, said.startswith(b"error[TD092]: The output cannot be written")) == (1, True), said


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_nothing_that_prints_can_stop_what_has_begun(stream: str) -> None:
    body = (
        "import logging, warnings; outlets.carry_on(); [print('x' * 9000, file=sys.STREAM, flush=True) for _ in '123'];"
        " logging.getLogger('a').error('x'); warnings.warn('x'); return 7"
    ).replace("STREAM", stream)
    reading, writing = os.pipe()
    os.close(reading)
    child = probe(body, lambda words: subprocess.Popen(words, **{"stderr": subprocess.PIPE, stream: writing}))  # type: ignore[call-overload]
    os.close(writing)
    said = child.communicate()[1] or b""
    assert (child.returncode, b"Traceback" in said) == (7, False)


def test_a_letter_that_the_encoding_lacks_is_written_as_an_escape() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{PROBE}\nprint('caf\\u00e9 \\u2192')"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"caf\\xe9 \\u2192\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGXCPU])
def test_a_plain_command_unwinds_on_every_signal_that_asks_to_end(number: signal.Signals) -> None:
    body = f"import signal; signal.raise_signal({int(number)})"
    child = probe(body, lambda words: subprocess.Popen(words, stderr=subprocess.PIPE))
    assert (child.communicate()[1], child.returncode) == (b"Interrupted.\n", 130)


def test_a_hang_up_under_nohup_ends_nothing() -> None:
    body = "import signal; signal.raise_signal(signal.SIGHUP); return 5"

    def start(words: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(words, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))

    assert probe(body, start).wait() == 5


def test_a_reader_that_goes_is_noticed_without_a_word(pipe: tuple[int, int]) -> None:
    heard: list[bool] = []
    outlet = Outlet(pipe[1], _Course(carries_on=True, listeners=[lambda: heard.append(True)]))
    outlet.look()
    assert heard == []
    os.close(pipe[0])
    outlet.look()
    assert heard == [True]
