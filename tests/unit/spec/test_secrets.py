"""Secrets never stand in a spec; what only sounds like one may."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.diagnostics import Diagnostic
from tideform.errors import SpecError
from tideform.spec.load import load_source
from tideform.spec.source import decode

SPEC = """\
version: 1
project: p
owner: me
region: us-east-1
training:
  t:
    instance_types: [c5.large]
    job: {image: i, command: [x], %s}
"""


def found(part: str) -> tuple[Diagnostic, ...]:
    try:
        return load_source(decode((SPEC % part).encode(), "x"), Path("x")).diagnostics
    except SpecError as error:
        return error.diagnostics


@pytest.mark.parametrize(
    "variable",
    ["PGPASSWORD: hunter2", "API_KEY: hunter2", "WANDB_API_KEY: hunter2", "HF_TOKEN: hunter2", "db_secret: hunter2"],
)
def test_a_variable_named_like_a_secret_holds_none(variable: str) -> None:
    (one,) = found(f"environment: {{{variable}}}")
    assert (one.code, "secret:ID" in one.fix) == ("TD150", True)


@pytest.mark.parametrize(
    "variable",
    [
        "TOKENIZERS_PARALLELISM: 'false'",
        "MAX_TOKENS: '512'",
        "DB_PASSWORD_FILE: /run/db",
        "USE_TOKEN: 'true'",
        "API_KEY: ''",
        "MONKEY: banana",
    ],
)
def test_what_only_sounds_like_a_secret_is_none(variable: str) -> None:
    assert found(f"environment: {{{variable}}}") == ()


@pytest.mark.parametrize("part", ["secrets: {DB: hunter2}", "environment: {DB_PASSWORD: secret:db}"])
def test_references_and_values_have_their_own_places(part: str) -> None:
    assert [one.code for one in found(part)] == ["TD151"]


@pytest.mark.parametrize("reference", ["secret:db", "secret:prod/db-1", "secret:a.b_c@d"])
def test_a_reference_is_fine(reference: str) -> None:
    assert found(f"secrets: {{DB: {reference}}}") == ()


def test_no_line_that_is_quoted_shows_the_secret() -> None:
    diagnostics = found("environment: {DB_PASSWORD: hunter2, N: 3}")
    assert len(diagnostics) == 2
    assert not any("hunter2" in str(one) or "hunter2" in one.location.text for one in diagnostics if one.location)


@pytest.mark.parametrize(
    "variable",
    ["EOS_TOKEN: '</s>'", "PAD_TOKEN: '[PAD]'", "MY_TOKEN: '<|end_of_text|>'", "STOP_TOKEN: '###'", "eos_token: end"],
)
def test_a_token_of_a_tokenizer_is_no_secret(variable: str) -> None:
    assert found(f"environment: {{{variable}}}") == ()


@pytest.mark.parametrize("variable", ["DB_PASSWORD: hunter2", "URL: 'postgres://me:hunter2@db/x'"])
def test_what_is_no_secret_is_allowed_by_the_fingerprint_that_the_error_gives(variable: str) -> None:
    (one,) = found(f"environment: {{{variable}}}")
    fingerprint = one.fix.rpartition("[")[2]
    spec = SPEC % f"environment: {{{variable}}}" + f"not_secrets: [{fingerprint}\n"
    assert load_source(decode(spec.encode(), "x"), Path("x")).diagnostics == ()
    with pytest.raises(SpecError):
        load_source(decode(spec.replace("hunter2", "hunter3").encode(), "x"), Path("x"))
