"""Notices out of the instance metadata service."""

from __future__ import annotations

import pytest

from tests.unit.checkpoint.metadata import served
from tideform.checkpoint.notice import Metadata

ACTION = '{"action": "terminate", "time": "2026-11-21T18:00:00Z"}'


@pytest.mark.parametrize("place", ["spot/instance-action", "events/recommendations/rebalance"])
def test_a_notice_is_told_with_its_words(place: str) -> None:
    with served({place: ACTION}) as endpoint:
        assert Metadata(endpoint).notice() == f"{place}: {ACTION}"


def test_without_a_notice_there_is_nothing_to_tell() -> None:
    with served({}) as endpoint:
        assert Metadata(endpoint).notice() == ""


def test_where_nobody_answers_there_is_nothing_to_tell() -> None:
    with served({}) as endpoint:
        gone = endpoint
    assert Metadata(gone).notice() == ""


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, "http://169.254.169.254"),
        ({"AWS_EC2_METADATA_DISABLED": "true"}, ""),
        ({"AWS_EC2_METADATA_DISABLED": "true", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://n/"}, "http://n"),
    ],
)
def test_the_service_is_found_as_the_sdks_find_it(environ: dict[str, str], endpoint: str) -> None:
    assert Metadata.of(environ).endpoint == endpoint
