"""Secrets are known by what they look like; what a program or a notebook is full of is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform.spec.detected import detected

KEY = "-----BEGIN {} PRIVATE KEY-----\nMIIE{}\n-----END {} PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "text",
    [
        KEY.format("RSA", "owIBAAKCAQ", "RSA"),
        KEY.format("OPENSSH", "b3BlbnNzaC1", "OPENSSH"),
        '{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQ"}',
        "aws = AKIA" + "ABCDEFGHIJKLMNOP",
        "aws_secret_access_key = '" + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY" + "'",
        "token: ghp_" + "a1B2c3D4e5F6" * 3,
        "github_pat_" + "11ABCDEFG0" * 4,
        "hf_" + "abcdefghij" * 3,
        "sk-ant-api03-" + "abc123" * 6,
        "AIza" + "SyD1234567890abcdefghijklmnopqrstuv",
        "postgres://me:s3cr3t-words@db.example.com/x",
        "wandb_key = '" + "0123456789abcdef" * 2 + "01234567'",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "glpat-" + "abcdefghij1234567890",
        "SK = 'sk_live_" + "abcdefghijklmnopqrstuvwx'",
    ],
)
def test_a_secret_is_found(text: str) -> None:
    assert list(detected(f"# settings\n{text}\n")) != []


@pytest.mark.parametrize(
    "text",
    [
        'if "-----BEGIN PRIVATE KEY-----" in text:',
        "url = f'https://{user}:{password}@{host}/'",
        "git+ssh://git@github.com/acme/lib.git",
        "postgres://USER:PASSWORD@localhost/db",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer@sha256:" + "0" * 64,
        "sk-learn-like-names-are-no-keys-at-all",
    ],
)
def test_what_programs_are_full_of_is_none(text: str) -> None:
    assert list(detected(text)) == []


def test_two_keys_have_two_fingerprints() -> None:
    found = [one.fingerprint for body in ("AAAA", "BBBB") for one in detected(KEY.format("EC", body, "EC"))]
    assert len(set(found)) == 2


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_secret_is_found_at_its_place_in_whatever_text(before: str, after: str) -> None:
    text = f"{before}\ntoken: ghp_{'a1B2c3D4e5F6' * 3}\n{after}"
    found = list(detected(text))
    assert found and all(text[one.start :].startswith(one.value) for one in found)
