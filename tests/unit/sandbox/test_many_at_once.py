"""Several clients of one service at once, as an engine's parallel steps are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tideform.cloud import Cloud


def test_roles_can_be_made_and_looked_at_by_many_at_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")

    def make(number: int) -> int:
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument="{}")
        return len(iam.list_roles()["Roles"])

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(make, range(40)))
    assert max(seen) == 40


def test_instances_are_described_while_their_tags_change(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, MinCount=8, MaxCount=8, InstanceType="c5.large")["Instances"]
    ids = [one["InstanceId"] for one in launched]

    def tag_and_count(number: int) -> int:
        ec2.create_tags(Resources=ids, Tags=[{"Key": f"key-{number}", "Value": "a"}])
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        ec2.delete_tags(Resources=ids, Tags=[{"Key": f"key-{number}"}])
        return sum(len(reservation["Instances"]) for reservation in found)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tag_and_count, range(80))) == {8}
    ec2.terminate_instances(InstanceIds=ids)


def test_environments_that_are_made_at_once_share_one_role_of_the_service(cloud: Cloud) -> None:
    batch = cloud.client("batch")

    def make(number: int) -> str:
        batch.create_compute_environment(computeEnvironmentName=f"environment-{number}", type="UNMANAGED")
        made = batch.describe_compute_environments(computeEnvironments=[f"environment-{number}"])
        return str(made["computeEnvironments"][0]["serviceRole"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(16)))) == 1


def test_each_of_many_changes_of_one_item_happens_whole(cloud: Cloud) -> None:
    table = cloud.client("dynamodb")
    table.create_table(
        TableName="leases",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(TableName="leases", Item={"pk": {"S": "pool"}, "held": {"M": {}}, "count": {"N": "0"}})

    def hold(number: int) -> int:
        answer = table.update_item(
            TableName="leases",
            Key={"pk": {"S": "pool"}},
            UpdateExpression="SET held.#id = :who ADD #count :one",
            ExpressionAttributeNames={"#id": f"lease-{number}", "#count": "count"},
            ExpressionAttributeValues={":who": {"S": "me"}, ":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )["Attributes"]
        assert len(answer["held"]["M"]) == int(answer["count"]["N"])
        return int(answer["count"]["N"])

    with ThreadPoolExecutor(16) as threads:
        assert sorted(threads.map(hold, range(200))) == list(range(1, 201))
