"""One resource of every emulated type, and what to change about it in place.

``$vpc.id`` stands for a property of an earlier case; cases come in the order of what they need.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "123456789012"
TAGS = {"tideform:project": "fraud", "owner": "ml"}
GROUP_TAGS = [
    {"key": "tideform:project", "value": "fraud", "propagateAtLaunch": True},
    {"key": "owner", "value": "ml", "propagateAtLaunch": True},
]
RETAGGED = {"tideform:project": "fraud", "team": "platform"}


def policy(action: str, resource: str = "*", principal: str | None = None) -> str:
    """A policy document, formatted as no API would."""
    who = {"Principal": {"Service": principal}} if principal else {}
    what = {} if action.startswith("sts:") else {"Resource": [resource]}
    statement = {"Effect": "Allow", "Action": [action], **who, **what}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=3)


def images_kept(count: int) -> str:
    """A life cycle of images, formatted as no API would."""
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}, indent=3)


TRUST = policy("sts:AssumeRole", principal="batch.amazonaws.com")


@dataclass(frozen=True)
class Case:
    """A resource to make, and the inputs that then change. ``key`` is how later cases refer to it."""

    key: str
    type: str
    inputs: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case(
        "vpc",
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "enableDnsSupport": True, "tags": TAGS},
        {"enableDnsHostnames": False, "tags": RETAGGED},
    ),
    Case(
        "subnet",
        "aws:ec2/subnet:Subnet",
        {"vpcId": "$vpc.id", "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1a", "tags": TAGS},
        {"mapPublicIpOnLaunch": True, "tags": RETAGGED},
    ),
    Case(
        "other_subnet",
        "aws:ec2/subnet:Subnet",
        {"vpcId": "$vpc.id", "cidrBlock": "10.0.2.0/24", "availabilityZone": "us-east-1b", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case("table", "aws:ec2/routeTable:RouteTable", {"vpcId": "$vpc.id", "tags": TAGS}, {"tags": RETAGGED}),
    Case(
        "association",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"routeTableId": "$table.id", "subnetId": "$subnet.id"},
    ),
    Case(
        "group",
        "aws:ec2/securityGroup:SecurityGroup",
        {"name": "endpoints", "description": "endpoints", "vpcId": "$vpc.id", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case(
        "ingress",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": "$group.id",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.0.0.0/16",
            "description": "https",
            "tags": TAGS,
        },
        {"description": "https only", "cidrIpv4": "10.0.1.0/24", "tags": RETAGGED},
    ),
    Case(
        "egress",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {
            "securityGroupId": "$group.id",
            "ipProtocol": "-1",
            "referencedSecurityGroupId": "$group.id",
            "description": "between nodes",
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "default_group",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        {"vpcId": "$vpc.id", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case(
        "gateway_endpoint",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": "$vpc.id",
            "serviceName": "com.amazonaws.us-east-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": ["$table.id"],
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "interface_endpoint",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": "$vpc.id",
            "serviceName": "com.amazonaws.us-east-1.ecr.api",
            "vpcEndpointType": "Interface",
            "subnetIds": ["$subnet.id"],
            "securityGroupIds": ["$group.id"],
            "privateDnsEnabled": True,
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "key",
        "aws:kms/key:Key",
        {
            "description": "data",
            "enableKeyRotation": True,
            "deletionWindowInDays": 7,
            "policy": policy("kms:*"),
            "tags": TAGS,
        },
        {"description": "all data", "enableKeyRotation": False, "policy": policy("kms:Encrypt"), "tags": RETAGGED},
    ),
    Case("other_key", "aws:kms/key:Key", {"description": "another"}),
    Case("alias", "aws:kms/alias:Alias", {"name": "alias/fraud-data", "targetKeyId": "$key.id"}),
    Case(
        "logs",
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "/tideform/fraud", "retentionInDays": 30, "kmsKeyId": "$key.arn", "tags": TAGS},
        {"retentionInDays": 90, "kmsKeyId": "$other_key.arn", "tags": RETAGGED},
    ),
    Case(
        "role",
        "aws:iam/role:Role",
        {"name": "fraud-batch", "assumeRolePolicy": TRUST, "description": "runs", "tags": TAGS},
        {
            "assumeRolePolicy": policy("sts:AssumeRole", principal="ec2.amazonaws.com"),
            "maxSessionDuration": 7200,
            "tags": RETAGGED,
        },
    ),
    Case(
        "policy",
        "aws:iam/policy:Policy",
        {"name": "fraud-stop", "description": "stops", "policy": policy("s3:GetObject"), "tags": TAGS},
        {"policy": policy("s3:PutObject"), "tags": RETAGGED},
    ),
    Case(
        "role_policy",
        "aws:iam/rolePolicy:RolePolicy",
        {"name": "data", "role": "$role.name", "policy": policy("s3:GetObject")},
        {"policy": policy("s3:PutObject")},
    ),
    Case(
        "attachment",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "$role.name", "policyArn": "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"},
    ),
    Case(
        "profile",
        "aws:iam/instanceProfile:InstanceProfile",
        {"name": "fraud-instance", "role": "$role.name", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case(
        "flow_log",
        "aws:ec2/flowLog:FlowLog",
        {
            "vpcId": "$vpc.id",
            "trafficType": "ALL",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": "$logs.arn",
            "iamRoleArn": "$role.arn",
            "maxAggregationInterval": 60,
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "leases",
        "aws:dynamodb/table:Table",
        {
            "name": "fraud-leases",
            "hashKey": "pk",
            "rangeKey": "sk",
            "attributes": [{"name": "sk", "type": "S"}, {"name": "pk", "type": "S"}],
            "billingMode": "PAY_PER_REQUEST",
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": "$key.arn"},
            "ttl": {"attributeName": "gone", "enabled": True},
            "tags": TAGS,
        },
        {"deletionProtectionEnabled": True, "pointInTimeRecovery": {"enabled": False}, "tags": RETAGGED},
    ),
    Case("bucket", "aws:s3/bucket:Bucket", {"bucket": "fraud-data", "tags": TAGS}, {"tags": RETAGGED}),
    Case(
        "versioning",
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "$bucket.id", "versioningConfiguration": {"status": "Enabled"}},
        {"versioningConfiguration": {"status": "Suspended"}},
    ),
    Case(
        "encryption",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": "$bucket.id",
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "$key.arn"},
                    "bucketKeyEnabled": True,
                }
            ],
        },
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    ),
    Case(
        "public_access",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": "$bucket.id",
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        {"restrictPublicBuckets": False},
    ),
    Case(
        "ownership",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "$bucket.id", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
    ),
    Case(
        "lifecycle",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": "$bucket.id",
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "raw/"},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                    "noncurrentVersionExpiration": {"noncurrentDays": 90},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                },
                {"id": "all", "status": "Enabled", "filter": {}, "expiration": {"days": 400}},
            ],
        },
        {"rules": [{"id": "all", "status": "Disabled", "filter": {}, "expiration": {"days": 300}}]},
    ),
    Case(
        "bucket_policy",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": "$bucket.id", "policy": policy("s3:GetObject", "arn:aws:s3:::fraud-data/*")},
        {"policy": policy("s3:PutObject", "arn:aws:s3:::fraud-data/*")},
    ),
    Case(
        "notification",
        "aws:s3/bucketNotification:BucketNotification",
        {"bucket": "$bucket.id", "eventbridge": True},
        {"eventbridge": False},
    ),
    Case(
        "template",
        "aws:ec2/launchTemplate:LaunchTemplate",
        {
            "name": "fraud-gpu",
            "instanceType": "g5.xlarge",
            "imageId": "ami-12345678",
            "ebsOptimized": "true",
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {"volumeSize": 100, "volumeType": "gp3", "encrypted": "true", "deleteOnTermination": "true"},
                }
            ],
            "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
            "monitoring": {"enabled": True},
            "vpcSecurityGroupIds": ["$group.id"],
            "tagSpecifications": [{"resourceType": "instance", "tags": TAGS}],
            "updateDefaultVersion": True,
            "userData": "IyEvYmluL3No",
            "tags": TAGS,
        },
        {"instanceType": "g5.2xlarge", "tags": RETAGGED},
    ),
    Case(
        "compute",
        "aws:batch/computeEnvironment:ComputeEnvironment",
        {
            "name": "fraud-spot",
            "type": "MANAGED",
            "state": "ENABLED",
            "serviceRole": "$role.arn",
            "computeResources": {
                "type": "SPOT",
                "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED",
                "minVcpus": 0,
                "maxVcpus": 16,
                "instanceTypes": ["g5.xlarge", "g5.2xlarge"],
                "subnets": ["$subnet.id"],
                "securityGroupIds": ["$group.id"],
                "instanceRole": "$profile.arn",
                "launchTemplate": {"launchTemplateId": "$template.id", "version": "$Latest"},
                "tags": TAGS,
            },
            "tags": TAGS,
        },
        {"state": "DISABLED", "tags": RETAGGED},
    ),
    Case(
        "queue",
        "aws:batch/jobQueue:JobQueue",
        {
            "name": "fraud-queue",
            "state": "ENABLED",
            "priority": 1,
            "computeEnvironmentOrders": [{"order": 1, "computeEnvironment": "$compute.arn"}],
            "tags": TAGS,
        },
        {"priority": 5, "tags": RETAGGED},
    ),
    Case(
        "definition",
        "aws:batch/jobDefinition:JobDefinition",
        {
            "name": "fraud-train",
            "type": "container",
            "platformCapabilities": ["EC2"],
            "propagateTags": True,
            "retryStrategy": {
                "attempts": 3,
                "evaluateOnExits": [{"action": "RETRY", "onStatusReason": "Host EC2*"}],
            },
            "timeout": {"attemptDurationSeconds": 3600},
            "containerProperties": json.dumps(
                {
                    "image": "train:1",
                    "command": ["python", "train.py"],
                    "environment": [{"name": "A", "value": "1"}],
                    "jobRoleArn": "$role.arn",
                    "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "1024"}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/tideform/fraud"}},
                }
            ),
            "tags": TAGS,
        },
        {"timeout": {"attemptDurationSeconds": 7200}},
    ),
    Case(
        "model",
        "aws:sagemaker/model:Model",
        {
            "name": "fraud-model",
            "executionRoleArn": "$role.arn",
            "primaryContainer": {
                "image": "serve:1",
                "modelDataUrl": "s3://fraud-data/model.tar.gz",
                "environment": {"A": "1"},
            },
            "vpcConfig": {"subnets": ["$subnet.id"], "securityGroupIds": ["$group.id"]},
            "enableNetworkIsolation": True,
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "configuration",
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        {
            "name": "fraud-config",
            "kmsKeyArn": "$key.arn",
            "productionVariants": [
                {
                    "variantName": "live",
                    "modelName": "$model.name",
                    "initialInstanceCount": 1,
                    "instanceType": "ml.g5.xlarge",
                    "initialVariantWeight": 1,
                }
            ],
            "dataCaptureConfig": {
                "enableCapture": True,
                "destinationS3Uri": "s3://fraud-data/capture",
                "initialSamplingPercentage": 10,
                "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
            },
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "serverless",
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        {
            "name": "fraud-serverless",
            "productionVariants": [
                {
                    "variantName": "live",
                    "modelName": "$model.name",
                    "serverlessConfig": {"memorySizeInMb": 2048, "maxConcurrency": 5},
                }
            ],
            "tags": TAGS,
        },
    ),
    Case(
        "asynchronous",
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        {
            "name": "fraud-async",
            "productionVariants": [
                {
                    "variantName": "live",
                    "modelName": "$model.name",
                    "initialInstanceCount": 1,
                    "instanceType": "ml.g5.xlarge",
                }
            ],
            "asyncInferenceConfig": {
                "outputConfig": {"s3OutputPath": "s3://fraud-data/out", "s3FailurePath": "s3://fraud-data/failed"},
                "clientConfig": {"maxConcurrentInvocationsPerInstance": 4},
            },
        },
    ),
    Case(
        "endpoint",
        "aws:sagemaker/endpoint:Endpoint",
        {"name": "fraud-endpoint", "endpointConfigName": "$configuration.name", "tags": TAGS},
        {"endpointConfigName": "$asynchronous.name", "tags": RETAGGED},
    ),
    Case(
        "tracking",
        "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer",
        {
            "trackingServerName": "fraud-mlflow",
            "artifactStoreUri": "s3://fraud-data/mlflow",
            "roleArn": "$role.arn",
            "trackingServerSize": "Small",
            "tags": TAGS,
        },
        {"trackingServerSize": "Medium", "tags": RETAGGED},
    ),
    Case(
        "scalable",
        "aws:appautoscaling/target:Target",
        {
            "serviceNamespace": "sagemaker",
            "resourceId": "endpoint/fraud-endpoint/variant/live",
            "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "minCapacity": 1,
            "maxCapacity": 4,
            "tags": TAGS,
        },
        {"maxCapacity": 8, "tags": RETAGGED},
    ),
    Case(
        "scaling",
        "aws:appautoscaling/policy:Policy",
        {
            "name": "fraud-scaling",
            "policyType": "TargetTrackingScaling",
            "serviceNamespace": "$scalable.serviceNamespace",
            "resourceId": "$scalable.resourceId",
            "scalableDimension": "$scalable.scalableDimension",
            "targetTrackingScalingPolicyConfiguration": {
                "targetValue": 70,
                "scaleInCooldown": 300,
                "scaleOutCooldown": 60,
                "predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            },
        },
        {
            "targetTrackingScalingPolicyConfiguration": {
                "targetValue": 50,
                "customizedMetricSpecification": {
                    "metricName": "ApproximateBacklogSizePerInstance",
                    "namespace": "AWS/SageMaker",
                    "statistic": "Average",
                    "dimensions": [{"name": "EndpointName", "value": "fraud-endpoint"}],
                },
            }
        },
    ),
    Case(
        "repository",
        "aws:ecr/repository:Repository",
        {
            "name": "fraud-images",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "$key.arn"}],
            "forceDelete": True,
            "tags": TAGS,
        },
        {"imageScanningConfiguration": {"scanOnPush": False}, "tags": RETAGGED},
    ),
    Case(
        "images_kept",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": "$repository.name", "policy": images_kept(50)},
        {"policy": images_kept(10)},
    ),
    Case(
        "topic",
        "aws:sns/topic:Topic",
        {"name": "fraud-alerts", "displayName": "Fraud", "kmsMasterKeyId": "$key.id", "tags": TAGS},
        {"displayName": "Fraud alerts", "tags": RETAGGED},
    ),
    Case(
        "topic_policy",
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": "$topic.arn", "policy": policy("sns:Publish", principal="budgets.amazonaws.com")},
        {"policy": policy("sns:Publish", principal="cloudwatch.amazonaws.com")},
    ),
    Case(
        "subscription",
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": "$topic.arn", "protocol": "sqs", "endpoint": "$queue.arn"},
    ),
    Case(
        "alarm",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "fraud-errors",
            "alarmDescription": "too many errors",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 3,
            "datapointsToAlarm": 2,
            "metricName": "Invocation5XXErrors",
            "namespace": "AWS/SageMaker",
            "period": 60,
            "statistic": "Sum",
            "threshold": 5,
            "treatMissingData": "notBreaching",
            "dimensions": {"EndpointName": "fraud-endpoint", "VariantName": "live"},
            "alarmActions": ["$topic.arn"],
            "okActions": ["$topic.arn"],
            "tags": TAGS,
        },
        {"threshold": 0.5, "tags": RETAGGED},
    ),
    Case(
        "percentile_alarm",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "fraud-latency",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "ModelLatency",
            "namespace": "AWS/SageMaker",
            "period": 300,
            "extendedStatistic": "p99",
            "threshold": 500000,
            "unit": "Microseconds",
        },
        {"threshold": 400000},
    ),
    Case(
        "query_alarm",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "fraud-ratio",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "threshold": 0.1,
            "metricQueries": [
                {"id": "ratio", "expression": "errors / calls", "label": "ratio", "returnData": True},
                {
                    "id": "errors",
                    "metric": {
                        "metricName": "Errors",
                        "namespace": "AWS/SageMaker",
                        "period": 60,
                        "stat": "Sum",
                        "dimensions": {"EndpointName": "fraud-endpoint"},
                    },
                },
            ],
        },
        {"threshold": 0.2},
    ),
    Case(
        "dashboard",
        "aws:cloudwatch/dashboard:Dashboard",
        {"dashboardName": "fraud", "dashboardBody": json.dumps({"widgets": []}, indent=2)},
        {"dashboardBody": json.dumps({"widgets": [], "start": "-PT3H"})},
    ),
    Case(
        "rule",
        "aws:cloudwatch/eventRule:EventRule",
        {
            "name": "fraud-failed",
            "description": "failed jobs",
            "eventPattern": json.dumps({"source": ["aws.batch"]}),
            "tags": TAGS,
        },
        {"eventPattern": json.dumps({"source": ["aws.batch", "aws.ec2"]}), "tags": RETAGGED},
    ),
    Case(
        "target",
        "aws:cloudwatch/eventTarget:EventTarget",
        {"rule": "$rule.name", "targetId": "alerts", "arn": "$topic.arn"},
        {"input": json.dumps({"said": "failed"})},
    ),
    Case(
        "trail",
        "aws:cloudtrail/trail:Trail",
        {
            "name": "fraud-audit",
            "s3BucketName": "$bucket.id",
            "isMultiRegionTrail": True,
            "includeGlobalServiceEvents": True,
            "enableLogFileValidation": True,
            "kmsKeyId": "$key.arn",
            "eventSelectors": [
                {
                    "readWriteType": "All",
                    "includeManagementEvents": True,
                    "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::fraud-data/"]}],
                }
            ],
            "tags": TAGS,
        },
        {"isMultiRegionTrail": False, "enableLogging": False, "tags": RETAGGED},
    ),
    Case(
        "budget",
        "aws:budgets/budget:Budget",
        {
            "name": "fraud-monthly",
            "budgetType": "COST",
            "limitAmount": "4000",
            "limitUnit": "USD",
            "timeUnit": "MONTHLY",
            "costFilters": [{"name": "TagKeyValue", "values": ["user:tideform:project$fraud"]}],
            "notifications": [
                {
                    "notificationType": "ACTUAL",
                    "comparisonOperator": "GREATER_THAN",
                    "threshold": 50,
                    "thresholdType": "PERCENTAGE",
                    "subscriberEmailAddresses": ["ml@example.com"],
                },
                {
                    "notificationType": "FORECASTED",
                    "comparisonOperator": "GREATER_THAN",
                    "threshold": 100,
                    "thresholdType": "PERCENTAGE",
                    "subscriberSnsTopicArns": ["$topic.arn"],
                },
            ],
            "tags": TAGS,
        },
        {"limitAmount": "5000", "tags": RETAGGED},
    ),
    Case(
        "budget_action",
        "aws:budgets/budgetAction:BudgetAction",
        {
            "budgetName": "$budget.name",
            "actionType": "APPLY_IAM_POLICY",
            "approvalModel": "AUTOMATIC",
            "notificationType": "ACTUAL",
            "actionThreshold": {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100},
            "definition": {"iamActionDefinition": {"policyArn": "$policy.arn", "roles": ["$role.name"]}},
            "executionRoleArn": "$role.arn",
            "subscribers": [{"subscriptionType": "SNS", "address": "$topic.arn"}],
            "tags": TAGS,
        },
        {"actionThreshold": {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 90}, "tags": RETAGGED},
    ),
    Case(
        "placement",
        "aws:ec2/placementGroup:PlacementGroup",
        {"name": "fraud-fit", "strategy": "cluster", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case(
        "group_of_nodes",
        "aws:autoscaling/group:Group",
        {
            "name": "fraud-fit",
            "minSize": 0,
            "maxSize": 4,
            "desiredCapacity": 0,
            "suspendedProcesses": ["Launch"],
            "capacityRebalance": True,
            "protectFromScaleIn": False,
            "forceDelete": True,
            "waitForCapacityTimeout": "0",
            "vpcZoneIdentifiers": ["$subnet.id"],
            "placementGroup": "$placement.name",
            "mixedInstancesPolicy": {
                "instancesDistribution": {
                    "onDemandAllocationStrategy": "prioritized",
                    "onDemandBaseCapacity": 0,
                    "onDemandPercentageAboveBaseCapacity": 0,
                    "spotAllocationStrategy": "price-capacity-optimized",
                },
                "launchTemplate": {
                    "launchTemplateSpecification": {"launchTemplateId": "$template.id", "version": "$Default"},
                    "overrides": [{"instanceType": "g5.xlarge"}, {"instanceType": "g5.2xlarge"}],
                },
            },
            "tags": GROUP_TAGS,
        },
        {
            "capacityRebalance": False,
            "tags": [*GROUP_TAGS[:1], {"key": "team", "value": "platform", "propagateAtLaunch": False}],
        },
    ),
    Case(
        "hook",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "name": "checkpoint",
            "autoscalingGroupName": "$group_of_nodes.id",
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": 120,
            "defaultResult": "CONTINUE",
        },
        {"heartbeatTimeout": 60},
    ),
    Case(
        "cluster",
        "aws:eks/cluster:Cluster",
        {
            "name": "fraud-eks",
            "version": "1.33",
            "roleArn": "$role.arn",
            "vpcConfig": {
                "subnetIds": ["$subnet.id", "$other_subnet.id"],
                "securityGroupIds": ["$group.id"],
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
            },
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            "enabledClusterLogTypes": ["api", "audit"],
            "encryptionConfig": {"provider": {"keyArn": "$key.arn"}, "resources": ["secrets"]},
            "bootstrapSelfManagedAddons": False,
            "tags": TAGS,
        },
        {"version": "1.34", "enabledClusterLogTypes": ["audit"], "tags": RETAGGED},
    ),
    Case(
        "controllers",
        "aws:eks/nodeGroup:NodeGroup",
        {
            "clusterName": "$cluster.name",
            "nodeGroupName": "controllers",
            "nodeRoleArn": "$role.arn",
            "subnetIds": ["$subnet.id"],
            "instanceTypes": ["m6g.large"],
            "amiType": "AL2023_ARM_64_STANDARD",
            "capacityType": "ON_DEMAND",
            "scalingConfig": {"minSize": 2, "desiredSize": 2, "maxSize": 3},
            "labels": {"tideform.dev/controllers": "true"},
            "tags": TAGS,
        },
        {"scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 3}, "tags": RETAGGED},
    ),
    Case(
        "addon",
        "aws:eks/addon:Addon",
        {"clusterName": "$cluster.name", "addonName": "coredns", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case(
        "entry",
        "aws:eks/accessEntry:AccessEntry",
        {"clusterName": "$cluster.name", "principalArn": "$role.arn", "type": "EC2_LINUX", "tags": TAGS},
        {"tags": RETAGGED},
    ),
    Case(
        "pod_identity",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        {
            "clusterName": "$cluster.name",
            "namespace": "fraud-fit",
            "serviceAccount": "job",
            "roleArn": "$role.arn",
            "tags": TAGS,
        },
        {"tags": RETAGGED},
    ),
    Case(
        "queue_of_events",
        "aws:sqs/queue:Queue",
        {"name": "fraud-nodes", "messageRetentionSeconds": 300, "sqsManagedSseEnabled": True, "tags": TAGS},
        {"messageRetentionSeconds": 600, "tags": RETAGGED},
    ),
    Case(
        "queue_policy",
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": "$queue_of_events.url", "policy": policy("sqs:SendMessage", principal="events.amazonaws.com")},
        {"policy": policy("sqs:SendMessage", principal="sqs.amazonaws.com")},
    ),
    Case(
        "function_role",
        "aws:iam/role:Role",
        {"name": "fraud-reaper", "assumeRolePolicy": policy("sts:AssumeRole", principal="lambda.amazonaws.com")},
    ),
    Case(
        "function",
        "aws:lambda/function:Function",
        {
            "name": "fraud-reaper",
            "role": "$function_role.arn",
            "handler": "reaper.handler",
            "runtime": "python3.13",
            "architectures": ["arm64"],
            "code": {"assets": {"reaper.py": {"text": "def handler(event, context): ..."}}, "hash": "1"},
            "timeout": 60,
            "reservedConcurrentExecutions": 1,
            "environment": {"variables": {"TABLE": "leases"}},
            "tags": TAGS,
        },
        {"timeout": 240, "environment": {"variables": {"TABLE": "others"}}, "tags": RETAGGED},
    ),
    Case(
        "permission",
        "aws:lambda/permission:Permission",
        {
            "function": "$function.name",
            "statementId": "rule",
            "action": "lambda:InvokeFunction",
            "principal": "events.amazonaws.com",
            "sourceArn": "$rule.arn",
            "sourceAccount": ACCOUNT,
        },
    ),
    Case(
        "schedule",
        "aws:scheduler/schedule:Schedule",
        {
            "name": "fraud-reaper",
            "scheduleExpression": "rate(5 minutes)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "startDate": "2099-01-01T00:00:00Z",
            "target": {"arn": "$function.arn", "roleArn": "$function_role.arn"},
        },
        {"scheduleExpression": "rate(10 minutes)", "state": "DISABLED"},
    ),
)
