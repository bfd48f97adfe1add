"""Secrets of well-known services in a text, found by the patterns of Yelp's detect-secrets and some of our own.

Its detectors of entropy and of words such as 'password' are left out: in code and notebooks they find too much that is
none. https://github.com/Yelp/detect-secrets
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

FINGERPRINT_PATTERN = r"^[0-9a-f]{16}$"
# What none of the patterns below can do without; the detectors take a quarter of a second to load.
_MAY_HOLD = re.compile(r"[A-Za-z0-9_\-./+=]{16}|://[^\s/]*@|PRIVATE KEY")
_OWN = {
    "a token of Hugging Face": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "a fine-grained token of GitHub": re.compile(r"\bgithub_pat_[A-Za-z0-9_]{30,}"),
    "a key of OpenAI or Anthropic": re.compile(r"\bsk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}"),
    "a token of Slack": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a key of Google": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a key of Weights & Biases": re.compile(r"(?i)wandb.{0,20}key['\"]?\s*[:=]\s*['\"]?([0-9a-f]{40})\b"),
    "a password in an address": re.compile(r"\w://[^/\s:@]+:([^/\s:@]+)@"),
    # With what follows: two keys must not have one fingerprint. A header alone, as in a parser's code, is no key.
    "a private key": re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[rn]|\Z)(?:(?!-----END).){0,8000}", re.DOTALL
    ),
}
_PLACEHOLDER = re.compile(r"\{.*\}|<.*>|\$.*|\*+|x+|(?i:your|my|the)?[-_]?(?i:password|passwd|pass|token|secret)")


@dataclass(frozen=True)
class Detected:
    """One secret: what it is, where it starts in the text, and what it says."""

    kind: str
    start: int
    value: str

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that stand for this value, and tell nobody what it is."""
        return hashlib.sha256(f"tideform/{self.value}".encode(errors="replace")).hexdigest()[:16]


def detected(text: str) -> Iterator[Detected]:
    """The secrets in a text; one that two patterns know is told once."""
    if not _MAY_HOLD.search(text):
        return
    seen: list[tuple[int, int]] = []
    for kind, pattern in _patterns():
        for match in pattern.finditer(text):
            group = 1 if match.re.groups and match[1] else 0
            start, end = match.span(group)
            if not _PLACEHOLDER.fullmatch(match[group]) and not any(a < end and start < b for a, b in seen):
                seen.append((start, end))
                yield Detected(kind, start, match[group])


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Our own first: those of a private key take the whole of it."""
    theirs = ((one.secret_type, pattern) for one in _detectors() for pattern in one.denylist)
    return (*_OWN.items(), *theirs)


def _detectors() -> Iterator[RegexBasedDetector]:
    from detect_secrets.plugins import (
        aws,
        azure_storage_key,
        discord,
        github_token,
        gitlab_token,
        jwt,
        npm,
        openai,
        pypi_token,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        telegram_token,
    )

    yield aws.AWSKeyDetector()
    yield azure_storage_key.AzureStorageKeyDetector()
    yield discord.DiscordBotTokenDetector()
    yield github_token.GitHubTokenDetector()
    yield gitlab_token.GitLabTokenDetector()
    yield jwt.JwtTokenDetector()
    yield npm.NpmDetector()
    yield openai.OpenAIDetector()
    yield pypi_token.PypiTokenDetector()
    yield sendgrid.SendGridDetector()
    yield slack.SlackDetector()
    yield square_oauth.SquareOAuthDetector()
    yield stripe.StripeDetector()
    yield telegram_token.TelegramBotTokenDetector()
