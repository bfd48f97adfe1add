"""CloudWatch alarms and dashboards."""

from __future__ import annotations

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import from_api

_TAGGER = tagging.Tagger("cloudwatch", "ResourceARN")
_ALARM_ASKED = words(
    "name actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm dimensions "
    "evaluateLowSampleCountPercentiles evaluationPeriods extendedStatistic insufficientDataActions metricName "
    "metricQueries namespace okActions period statistic threshold thresholdMetricId treatMissingData unit"
)
_ALARM_NAMES = {
    "name": "AlarmName",
    "okActions": "OKActions",
    "metricQueries": "Metrics",
    "metric": "MetricStat",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
}


def _alarm(context: Context, name: str) -> dict[str, object] | None:
    found = context.call("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
    return found[0] if found else None


def _create_alarm(context: Context, inputs: Inputs) -> str:
    """CloudWatch writes over an alarm of that name; the provider does not adopt, so it looks first."""
    if _alarm(context, inputs["name"]) is not None:
        raise Refusal("AlreadyExists", f"an alarm named {inputs['name']} exists already")
    tags = {"tags": inputs["tags"]} if inputs.get("tags") else {}
    _put_alarm(context, {**inputs, **tags}, _ALARM_ASKED | {"tags"})
    return str(inputs["name"])


def _put_alarm(context: Context, inputs: Inputs, keys: frozenset[str] = _ALARM_ASKED) -> None:
    asked = {key: inputs[key] for key in keys if inputs.get(key) not in (None, "", [], {})}
    if "metricQueries" in asked:
        asked["metricQueries"] = [_query(query) for query in asked["metricQueries"]]
    context.send("cloudwatch", "put_metric_alarm", asked, _ALARM_NAMES)


def _query(query: Inputs) -> Live:
    """A query's metric is flat at the vendor and has an inner metric at AWS."""
    flat = query.get("metric")
    if not flat:
        return dict(query)
    inner = {"metricName": flat["metricName"], "namespace": flat.get("namespace")}
    dimensions = {"dimensions": flat["dimensions"]} if flat.get("dimensions") else {}
    outer = {key: flat[key] for key in ("period", "stat", "unit") if flat.get(key)}
    rest = {key: value for key, value in query.items() if key != "metric"}
    return {**rest, "metricStat": {"metric": {**inner, **dimensions}, **outer}}


def _flat(query: Live) -> Live:
    nested = query.pop("metricStat", None) or query.pop("metric", None)
    if not nested:
        return query
    inner = nested.pop("metric", {})
    dimensions = {each["name"]: each["value"] for each in inner.pop("dimensions", [])}
    return {**query, "metric": {**inner, **nested, **({"dimensions": dimensions} if dimensions else {})}}


def _settle_alarm(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_alarm(context, new)
        arn = f"arn:aws:cloudwatch:{context.region}:{context.account}:alarm:{name}"
        _TAGGER.settle(context, arn, old, new)


def _read_alarm(context: Context, name: str, inputs: Inputs) -> Live | None:
    found = _alarm(context, name)
    if found is None:
        return None
    queries = found.pop("Metrics", None)
    told = from_api(found, _ALARM_NAMES, {**inputs, "dimensions": inputs.get("dimensions") or {}})
    arn = str(found["AlarmArn"])
    return {
        **{key: told.get(key) for key in _ALARM_ASKED},
        "name": name,
        "arn": arn,
        "actionsEnabled": bool(found.get("ActionsEnabled", True)),
        "metricQueries": [_flat(query) for query in from_api(queries or [])],
        "dimensions": told.get("dimensions") or {},
        "tags": tagging.as_tags(context.call("cloudwatch", "list_tags_for_resource", ResourceARN=arn)["Tags"]),
    }


def _delete_alarm(context: Context, name: str, _state: State) -> None:
    context.call("cloudwatch", "delete_alarms", AlarmNames=[name])


_METRIC_ALARM = Kind(
    type="aws:cloudwatch/metricAlarm:MetricAlarm",
    inputs=_ALARM_ASKED | {"tags"},
    computed=words("arn tagsAll"),
    replaces=words("name"),
    defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    exact=words("tags dimensions"),
    name="name",
    create=_create_alarm,
    settle=_settle_alarm,
    read=_read_alarm,
    delete=_delete_alarm,
)


def _create_dashboard(context: Context, inputs: Inputs) -> str:
    name = inputs["dashboardName"]
    listed = context.pages("cloudwatch", "list_dashboards", "DashboardEntries", DashboardNamePrefix=name)
    if any(each["DashboardName"] == name for each in listed):
        raise Refusal("AlreadyExists", f"a dashboard named {name} exists already")
    _put_dashboard(context, inputs)
    return str(name)


def _put_dashboard(context: Context, inputs: Inputs) -> None:
    members = {"DashboardName": inputs["dashboardName"], "DashboardBody": inputs["dashboardBody"]}
    context.call("cloudwatch", "put_dashboard", **members)


def _settle_dashboard(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_dashboard(context, new)


def _read_dashboard(context: Context, name: str, _inputs: Inputs) -> Live | None:
    found = context.call("cloudwatch", "get_dashboard", DashboardName=name)
    arn = f"arn:aws:cloudwatch::{context.account}:dashboard/{name}"
    return {"dashboardName": name, "dashboardArn": arn, "dashboardBody": found["DashboardBody"]}


def _delete_dashboard(context: Context, name: str, _state: State) -> None:
    context.call("cloudwatch", "delete_dashboards", DashboardNames=[name])


_DASHBOARD = Kind(
    type="aws:cloudwatch/dashboard:Dashboard",
    inputs=words("dashboardName dashboardBody"),
    computed=words("dashboardArn"),
    replaces=words("dashboardName"),
    create=_create_dashboard,
    settle=_settle_dashboard,
    read=_read_dashboard,
    delete=_delete_dashboard,
)

KINDS = (_METRIC_ALARM, _DASHBOARD)
