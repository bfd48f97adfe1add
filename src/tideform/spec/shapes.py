"""Values with a shape of their own: address ranges, mailboxes, regions, dates of waivers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Path
from tideform.spec.regions import KNOWN, zone_letters
from tideform.spec.subject import Subject
from tideform.spec.suggest import did_you_mean

_EMAIL = re.compile(r"[^@\s,;<>]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?")
_HTTPS = re.compile(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?")


def shapes(subject: Subject) -> Iterator[Diagnostic]:
    """All of them."""
    yield from _network(subject)
    yield from _receivers(subject)
    yield from _region(subject)
    yield from _waivers(subject)


def _network(subject: Subject) -> Iterator[Diagnostic]:
    network = subject.spec.network
    if network.existing:
        yield from _subnets(subject, network.subnets)
        for key in ("cidr", "zones"):
            if subject.given(("network", key)):
                detail = f"An existing network has its {key} already."
                yield subject.problem("TD140", ("network", key), detail, fix="Remove one of the two.", key=True)
    elif network.subnets:
        detail = "subnets are those of an existing network, and none is named."
        yield subject.problem("TD140", ("network", "subnets"), detail, fix="Add existing: vpc-….", key=True)
    else:
        if reason := _what_is_wrong_with(network.cidr):
            yield subject.problem("TD143", ("network", "cidr"), reason, fix="Use one such as 10.42.0.0/16.")
        yield from _zones(subject, network.zones)


def _subnets(subject: Subject, subnets: tuple[str, ...]) -> Iterator[Diagnostic]:
    if not subnets:
        detail = "Machines and endpoints start in the subnets that are named here, and none is."
        fix = "Name at least one subnet of the existing VPC: subnets: [subnet-…]."
        yield subject.problem("TD143", ("network", "subnets"), detail, fix=fix, key=True)
    elif len(set(subnets)) < len(subnets):
        yield subject.problem(
            "TD143", ("network", "subnets"), "A subnet is named twice.", fix="Name it once.", key=True
        )


def _zones(subject: Subject, zones: int | tuple[str, ...]) -> Iterator[Diagnostic]:
    known = zone_letters(subject.deployment.region)
    if isinstance(zones, int):
        if zones > len(known):
            where = subject.deployment.region
            detail = f"{zones} zones are wanted, and most accounts have {', '.join(known)} in {where}."
            fix = "Ask for fewer, or name those that your account has by their letters, such as zones: [a, c]."
            yield subject.problem("TD143", ("network", "zones"), detail, fix=fix)
    elif len(set(zones)) < len(zones):
        detail = "A zone is named twice, and a network has one subnet in each."
        yield subject.problem("TD143", ("network", "zones"), detail, fix="Name it once.", key=True)


def _what_is_wrong_with(cidr: str) -> str:
    try:
        block = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        return f"{cidr[:60]!r} is no range of IPv4 addresses: {error}."
    if not block.is_private:
        return f"{cidr} belongs to the internet; a private network takes 10/8, 172.16/12 or 192.168/16."
    if not 16 <= block.prefixlen <= 24:
        return f"/{block.prefixlen} is out of bounds: /16 is the largest AWS takes, and less than /24 is too small."
    return ""


def _receivers(subject: Subject) -> Iterator[Diagnostic]:
    rules = {
        "email": (_EMAIL, "a mailbox, such as ml@example.com"),
        "sqs": (_QUEUE, "a queue's ARN, such as arn:aws:sqs:us-east-1:123456789012:alerts"),
        "https": (_HTTPS, "an https URL, such as https://example.com/hook"),
    }
    for index, receiver in enumerate(subject.spec.monitoring.notify):
        path: Path = ("monitoring", "notify", index)
        given = {key: value for key in rules if (value := getattr(receiver, key)) is not None}
        if len(given) != 1:
            detail = f"One of email, sqs and https is needed here; there are {len(given)}."
            yield subject.problem("TD144", path, detail, fix="Make each receiver an item of its own.")
        for key, value in given.items():
            pattern, what = rules[key]
            if not pattern.fullmatch(value):
                detail = f"{value[:80]!r} is not {what.partition(',')[0]}."
                yield subject.problem("TD144", (*path, key), detail, fix=f"Write {what}.")


def _region(subject: Subject) -> Iterator[Diagnostic]:
    region = subject.deployment.region
    if region not in KNOWN:
        detail = f"{region!r} is no region that this version knows; AWS may have opened it since."
        found = subject.problem("TD170", ("region",), detail, fix=did_you_mean(region, KNOWN) or "Look at its name.")
        yield subject.as_warning(found)


def _waivers(subject: Subject) -> Iterator[Diagnostic]:
    today = datetime.now(tz=UTC).date()
    for index, waiver in enumerate(subject.spec.compliance.waivers):
        if waiver.expires < today:
            detail = f"{waiver.control} was waived until {waiver.expires}; the risk is nobody's since."
            fix = "Repair what the control finds, or have the waiver signed again."
            yield subject.problem("TD160", ("compliance", "waivers", index, "expires"), detail, fix=fix)
