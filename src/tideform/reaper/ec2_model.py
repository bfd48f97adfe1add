"""EC2's API as far as the reaper speaks it, in the words of botocore's models.

botocore's own model of EC2 is a large part of the memory and the time that a small function needs to start. A round of
the reaper makes five of its more than 800 operations. What is not here is neither sent nor read.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/OperationList-query.html
"""

from __future__ import annotations

from typing import Any, Final

Shape = dict[str, Any]


def _member(shape: str, wire: str) -> Shape:
    """``wire`` is its name there; none where that is the member's own."""
    return {"shape": shape, "locationName": wire} if wire else {"shape": shape}


def _structure(**members: tuple[str, str]) -> Shape:
    return {"type": "structure", "members": {name: _member(*each) for name, each in members.items()}}


def _list(shape: str, wire: str = "item") -> Shape:
    return {"type": "list", "member": _member(shape, wire)}


_METADATA: Final = {
    "apiVersion": "2016-11-15",
    "auth": ["aws.auth#sigv4"],
    "endpointPrefix": "ec2",
    "protocol": "ec2",
    "protocols": ["ec2"],
    "serviceAbbreviation": "Amazon EC2",
    "serviceFullName": "Amazon Elastic Compute Cloud",
    "serviceId": "EC2",
    "signatureVersion": "v4",
    "uid": "ec2-2016-11-15",
    "xmlNamespace": "http://ec2.amazonaws.com/doc/2016-11-15",
}

_SHAPES: Final = {
    "DateTime": {"type": "timestamp"},
    "Integer": {"type": "integer"},
    "String": {"type": "string"},
    "FilterList": _list("Filter", "Filter"),
    "Filter": _structure(Name=("String", ""), Values=("ValueStringList", "Value")),
    "ValueStringList": _list("String"),
    "TagList": _list("Tag"),
    "Tag": _structure(Key=("String", "key"), Value=("String", "value")),
    "CreateTagsRequest": _structure(Resources=("ResourceIdList", "ResourceId"), Tags=("TagList", "Tag")),
    "ResourceIdList": _list("String", ""),
    "TerminateInstancesRequest": _structure(InstanceIds=("InstanceIdStringList", "InstanceId")),
    "InstanceIdStringList": _list("String", "InstanceId"),
    "DescribeInstancesRequest": _structure(
        Filters=("FilterList", "Filter"), NextToken=("String", "nextToken"), MaxResults=("Integer", "maxResults")
    ),
    "DescribeInstancesResult": _structure(
        Reservations=("ReservationList", "reservationSet"), NextToken=("String", "nextToken")
    ),
    "ReservationList": _list("Reservation"),
    "Reservation": _structure(Instances=("InstanceList", "instancesSet")),
    "InstanceList": _list("Instance"),
    "Instance": _structure(
        CapacityReservationId=("String", "capacityReservationId"),
        CpuOptions=("CpuOptions", "cpuOptions"),
        InstanceId=("String", "instanceId"),
        InstanceLifecycle=("String", "instanceLifecycle"),
        InstanceType=("String", "instanceType"),
        LaunchTime=("DateTime", "launchTime"),
        Placement=("Placement", "placement"),
        PrivateIpAddress=("String", "privateIpAddress"),
        State=("InstanceState", "instanceState"),
        StateTransitionReason=("String", "reason"),
        Tags=("TagList", "tagSet"),
    ),
    "CpuOptions": _structure(CoreCount=("Integer", "coreCount"), ThreadsPerCore=("Integer", "threadsPerCore")),
    "InstanceState": _structure(Name=("String", "name")),
    "Placement": _structure(AvailabilityZone=("String", "availabilityZone")),
    "DescribeSpotPriceHistoryRequest": _structure(
        InstanceTypes=("InstanceTypeList", "InstanceType"),
        ProductDescriptions=("ProductDescriptionList", "ProductDescription"),
        StartTime=("DateTime", "startTime"),
        NextToken=("String", "nextToken"),
        MaxResults=("Integer", "maxResults"),
    ),
    "InstanceTypeList": _list("String", ""),
    "ProductDescriptionList": _list("String", ""),
    "DescribeSpotPriceHistoryResult": _structure(
        SpotPriceHistory=("SpotPriceHistoryList", "spotPriceHistorySet"), NextToken=("String", "nextToken")
    ),
    "SpotPriceHistoryList": _list("SpotPrice"),
    "SpotPrice": _structure(
        AvailabilityZone=("String", "availabilityZone"),
        InstanceType=("String", "instanceType"),
        SpotPrice=("String", "spotPrice"),
        Timestamp=("DateTime", "timestamp"),
    ),
    "DescribeCapacityReservationsRequest": _structure(
        CapacityReservationIds=("CapacityReservationIdSet", "CapacityReservationId")
    ),
    "CapacityReservationIdSet": _list("String"),
    "DescribeCapacityReservationsResult": _structure(
        CapacityReservations=("CapacityReservationSet", "capacityReservationSet")
    ),
    "CapacityReservationSet": _list("CapacityReservation"),
    "CapacityReservation": _structure(
        AvailabilityZone=("String", "availabilityZone"),
        AvailableInstanceCount=("Integer", "availableInstanceCount"),
        CapacityReservationId=("String", "capacityReservationId"),
        EndDate=("DateTime", "endDate"),
        InstanceType=("String", "instanceType"),
        ReservationType=("String", "reservationType"),
        State=("String", "state"),
        TotalInstanceCount=("Integer", "totalInstanceCount"),
    ),
}

_OPERATIONS: Final = (
    "CreateTags",
    "DescribeCapacityReservations",
    "DescribeInstances",
    "DescribeSpotPriceHistory",
    "TerminateInstances",
)


def _operation(name: str) -> Shape:
    """An operation without a shape of its result is one of which nobody reads what comes back, when it is no error."""
    ends = {"input": f"{name}Request", "output": f"{name}Result"}
    shapes = {end: {"shape": shape} for end, shape in ends.items() if shape in _SHAPES}
    return {"name": name, "http": {"method": "POST", "requestUri": "/"}, **shapes}


MODEL: Final[Shape] = {
    "version": "2.0",
    "metadata": _METADATA,
    "operations": {name: _operation(name) for name in _OPERATIONS},
    "shapes": _SHAPES,
}
