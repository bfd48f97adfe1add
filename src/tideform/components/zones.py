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
    """``count`` blocks of ``cidr``, an eighth each whatever the count: one zone more must not move the others.

    A subnet in use cannot go, and no other can take its addresses. Raises `ValueError` where ``cidr`` is no network.
    """
    blocks = IPv4Network(cidr).subnets(prefixlen_diff=3)
    return [str(next(blocks)) for _ in range(count)]
