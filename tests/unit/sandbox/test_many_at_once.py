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
