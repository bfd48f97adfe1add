"""Threads of the sandbox parse Python source one after the other."""

from __future__ import annotations

import ast
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tideform_sandbox import one_parse


def test_no_two_threads_parse_at_once() -> None:
    inside, most = 0, 0
    counting = threading.Lock()

    def parse(_: str) -> None:
        nonlocal inside, most
        with counting:
            inside += 1
            most = max(most, inside)
        time.sleep(0.01)  # long enough for the others to come in, if they could
        with counting:
            inside -= 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one_parse.one_at_a_time(parse), ["x"] * 8))
    assert most == 1


def test_what_werkzeug_and_jinja_call_is_under_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ast, "parse", ast.parse)  # put back at the end
    one_parse.install()
    once = ast.parse
    one_parse.install()
    assert ast.parse is once
    assert ast.literal_eval("[1, 2]") == [1, 2]
