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
