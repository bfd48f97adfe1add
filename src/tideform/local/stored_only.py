"""What the sandbox stores and gives back without doing anything with it.

One table: ``tideform sandbox status`` prints it, the documentation is held against it. A row says what an API takes
(service and noun, or one property), and what of its behaviour is missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoredOnly:
    """One thing that is stored: ``what`` in AWS's words, ``missing`` is the behaviour one must not expect."""

    service: str
    what: str
    missing: str


STORED_ONLY: tuple[StoredOnly, ...] = (
    StoredOnly("sagemaker", "Endpoint, EndpointConfig, Model", "no container is started, nothing can be invoked"),
    StoredOnly("sagemaker", "DataCaptureConfig", "nothing is captured"),
    StoredOnly("sagemaker", "MlflowTrackingServer", "no MLflow server is started"),
    StoredOnly("sagemaker", "TrainingImage, VpcConfig, VolumeSizeInGB", "commands run as processes of this machine"),
    StoredOnly("sagemaker", "EnableNetworkIsolation, RetryStrategy", "nothing is cut off, and nothing fails by itself"),
    StoredOnly("application-autoscaling", "scaling targets and policies", "nothing scales"),
    StoredOnly(
        "autoscaling", "allocation strategies, weights", "the first listed type that the market has is launched"
    ),
    StoredOnly("autoscaling", "recurring actions, scaling policies, warm pools", "they do not happen"),
    StoredOnly("autoscaling", "resource groups of reservations", "only reservations that are named are launched into"),
    StoredOnly(
        "ssm", "SendCommand: concurrency, error bounds, S3 output, SNS", "all instances at once; output to the log"
    ),
    StoredOnly("batch", "container image, volumes, ulimits, job role", "commands run as processes of this machine"),
    StoredOnly("batch", "allocationStrategy, bidPercentage", "the first listed type that fits is launched"),
    StoredOnly("batch", "jobStateTimeLimitActions, scheduling policies", "jobs wait on, in order of priority and age"),
    StoredOnly("ec2", "instances", "records with states, not machines; user data does not run"),
    StoredOnly("ec2", "security groups, routes, endpoints, flow logs", "no packet is filtered, routed or logged"),
    StoredOnly("ec2", "placement groups", "no placement; machines in one keep it from being deleted"),
    StoredOnly("ec2", "Capacity Blocks: the upfront fee", "nothing is charged; any type, time and length is offered"),
    StoredOnly("sagemaker", "training plans: fee and end", "nothing is charged; jobs run on when their plan is over"),
    StoredOnly(
        "eks", "clusters, node groups, add-ons, access entries", "records: no Kubernetes answers, no node joins"
    ),
    StoredOnly("iam", "policies, roles, permissions boundaries", "nothing is denied"),
    StoredOnly("kms", "key rotation", "keys do not rotate"),
    StoredOnly("s3", "bucket policy statements with a condition", "neither allow nor deny; others are acted on"),
    StoredOnly("s3", "life cycle, replication, access logging", "objects are neither moved, copied nor expired"),
    StoredOnly("cloudtrail", "trails", "no events are delivered"),
    StoredOnly("lambda", "layers, VpcConfig, destinations", "functions run without them"),
    StoredOnly("scheduler", "FlexibleTimeWindow", "schedules fire at its beginning"),
    StoredOnly("cloudwatch", "metric math, composite alarms, anomaly bands", "they stay without data"),
    StoredOnly("cloudwatch", "dashboards", "nothing is drawn"),
    StoredOnly("budgets", "budgets, notifications", "no spend is counted, nobody is notified"),
    StoredOnly("budgets", "budget actions", "none is carried out: no policy is attached"),
    StoredOnly("kubernetes", "every object, where no kubeconfig is given", "no controller acts on it and no pod runs"),
    StoredOnly("kubernetes", "objects of kinds from CRDs", "their schemas are not checked without a cluster"),
    StoredOnly("kubernetes", "Helm releases, where `helm` is not at hand", "the chart is not rendered or installed"),
    StoredOnly("sns", "e-mail subscriptions", "no mail is sent"),
    StoredOnly("sns", "http and https subscriptions", "no web hook is called"),
)
