from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tideform.cloud import Cloud
from tideform.spec.deployment import SANDBOX_ACCOUNT

_ROLE = f"arn:aws:iam::{SANDBOX_ACCOUNT}:role/server"
_VARIANT = {"VariantName": "main", "ModelName": "isolated", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
_CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 20,
    "DestinationS3Uri": "s3://captured/score",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
_BUDGET = {
    "BudgetName": "monthly",
    "BudgetLimit": {"Amount": "4000", "Unit": "USD"},
    "TimeUnit": "MONTHLY",
    "BudgetType": "COST",
}
_NOTIFICATION: dict[str, Any] = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
    "ThresholdType": "PERCENTAGE",
}
_SUBSCRIBER = {"SubscriptionType": "EMAIL", "Address": "oncall@example.com"}


@pytest.fixture(scope="module")
def sagemaker(cloud: Cloud) -> Any:
    client = cloud.client("sagemaker")
    client.create_model(
        ModelName="isolated",
        ExecutionRoleArn=_ROLE,
        PrimaryContainer={"Image": "image"},
        EnableNetworkIsolation=True,
    )
    for name in ("first", "second"):
        client.create_endpoint_config(
            EndpointConfigName=name,
            KmsKeyId="alias/key",
            DataCaptureConfig=_CAPTURE,
            ProductionVariants=[_VARIANT],
            ShadowProductionVariants=[{**_VARIANT, "VariantName": "shadow"}],
        )
    return client


def test_network_isolation_is_read_back(sagemaker: Any) -> None:
    assert sagemaker.describe_model(ModelName="isolated")["EnableNetworkIsolation"] is True


def test_an_endpoint_configuration_is_read_back_whole(sagemaker: Any) -> None:
    found = sagemaker.describe_endpoint_config(EndpointConfigName="first")
    assert found["DataCaptureConfig"] == _CAPTURE
    assert found["KmsKeyId"] == "alias/key"
    assert found["ProductionVariants"][0]["InstanceType"] == "ml.g5.xlarge"
    assert found["ShadowProductionVariants"][0]["VariantName"] == "shadow"


def test_an_instance_type_that_does_not_exist_is_refused(sagemaker: Any) -> None:
    wrong = {**_VARIANT, "InstanceType": "ml.g99.huge"}
    with pytest.raises(ClientError, match="enum value set"):
        sagemaker.create_endpoint_config(EndpointConfigName="wrong", ProductionVariants=[wrong])


def test_an_endpoint_can_be_given_another_configuration(sagemaker: Any) -> None:
    sagemaker.create_endpoint(EndpointName="score", EndpointConfigName="first")
    sagemaker.update_endpoint(EndpointName="score", EndpointConfigName="second")
    assert sagemaker.describe_endpoint(EndpointName="score")["EndpointConfigName"] == "second"


def test_an_absent_configuration_cannot_be_deployed(sagemaker: Any) -> None:
    sagemaker.create_endpoint(EndpointName="kept", EndpointConfigName="first")
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        sagemaker.update_endpoint(EndpointName="kept", EndpointConfigName="absent")


def _server(sagemaker: Any, name: str) -> str:
    tags = [{"Key": "tideform:project", "Value": "demo"}]
    made = sagemaker.create_mlflow_tracking_server(
        TrackingServerName=name, ArtifactStoreUri="s3://artifacts", RoleArn=_ROLE, Tags=tags
    )
    return str(made["TrackingServerArn"])


def test_a_tracking_server_is_made_changed_listed_and_deleted(sagemaker: Any) -> None:
    arn = _server(sagemaker, "runs")
    sagemaker.update_mlflow_tracking_server(TrackingServerName="runs", TrackingServerSize="Medium")
    found = sagemaker.describe_mlflow_tracking_server(TrackingServerName="runs")
    assert (found["TrackingServerArn"], found["TrackingServerSize"]) == (arn, "Medium")
    listed = sagemaker.list_mlflow_tracking_servers()["TrackingServerSummaries"]
    assert [server["TrackingServerName"] for server in listed] == ["runs"]
    sagemaker.delete_mlflow_tracking_server(TrackingServerName="runs")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.describe_mlflow_tracking_server(TrackingServerName="runs")


def test_a_taken_name_is_refused(sagemaker: Any) -> None:
    _server(sagemaker, "taken")
    with pytest.raises(ClientError, match="ConflictException"):
        _server(sagemaker, "taken")


def test_a_tracking_server_is_tagged_like_everything_else(sagemaker: Any) -> None:
    arn = _server(sagemaker, "tagged")
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "new", "Value": "yes"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["tideform:project"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "new", "Value": "yes"}]


def test_regions_do_not_share_what_is_stored(sagemaker: Any, cloud: Cloud) -> None:
    _server(sagemaker, "regional")
    elsewhere = Cloud("eu-west-1", cloud.account, credentials=cloud.credentials).client("sagemaker")
    assert elsewhere.list_mlflow_tracking_servers()["TrackingServerSummaries"] == []


def test_the_rotation_period_of_a_key_is_read_back(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


@pytest.fixture(scope="module")
def budgets(cloud: Cloud) -> Any:
    client = cloud.client("budgets")
    client.create_budget(
        AccountId=SANDBOX_ACCOUNT,
        Budget=_BUDGET,
        NotificationsWithSubscribers=[{"Notification": _NOTIFICATION, "Subscribers": [_SUBSCRIBER]}],
        ResourceTags=[{"Key": "owner", "Value": "ml"}],
    )
    return client


def test_a_budget_is_changed_in_place(budgets: Any) -> None:
    new = {**_BUDGET, "BudgetLimit": {"Amount": "5000", "Unit": "USD"}}
    budgets.update_budget(AccountId=SANDBOX_ACCOUNT, NewBudget=new)
    found = budgets.describe_budget(AccountId=SANDBOX_ACCOUNT, BudgetName="monthly")["Budget"]
    assert float(found["BudgetLimit"]["Amount"]) == 5000


def test_a_budgets_notifications_and_subscribers_are_read_back_and_changed(budgets: Any) -> None:
    of = {"AccountId": SANDBOX_ACCOUNT, "BudgetName": "monthly"}
    higher = {**_NOTIFICATION, "Threshold": 95.0}
    budgets.update_notification(**of, OldNotification=_NOTIFICATION, NewNotification=higher)
    assert budgets.describe_notifications_for_budget(**of)["Notifications"] == [higher]
    budgets.create_subscriber(
        **of, Notification=higher, Subscriber={"SubscriptionType": "EMAIL", "Address": "b@example.com"}
    )
    budgets.delete_subscriber(**of, Notification=higher, Subscriber=_SUBSCRIBER)
    told = budgets.describe_subscribers_for_notification(**of, Notification=higher)["Subscribers"]
    assert [subscriber["Address"] for subscriber in told] == ["b@example.com"]


def test_a_budgets_tags_are_read_back(budgets: Any) -> None:
    arn = f"arn:aws:budgets::{SANDBOX_ACCOUNT}:budget/monthly"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "owner", "Value": "ml"}]


def test_a_bucket_remembers_that_it_tells_eventbridge(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="events")
    wanted: dict[str, Any] = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket="events", NotificationConfiguration=wanted)
    assert s3.get_bucket_notification_configuration(Bucket="events")["EventBridgeConfiguration"] == {}


def test_a_table_takes_another_key(cloud: Cloud) -> None:
    client = cloud.client("dynamodb")
    key = {"AttributeName": "pk", "KeyType": "HASH"}
    client.create_table(
        TableName="sealed",
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/one"},
    )
    other = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/other"}
    client.update_table(TableName="sealed", SSESpecification=other)
    assert client.describe_table(TableName="sealed")["Table"]["SSEDescription"]["KMSMasterKeyArn"] == "alias/other"


def test_placement_groups_exist(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    ec2.create_placement_group(GroupName="close", Strategy="cluster")
    assert ec2.describe_placement_groups(GroupNames=["close"])["PlacementGroups"][0]["Strategy"] == "cluster"
    ec2.delete_placement_group(GroupName="close")
    with pytest.raises(ClientError, match="Unknown"):
        ec2.describe_placement_groups(GroupNames=["close"])


def test_an_ended_instance_leaves_no_network_interface(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    instance = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, InstanceType="g5.xlarge")["Instances"][0]
    attached = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    assert len(ec2.describe_network_interfaces(Filters=attached)["NetworkInterfaces"]) == 1
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert ec2.describe_network_interfaces(Filters=attached)["NetworkInterfaces"] == []


def test_a_protected_machine_keeps_those_of_its_zone_and_the_request_fails(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")

    def run(zone: str) -> str:
        place = {"Placement": {"AvailabilityZone": f"us-east-1{zone}"}, "InstanceType": "c5.large"}
        made = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, **place)["Instances"][0]
        return str(made["InstanceId"])

    beside, held, elsewhere = run("a"), run("a"), run("b")
    ec2.modify_instance_attribute(InstanceId=held, DisableApiTermination={"Value": True})
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[beside, held, elsewhere])
    found = ec2.describe_instances(InstanceIds=[beside, held, elsewhere])["Reservations"]
    states = {one["InstanceId"]: one["State"]["Name"] for each in found for one in each["Instances"]}
    assert (states[beside], states[held]) == ("running", "running")
    assert states[elsewhere] in ("shutting-down", "terminated")


def test_a_security_group_wants_a_vpc_that_is_there(cloud: Cloud) -> None:
    absent = "vpc-0123456789abcdef0"
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        cloud.client("ec2").create_security_group(GroupName="g", Description="g", VpcId=absent)


def test_a_mail_address_that_waits_for_its_reader_is_listed_without_an_arn(cloud: Cloud) -> None:
    """The subscription itself has one, which Subscribe tells who asks for it; asked again it stays the same."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com", "ReturnSubscriptionArn": True}
    arns = {sns.subscribe(**asked)["SubscriptionArn"] for _ in range(2)}
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (listed["SubscriptionArn"], len(arns)) == ("PendingConfirmation", 1)
    assert sns.get_subscription_attributes(SubscriptionArn=arns.pop())["Attributes"]["Endpoint"] == "a@example.com"


def test_a_message_calls_no_web_hook(cloud: Cloud) -> None:
    called: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            called.append(self.path)
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sns = cloud.client("sns")
        topic = sns.create_topic(Name="hooked")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/hook")
        sns.publish(TopicArn=topic, Message="a lease is over")
        server.shutdown()
    assert called == []


@pytest.mark.parametrize(("zones", "code"), [("aa", "InvalidParameterException"), ("ab", "")])
def test_a_cluster_stands_in_two_zones_at_least(cloud: Cloud, zones: str, code: str) -> None:
    ec2, eks = cloud.client("ec2"), cloud.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for n, zone in enumerate(zones)
    ]
    network = {"subnetIds": [subnet["SubnetId"] for subnet in subnets]}
    try:
        eks.create_cluster(name=f"in-{zones}", roleArn=_ROLE, resourcesVpcConfig=network)
        refused = ""
    except ClientError as error:
        refused = error.response["Error"]["Code"]
    assert refused == code
