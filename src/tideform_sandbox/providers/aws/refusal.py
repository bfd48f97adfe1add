"""What the provider says when it will not, or AWS would not: one line, never a traceback."""

from __future__ import annotations

from typing import Final

# What our own codes among the refusals mean; the message after the code says what it is about.
SUMMARIES: Final = {
    "TD502": "The sandbox is another account than the one that is allowed",
    "TD503": "The sandbox does not emulate this",
    "TD504": "What was made is not to be found",
    "TD505": "The sandbox's provider was given no sandbox",
    "TD506": "The sandbox's provider failed",
    "TD661": "An object does not fit the schema of its kind",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, and the engine words it as one
    """A code (AWS's own, or one of `SUMMARIES`) and one line that says what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = " ".join(message.split())
        super().__init__(f"{code}: {self.message}")

    @property
    def means_gone(self) -> bool:
        """Whether AWS says that the thing does not exist."""
        if self.code in ("ValidationException", "ClientException"):  # SageMaker and Batch say it in words only
            return self.message.startswith("Could not find") or "does not exist" in self.message
        code = self.code.lower()
        marks = ("notfound", "nosuch", "notexist", "nonexistent", "not_found")
        return any(mark in code for mark in marks) or code == "404"


def crashed(error: Exception) -> Refusal:
    """What is said where the provider itself made a mistake."""
    return Refusal("TD506", f"the sandbox's provider failed: {type(error).__name__}: {error}")
