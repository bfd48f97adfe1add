"""'Did you mean': the nearest of the words that would have been right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# A slip of the finger changes a letter or two; what is less alike than this is another word, and to name it misleads.
_ALIKE = 0.65
_FURTHER = 3  # letters more or fewer


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that is most like the given one, if any is like it; swapped letters count as very like."""
    choices = {choice.casefold(): choice for choice in known}
    given = str(word).casefold()[:100]
    swapped = [choice for choice in choices if sorted(choice) == sorted(given)]
    alike = [choice for choice in swapped or choices if abs(len(choice) - len(given)) < _FURTHER]
    found = get_close_matches(given, alike, n=1, cutoff=_ALIKE)
    return choices[found[0]] if found else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """``Did you mean 'storage'?``, or nothing."""
    match = nearest(word, known)
    return f"Did you mean {match!r}?" if match else ""


def one_of(known: Iterable[str]) -> str:
    """The words that would be right, in a sentence: ``one of a, b and c``."""
    words = sorted(known)
    if len(words) < 2:
        return f"only {words[0]}" if words else "none"
    return f"one of {', '.join(words[:-1])} and {words[-1]}"
