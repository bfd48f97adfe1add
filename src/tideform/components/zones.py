"""Which availability zones a region has, so that a plan need not ask AWS.

Zone letters are per account but stable: an account never loses one. The table holds the regions whose zones are not
``a``, ``b`` and ``c``. Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
"""

from __future__ import annotations

from ipaddress import IPv4Network

_LETTERS = {
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "cn-north-1": "ab",
    "us-east-1": "abcdf",  # not e: it offers few of the instance types that pools want
    "us-west-1": "ab",
    "us-west-2": "abcd",
}


def zone_names(region: str, count: int) -> list[str]:
    """The first ``count`` zones of ``region``; fewer where the region has fewer."""
    return [f"{region}{letter}" for letter in _LETTERS.get(region, "abc")[:count]]


def subnet_blocks(cidr: str, count: int) -> list[str]:
    """``count`` equal blocks of ``cidr``, as large as fit. Raises `ValueError` where ``cidr`` is no network."""
    network = IPv4Network(cidr)
    blocks = network.subnets(prefixlen_diff=max(count - 1, 1).bit_length())
    return [str(next(blocks)) for _ in range(count)]
