"""Numbers with their nouns, as every output of ours writes them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 resource``, ``2 resources``, ``0 resources``; for nouns that take an s."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
