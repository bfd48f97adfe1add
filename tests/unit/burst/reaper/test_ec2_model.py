"""The reaper's own model of EC2, held against botocore's and against answers of the sandbox."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from botocore.loaders import Loader

from tideform.cloud import Cloud
from tideform.reaper import aws, instances, members, prices, reserved, unheld
from tideform.reaper.base import Clients, Node
from tideform.reaper.claims import Claim
from tideform.reaper.ec2_model import MODEL
from tideform.reaper.instances import running
from tideform.reaper.prices import SpotPrices
from tideform.reaper.settings import Boto


@cache
def botocores() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("ec2", "service-2")
    return found


def said(model: dict[str, Any], name: str) -> dict[str, Any]:
    """A shape without words: its type, and what each of its members is on the wire."""
    shape = model["shapes"][name]
    if shape["type"] == "list":
        return {"list of": on_the_wire(model, "", shape["member"])}
    members = shape.get("members", {}).items()
    return {key: on_the_wire(model, key, each) for key, each in members} if members else {"type": shape["type"]}


def on_the_wire(model: dict[str, Any], key: str, member: dict[str, Any]) -> tuple[str, str, str]:
    shape = model["shapes"][member["shape"]]
    named = member["shape"] if shape["type"] in {"structure", "list"} else ""
    return shape["type"], named, member.get("locationName", key)


@pytest.mark.parametrize("name", MODEL["shapes"])
def test_a_shape_is_a_part_of_botocores(name: str) -> None:
    assert said(MODEL, name).items() <= said(botocores(), name).items()


@pytest.mark.parametrize("name", MODEL["operations"])
def test_an_operation_is_a_part_of_botocores(name: str) -> None:
    assert MODEL["operations"][name].items() <= botocores()["operations"][name].items()


def test_the_service_is_told_as_botocore_tells_it() -> None:
    assert MODEL["metadata"].items() <= botocores()["metadata"].items()


def test_every_shape_is_reached_from_an_operation() -> None:
    reached: set[str] = set()
    ends = [each.get(end) for each in MODEL["operations"].values() for end in ("input", "output")]
    open_ones = [end["shape"] for end in ends if end]
    while open_ones:
        shape = open_ones.pop()
        reached.add(shape)
        told = MODEL["shapes"][shape]
        inner = [*told.get("members", {}).values(), *([told["member"]] if "member" in told else [])]
        open_ones += [each["shape"] for each in inner if each["shape"] not in reached]
    assert reached == set(MODEL["shapes"])


def asked(reader: ModuleType | Callable[..., Any]) -> set[str]:
    """The names that a piece of code looks up in answers: ``found["State"]``, ``found.get("Tags")``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(reader))):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                found.add(name)
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
                found.add(name)
    return {name for name in found if name[:1].isupper()}


@pytest.mark.parametrize(
    "reader",
    [instances, members, prices, reserved._reservation],
    ids=lambda reader: str(reader.__name__),
)
def test_whatever_a_reader_of_ec2s_answers_asks_for_is_read(reader: ModuleType | Callable[..., Any]) -> None:
    told = {name for shape in MODEL["shapes"].values() for name in shape.get("members", {})}
    errors = {"Error", "Code"}  # which botocore reads without a model
    assert asked(reader) - errors <= told


def test_other_services_are_as_botocore_has_them() -> None:
    assert aws.ShortLoader().load_service_model("sts", "service-2") == Loader().load_service_model("sts", "service-2")


@pytest.fixture
def boto(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boto]:
    for name, value in cloud.environ().items():
        monkeypatch.setenv(name, value)
    aws.session.cache_clear()
    yield Boto()
    aws.session.cache_clear()


READ: dict[str, Callable[[Clients, list[str], str], Any]] = {
    "machines": lambda clients, _ids, _held: instances.tagged(clients, {"tideform:project": "model"}),
    "addresses": lambda clients, ids, _held: running(clients, ids),
    "what machines say of themselves": lambda clients, _ids, _held: [
        (node.id, dict(node.tags))
        for node in unheld.look(clients, "model", "dev", [], lambda _, work: work())["fit"].machines
    ],
    "reservations": lambda clients, _ids, held: reserved.look(clients, [held], {"c5.large": 0.085}),
    "prices": lambda clients, _ids, _held: SpotPrices(clients).of([Node("i-1", "c5.large", "running", True, 0.0)]),
}


@pytest.fixture(scope="module")
def standing(cloud: Cloud) -> tuple[list[str], str]:
    ec2 = cloud.client("ec2")
    held = ec2.create_capacity_reservation(
        InstanceType="c5.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=3
    )["CapacityReservation"]["CapacityReservationId"]
    tags = {"tideform:project": "model", "tideform:environment": "dev", "tideform:unit": "fit"}
    tags["tideform:expires"] = "2026-11-22T00:00:00+00:00"
    told = [{"Key": key, "Value": value} for key, value in tags.items()]
    asked = {"ImageId": "ami-12c6146b", "InstanceType": "c5.large"}
    made = [
        ec2.run_instances(
            **asked,
            MinCount=2,
            MaxCount=2,
            InstanceMarketOptions={"MarketType": market} if market else {},
            TagSpecifications=[{"ResourceType": "instance", "Tags": told}],
        )["Instances"]
        for market in ("", "spot")
    ]
    return [one["InstanceId"] for each in made for one in each], held


@pytest.mark.parametrize("what", READ)
def test_what_the_reaper_reads_is_what_the_whole_model_tells(
    cloud: Cloud, boto: Boto, standing: tuple[list[str], str], what: str
) -> None:
    with_ours, with_botocores = (READ[what](clients, *standing) for clients in (boto, cloud))
    assert with_ours == with_botocores
    assert with_ours


def test_a_machine_tells_the_reaper_how_many_cpus_it_has(boto: Boto, standing: tuple[list[str], str]) -> None:
    assert {node.cpus for node in instances.tagged(boto, {"tideform:project": "model"})} == {2}  # of a c5.large


def test_machines_are_told_their_lease_and_ended(cloud: Cloud, boto: Boto, standing: tuple[list[str], str]) -> None:
    ids = standing[0][:1]
    instances.tell_lease(boto, ids, Claim("lease-1", 1, 1_800_000_000))
    found = instances.tagged(boto, {"tideform:lease": "lease-1"})
    assert [node.id for node in found] == ids
    instances.end(boto, found)
    assert not instances.standing(instances.tagged(cloud, {"tideform:lease": "lease-1"}))
