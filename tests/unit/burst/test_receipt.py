"""Receipts ask the services, tell ours from others', and never take silence for an empty answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tideform.burst.inventory.areas import ENVIRONMENT, UNIT
from tideform.burst.inventory.compute import instances, volumes
from tideform.burst.inventory.logs import kept_log
from tideform.burst.reaper_zip import zipped
from tideform.burst.receipt import Receipt, _ask, capacity_receipt
from tideform.cloud import Cloud
from tideform.errors import CloudError, LeftoversError
from tideform.resources.awslambda import functions
from tideform.resources.cloudwatch import dashboards
from tideform.resources.ec2 import endpoints
from tideform.resources.iam import profiles
from tideform.resources.inventory import Area, Leftover, Place
from tideform.resources.kms import aliases, keys
from tideform.resources.logs import log_groups
from tideform.resources.s3 import buckets
from tideform.resources.scheduler import schedules
from tideform.spec.deployment import Deployment
from tideform.spec.project import Project
from tideform.unasked import Unasked

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
OURS = {"tideform:project": "demo", "tideform:environment": "dev"}


@pytest.fixture
def place(cloud: Cloud, deployment: Deployment) -> Place:
    return Place(cloud, deployment)


def launch(cloud: Cloud, tags: dict[str, str]) -> str:
    image = cloud.client("ec2").describe_images()["Images"][0]["ImageId"]
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    specs = [{"ResourceType": kind, "Tags": pairs} for kind in ("instance", "volume")]
    found = cloud.client("ec2").run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="c5.large", TagSpecifications=specs
    )
    return str(found["Instances"][0]["InstanceId"])


def test_an_instance_of_ours_is_a_leftover_with_its_price(place: Place) -> None:
    made = launch(place.cloud, OURS)
    assert [(found.id, found.hourly_usd) for found in instances(place)] == [(made, 0.085)]


def test_a_terminated_instance_is_none(place: Place) -> None:
    place.cloud.client("ec2").terminate_instances(InstanceIds=[launch(place.cloud, OURS)])
    assert list(instances(place)) == []


@pytest.mark.parametrize("change", [{"tideform:project": "other"}, {"tideform:environment": "prod"}])
def test_what_has_our_name_and_others_tags_is_listed_as_not_ours(place: Place, change: dict[str, str]) -> None:
    launch(place.cloud, {**OURS, **change, "Name": "demo-dev-fit"})
    assert [found.ours for found in instances(place)] == [False]


@pytest.mark.parametrize(("project", "environment"), [("demo", "dev-eu"), ("demo-dev", "eu")])
def test_what_has_anothers_name_and_tags_is_none(place: Place, project: str, environment: str) -> None:
    tags = {"tideform:project": project, "tideform:environment": environment}
    launch(place.cloud, {**tags, "Name": "demo-dev-eu-fit"})
    assert list(instances(place)) == []


def test_a_disk_that_outlived_its_instance_is_a_leftover(place: Place) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in OURS.items()]
    place.cloud.client("ec2").create_volume(
        AvailabilityZone="us-east-1a",
        Size=8,
        TagSpecifications=[{"ResourceType": "volume", "Tags": pairs}],
    )
    assert [found.kind for found in volumes(place)] == ["volume"]


def test_a_pools_receipt_leaves_other_pools_alone(cloud: Cloud, deployment: Deployment) -> None:
    launch(cloud, {**OURS, "tideform:unit": "other"})
    made = launch(cloud, {**OURS, "tideform:unit": "fit"})
    assert [found.id for found in instances(Place(cloud, deployment, "fit"))] == [made]


def bucket(place: Place, name: str, tags: dict[str, str]) -> None:
    place.cloud.client("s3").create_bucket(Bucket=name)
    if tags:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        place.cloud.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})


@pytest.mark.parametrize(
    ("name", "tags", "ours"),
    [
        ("demo-dev-data", OURS, [True]),
        ("demo-dev-data", {}, [False]),
        ("demo-prod-data", {}, []),
        ("demo-device", {}, []),
        ("demo-dev-eu-data", {**OURS, "tideform:environment": "dev-eu"}, []),
    ],
)
def test_a_bucket_is_ours_by_its_tags(place: Place, name: str, tags: dict[str, str], ours: list[bool]) -> None:
    bucket(place, name, tags)
    assert [found.ours for found in buckets(place)] == ours


def test_a_namesake_leaves_the_receipt_empty(place: Place) -> None:
    bucket(place, "demo-dev-data", {})
    receipt = _ask("demo-dev", place, [Area("buckets", buckets)])
    assert (receipt.empty, [found.id for found in receipt.foreign]) == (True, ["demo-dev-data"])


@pytest.mark.parametrize(("name", "ours"), [("/tideform/demo-dev/x", [True]), ("/tideform/demo-device/x", [])])
def test_a_log_group_is_looked_for_in_its_folder(place: Place, name: str, ours: list[bool]) -> None:
    place.cloud.client("logs").create_log_group(logGroupName=name, tags=OURS)
    assert [found.ours for found in log_groups(place)] == ours


@pytest.mark.parametrize(("name", "ours"), [("/aws/lambda/demo-dev-x", [True]), ("/aws/lambda/demo-device", [])])
def test_the_log_of_a_function_is_called_as_the_function_is(place: Place, name: str, ours: list[bool]) -> None:
    place.cloud.client("logs").create_log_group(logGroupName=name, tags=OURS)
    assert [found.ours for found in log_groups(place)] == ours


def role(place: Place, name: str, tags: dict[str, str]) -> str:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = place.cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=pairs)
    return str(made["Role"]["Arn"])


@pytest.mark.parametrize(("tags", "ours"), [(OURS, True), ({}, False)])
def test_a_function_is_ours_by_its_tags(place: Place, tags: dict[str, str], ours: bool) -> None:
    place.cloud.client("lambda").create_function(
        FunctionName="demo-dev-reaper",
        Runtime="python3.13",
        Role=role(place, "demo-dev-reaper", OURS),
        Handler="a.b",
        Code={"ZipFile": zipped({"a.py": "b = print"})},
        Tags=tags,
    )
    assert [(found.id, found.ours) for found in functions(place)] == [("demo-dev-reaper", ours)]


@pytest.mark.parametrize(("tags", "ours"), [(OURS, [True]), ({}, [False]), (None, [False])])
def test_a_schedule_is_as_much_ours_as_its_role(place: Place, tags: dict[str, str] | None, ours: list[bool]) -> None:
    """A schedule takes no tags; one whose role is gone can call nothing."""
    arn = "arn:aws:iam::123456789012:role/demo-dev-gone" if tags is None else role(place, "demo-dev-calls", tags)
    place.cloud.client("scheduler").create_schedule(
        Name="demo-dev-reaper",
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:us-east-1:123456789012:function:demo-dev-reaper", "RoleArn": arn},
    )
    found = list(schedules(place))
    assert ([one.id for one in found], [one.ours for one in found]) == (["default/demo-dev-reaper"], ours)


def test_a_dashboard_is_ours_by_its_whole_name(place: Place) -> None:
    for name in ("demo-dev-overview", "demo-dev-overview-2"):
        place.cloud.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody="{}")
    assert [found.id for found in dashboards(place)] == ["demo-dev-overview"]


def test_an_alias_belongs_to_its_key(place: Place) -> None:
    kms = place.cloud.client("kms")
    tags = [{"TagKey": key, "TagValue": value} for key, value in OURS.items()]
    for name, key in (("demo-dev", kms.create_key(Tags=tags)), ("demo-dev-2", kms.create_key())):
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyMetadata"]["KeyId"])
    assert {(found.id, found.ours) for found in aliases(place)} == {
        ("alias/demo-dev", True),
        ("alias/demo-dev-2", False),
    }


@pytest.mark.parametrize(("tags", "ours"), [(OURS, True), ({}, False)])
def test_an_instance_profile_is_ours_by_its_tags(place: Place, tags: dict[str, str], ours: bool) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    place.cloud.client("iam").create_instance_profile(InstanceProfileName="demo-dev-fit-instance", Tags=pairs)
    assert [found.ours for found in profiles(place)] == [ours]


def test_a_renamed_pool_is_known_by_the_tags_it_was_made_with(cloud: Cloud, deployment: Deployment) -> None:
    moved = {"from": "training.fit", "to": "training.train"}
    spec = deployment.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    spec = {**spec, "training": {"train": spec["training"]["fit"]}, "moved": [moved]}
    renamed = replace(deployment, spec=Project.model_validate(spec))
    made = launch(cloud, {**OURS, "tideform:unit": "fit"})
    assert [found.id for found in instances(Place(cloud, renamed, "train"))] == [made]


def test_a_key_that_waits_for_its_deletion_is_kept_on_purpose(place: Place) -> None:
    kms = place.cloud.client("kms")
    tags = [{"TagKey": key, "TagValue": value} for key, value in OURS.items()]
    kms.schedule_key_deletion(KeyId=kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"])
    assert [found.kept for found in keys(place)] == [True]


def test_an_interface_endpoint_costs_for_each_zone(place: Place) -> None:
    ec2 = place.cloud.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    pairs = [{"Key": key, "Value": value} for key, value in OURS.items()]
    ec2.create_vpc_endpoint(
        VpcId=subnets[0]["VpcId"],
        ServiceName="com.amazonaws.us-east-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": pairs}],
    )
    assert [found.hourly_usd for found in endpoints(place)] == [0.02]


def refuses(_: Place) -> list[Leftover]:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListThings")


def test_a_service_that_refuses_is_told_and_not_taken_for_empty(place: Place) -> None:
    receipt = _ask("demo", place, [Area("things", refuses), Area("other", lambda _: [])])
    assert (receipt.empty, [gap.what for gap in receipt.unasked], receipt.asked) == (False, ["things"], 1)


def test_reservations_that_nobody_could_ask_for_are_told_and_spoil_nothing(
    cloud: Cloud, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = deployment.spec.training["fit"]
    reserved = pool.model_copy(
        update={"capacity": pool.capacity.model_copy(update={"blocks": ("cr-0123456789abcdef0",)})}
    )
    spec = deployment.spec.model_copy(update={"training": {"fit": reserved}})

    def refused(*_: object) -> None:
        raise CloudError.of("TD611", "AWS refused", detail="access denied", fix="Ask.")

    monkeypatch.setattr("tideform.burst.receipt.idle_reservations", refused)
    receipt = capacity_receipt(cloud, replace(deployment, spec=spec), "fit")
    assert (receipt.empty, receipt.idle_unasked) == (True, (Unasked("idle reservations", "access denied"),))


def test_what_is_kept_does_not_spoil_a_receipt() -> None:
    assert Receipt("demo", kept=(Leftover("kms", "key", "k", kept=True),), asked=1).empty


@pytest.mark.parametrize(
    "receipt",
    [Receipt("demo", leftovers=(Leftover("s3", "bucket", "b"),)), Receipt("demo", unasked=(Unasked("x", "no"),))],
)
def test_a_receipt_that_is_not_empty_is_an_error(receipt: Receipt) -> None:
    with pytest.raises(LeftoversError):
        receipt.require_empty()


@pytest.mark.parametrize("area", ENVIRONMENT, ids=lambda area: area.what)
def test_every_question_is_one_that_the_service_takes(area: Area, place: Place) -> None:
    """Names of operations and their answers' keys, checked against the services' own description."""
    asked: list[tuple[str, str, str]] = []

    class Recorder(Place):
        def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Any:
            asked.append((service, operation, key))
            return iter(())

    list(area.find(Recorder(place.cloud, place.deployment)))
    for service, operation, key in asked:
        client = place.cloud.client(service)
        api = client.meta.method_to_api_mapping[operation]
        assert client.can_paginate(operation)
        assert key in client.meta.service_model.operation_model(api).output_shape.members


@pytest.mark.parametrize(("printed", "kept"), [(True, ["/tideform/demo-dev/bursts/fit"]), (False, [])])
def test_the_log_of_a_removed_pool_stays_on_purpose_if_anything_is_in_it(
    place: Place, printed: bool, kept: list[str]
) -> None:
    removing = place.deployment.spec.training["fit"].model_copy(update={"between_bursts": "remove"})
    spec = place.deployment.spec.model_copy(update={"training": {"fit": removing}})
    logs, group = place.cloud.client("logs"), "/tideform/demo-dev/bursts/fit"
    logs.create_log_group(logGroupName=group)
    if printed:
        logs.create_log_stream(logGroupName=group, logStreamName="one")
    found = kept_log(replace(place, deployment=replace(place.deployment, spec=spec)), "fit")
    assert [(one.id, one.kept) for one in found] == [(name, True) for name in kept]


def test_the_log_that_stays_is_nothing_left_of_its_pool_but_of_its_environment(
    cloud: Cloud, deployment: Deployment
) -> None:
    tags = {**OURS, "tideform:unit": "fit"}
    cloud.client("logs").create_log_group(logGroupName="/tideform/demo-dev/bursts/fit", tags=tags)
    of = {unit: list(_log_groups(areas, Place(cloud, deployment, unit))) for unit, areas in ASKED.items()}
    assert {unit: [one.kept for one in found] for unit, found in of.items()} == {"fit": [True], None: [False]}


ASKED = {"fit": UNIT, None: ENVIRONMENT}


def _log_groups(areas: tuple[Area, ...], place: Place) -> Iterable[Leftover]:
    (area,) = (area for area in areas if area.what == "CloudWatch log groups")
    return area.find(place)
