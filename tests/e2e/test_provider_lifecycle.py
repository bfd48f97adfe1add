"""The sandbox's provider under the real engine: what it creates, notices, replaces and refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from tests.e2e.pulumi_stack import BareStack, trust
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    yield Cloud("us-east-1", "123456789012", client.ensure(workspace).credentials)
    client.stop(workspace)


@pytest.fixture
def stack(cloud: Cloud, tmp_path: Path) -> Iterator[BareStack]:
    assert cloud.credentials is not None
    bare = BareStack(tmp_path, cloud.credentials)
    yield bare
    bare.destroy()


def options() -> pulumi.ResourceOptions:
    provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"])
    return pulumi.ResourceOptions(provider=provider)


def network_and_role(cidr: str = "10.0.0.0/24") -> Callable[[], None]:
    """A program with values that one resource has from another."""

    def program() -> None:
        to = options()
        vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"owner": "ml"}, opts=to)
        aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block=cidr, opts=to)
        bucket = aws.s3.Bucket("data", bucket="e2e-data", opts=to)
        role = aws.iam.Role("role", name="e2e-role", assume_role_policy=trust(), opts=to)
        policy = bucket.arn.apply(lambda arn: trust().replace('"Principal"', f'"Resource": "{arn}", "Principal"'))
        aws.iam.RolePolicy("policy", name="data", role=role.name, policy=policy, opts=to)

    return program


def test_a_second_run_changes_nothing(stack: BareStack) -> None:
    assert stack.up(network_and_role()) == {"create": 7}
    assert stack.up(network_and_role()) == {"same": 7}


def test_a_change_outside_is_found_and_put_right(stack: BareStack, cloud: Cloud) -> None:
    stack.up(network_and_role())
    vpc = stack.resources()["vpc"]["id"]
    cloud.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "owner", "Value": "nobody"}])
    assert stack.refresh() == {"same": 6, "update": 1}
    assert stack.up(network_and_role()) == {"same": 6, "update": 1}
    found = cloud.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]
    assert found == [{"Key": "owner", "Value": "ml"}]


def test_a_deletion_outside_is_found_and_made_good(stack: BareStack, cloud: Cloud) -> None:
    stack.up(network_and_role())
    cloud.client("s3").delete_bucket(Bucket="e2e-data")
    assert stack.refresh() == {"same": 6, "delete": 1}
    assert stack.up(network_and_role())["create"] == 1


def test_what_cannot_change_is_replaced(stack: BareStack) -> None:
    stack.up(network_and_role())
    before = stack.resources()["subnet"]["id"]
    assert stack.up(network_and_role(cidr="10.0.9.0/24")) == {"same": 6, "replace": 1}
    assert stack.resources()["subnet"]["id"] != before


def test_a_taken_name_is_refused_in_one_line(stack: BareStack, cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="e2e-taken")
    said = stack.failure(lambda: pulumi.export("name", aws.s3.Bucket("b", bucket="e2e-taken", opts=options()).id))
    assert "BucketAlreadyOwnedByYou: a bucket named e2e-taken exists already" in said
    assert "Traceback" not in said


def test_a_type_that_is_not_emulated_is_named(stack: BareStack) -> None:
    said = stack.failure(lambda: pulumi.export("arn", aws.glue.CatalogDatabase("q", name="e2e", opts=options()).arn))
    assert "TD503: aws:glue/catalogDatabase:CatalogDatabase is not emulated by the sandbox" in said


def test_an_argument_that_is_not_known_is_refused(stack: BareStack) -> None:
    def program() -> None:
        website = aws.s3.BucketWebsiteArgs(index_document="index.html")
        aws.s3.Bucket("b", bucket="e2e-web", website=website, opts=options())

    assert "TD503: the sandbox does not know this argument of aws:s3/bucket:Bucket" in stack.failure(program)


def test_the_wrong_account_is_refused(stack: BareStack) -> None:
    def program() -> None:
        other = aws.Provider("other", region="us-east-1", allowed_account_ids=["999999999999"])
        aws.s3.Bucket("b", bucket="e2e-account", opts=pulumi.ResourceOptions(provider=other))

    assert "TD502: the sandbox is account 123456789012" in stack.failure(program)


def test_a_resource_made_half_stays_in_the_state_and_is_finished_later(stack: BareStack, cloud: Cloud) -> None:
    def program(target: str) -> Callable[[], None]:
        managed = [f"arn:aws:iam::aws:policy/{target}"]
        made = aws.iam.RoleArgs(name="e2e-half", assume_role_policy=trust(), managed_policy_arns=managed)
        return lambda: pulumi.export("role", aws.iam.Role("half", made, opts=options()).name)

    assert "NoSuchEntity" in stack.failure(program("NoSuchPolicy"))
    assert stack.resources()["half"]["id"] == "e2e-half"
    stack.up(program("AmazonS3ReadOnlyAccess"))
    attached = cloud.client("iam").list_attached_role_policies(RoleName="e2e-half")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AmazonS3ReadOnlyAccess"]


def test_a_secret_stays_one_in_the_state(stack: BareStack) -> None:
    def program() -> None:
        owner = pulumi.Output.secret("nobody may read this")
        aws.s3.Bucket("b", bucket="e2e-secret", tags={"owner": owner}, opts=options())

    stack.up(program)
    assert "nobody may read this" not in stack.state_on_disk()
    stack.refresh()
    assert "nobody may read this" not in stack.state_on_disk()


def test_what_is_stored_without_effect_is_listed(stack: BareStack) -> None:
    def program() -> None:
        aws.ec2.Vpc("v", cidr_block="10.1.0.0/16", enable_network_address_usage_metrics=True, opts=options())

    stack.up(program)
    assert stack.resources()["v"]["outputs"]["__notEmulated"] == ["enableNetworkAddressUsageMetrics"]
