"""'Did you mean'."""

from __future__ import annotations

import pytest

from tideform.spec.suggest import did_you_mean, nearest, one_of


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("storge", ["storage", "serving"], "storage"),
        ("us-esat-1", ["us-west-1", "us-east-1"], "us-east-1"),
        ("a10g", ["A10G", "A100"], "A10G"),
        ("zzz", ["storage"], None),
        (None, ["none"], "none"),
        (3, ["storage"], None),
        ("x" * 10_000, ["x"], None),
    ],
)
def test_the_nearest_word_is_found(word: object, known: list[str], found: str | None) -> None:
    assert nearest(word, known) == found


def test_a_suggestion_is_a_question() -> None:
    assert did_you_mean("storge", ["storage"]) == "Did you mean 'storage'?"


@pytest.mark.parametrize(
    ("known", "text"),
    [([], "none"), (["a"], "only a"), (["b", "a"], "one of a and b"), (list("cab"), "one of a, b and c")],
)
def test_words_are_listed_in_a_sentence(known: list[str], text: str) -> None:
    assert one_of(known) == text
