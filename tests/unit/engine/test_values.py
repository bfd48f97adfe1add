"""Values as the engine writes them, and as the plan keeps them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from tideform.model.planned import SECRET, UNKNOWN
from tideform.state.values import UNKNOWN_SENTINEL, contains, from_engine

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"


def test_sentinels_become_unknown_wherever_they_stand() -> None:
    assert from_engine({"a": [UNKNOWN_SENTINEL]}) == {"a": [UNKNOWN]}


def test_a_secret_is_never_unwrapped() -> None:
    assert from_engine({"p": {_SIGNATURE: _SECRET, "value": "hunter2"}, "q": "[secret]"}) == {"p": SECRET, "q": SECRET}


def test_an_output_value_is_its_value_or_unknown() -> None:
    assert from_engine({"a": {_SIGNATURE: _OUTPUT, "value": 1}, "b": {_SIGNATURE: _OUTPUT}}) == {"a": 1, "b": UNKNOWN}


def test_whole_numbers_are_integers_again() -> None:
    assert repr(from_engine([3.0, 0.5])) == "[3, 0.5]"


def test_the_engines_own_notes_are_left_out() -> None:
    assert from_engine({"__defaults": [], "name": "x"}) == {"name": "x"}


def test_a_marker_is_found_at_any_depth() -> None:
    assert contains({"a": [{"b": UNKNOWN}]}, UNKNOWN)
    assert not contains({"a": [{"b": SECRET}]}, UNKNOWN)


def test_other_code_is_another_archive_also_where_the_engine_leaves_its_text_out() -> None:
    def archive(**asset: str) -> Any:
        return from_engine({_SIGNATURE: _ARCHIVE, "assets": {"main.py": asset}})

    digest = sha256(b"old").hexdigest()
    assert archive(hash=digest) == archive(hash=digest, text="old") == archive(text="old")
    assert archive(hash=digest) != archive(hash=sha256(b"new").hexdigest())
