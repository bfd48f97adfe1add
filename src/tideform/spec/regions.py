"""The AWS regions that we know. An unknown one is only a warning: AWS opens new ones.

Source: AWS documentation, 'Regions and Availability Zones', 2026.
"""

from __future__ import annotations

KNOWN = frozenset(
    f"{area}-{number}"
    for area, numbers in {
        "af-south": "1",
        "ap-east": "12",
        "ap-northeast": "123",
        "ap-south": "12",
        "ap-southeast": "1234567",
        "ca-central": "1",
        "ca-west": "1",
        "eu-central": "12",
        "eu-north": "1",
        "eu-south": "12",
        "eu-west": "123",
        "il-central": "1",
        "me-central": "1",
        "me-south": "1",
        "mx-central": "1",
        "sa-east": "1",
        "us-east": "12",
        "us-west": "12",
        "us-gov-east": "1",
        "us-gov-west": "1",
        "cn-north": "1",
        "cn-northwest": "1",
    }.items()
    for number in numbers
)

# The zones of most accounts where they are not a, b and c.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
_LETTERS = {
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "cn-north-1": "ab",
    "us-east-1": "abcdf",  # not e: it offers few of the instance types that pools want
    "us-west-1": "ab",
    "us-west-2": "abcd",
}


def zone_letters(region: str) -> str:
    """The letters that most accounts have in a region."""
    return _LETTERS.get(region, "abc")


def partition(region: str) -> str:
    """``aws``, or the partition of China or GovCloud."""
    known = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for start, name in known.items() if region.startswith(start)), "aws")
