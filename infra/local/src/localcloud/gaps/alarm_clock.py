"""Alarms are evaluated as time goes by, over the metric and dimensions that they name.

AWS: evaluates each alarm once a minute, over its evaluation periods, with its statistic and its rule for
missing data; a change of state is told to the topics of that state. Metric math works.
MiniStack: evaluates an alarm when metrics are put and when it is made, over all dimensions together, without
periods; refuses metric math; an alarm never comes back by itself.
Bridge: a clock. An alarm whose metric has new data is evaluated within a second, any other once a minute.
Periods end now instead of at full minutes, so that each is a whole one. ``minute`` scales them.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sns
from ministack.services.cloudformation import provisioners

from localcloud import alarm_states, clock, grants, metric_math
from localcloud.gaps import Settings

TOUCHES = (
    *grants.TOUCHES,
    "ministack.core.responses:request_scope",
    "ministack.services.cloudformation.provisioners:_cw_metric_alarm_record",
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_calc_stats",
    "ministack.services.cloudwatch:_dims_from_list",
    "ministack.services.cloudwatch:_dims_key",
    "ministack.services.cloudwatch:_dispatch_alarm_actions",
    "ministack.services.cloudwatch:_error",
    "ministack.services.cloudwatch:_evaluate_alarm",
    "ministack.services.cloudwatch:_evaluate_all_alarms",
    "ministack.services.cloudwatch:_evaluate_parent_alarms",
    "ministack.services.cloudwatch:_is_sns_action_arn",
    "ministack.services.cloudwatch:_metric_bucket",
    "ministack.services.cloudwatch:_metrics",
    "ministack.services.cloudwatch:_put_metric_alarm",
    "ministack.services.cloudwatch:_record_history",
    "ministack.services.cloudwatch:_stat_value",
    "ministack.services.sns:topic_policy_for_arn",
)

Key = tuple[str, str, Any]
"""Account, region and what names the thing in its service."""

_SERVICE = "cloudwatch.amazonaws.com"
_MINUTE = 60.0
_LOOK_SECONDS = 1.0
# Points lie in order, but for those that were put with an earlier time: so many old ones end the search.
_OLD_POINTS = 256

_log = logging.getLogger("localcloud")
_changed: set[Key] = set()
_just_changed: set[Key] = set()
_evaluated: dict[Key, float] = {}


def apply(settings: Settings) -> None:
    """Take evaluation away from the calls and give it to the clock."""
    scale = settings.minute / _MINUTE
    bucket = cloudwatch._metric_bucket

    def noticed_bucket(key: tuple[str, str, str]) -> Any:
        _changed.add(_scoped(key))
        return bucket(key)

    cloudwatch._metric_bucket = noticed_bucket
    cloudwatch._evaluate_all_alarms = lambda: None
    cloudwatch._evaluate_alarm = lambda alarm: _evaluated.pop(_scoped(alarm["AlarmName"]), None)
    _ask_the_topics()
    _keep_metric_math()
    clock.every(min(_LOOK_SECONDS, settings.minute), lambda: look(scale))


def look(scale: float) -> None:
    """Evaluate the alarms whose metrics changed, and those that it is time for."""
    # What changed is looked at twice: a point is announced just before it is there.
    new = {_changed.pop() for _ in range(len(_changed))}
    changed = new | _just_changed
    _just_changed.clear()
    _just_changed.update(new)
    now = time.time()
    for key, alarm in cloudwatch._alarms.all_items():
        account, region, _name = key
        waited = now - _evaluated.get(key, 0.0) >= _MINUTE * scale
        if not waited and not (changed and changed & {(account, region, of) for of in _read_by(alarm)}):
            continue
        _evaluated[key] = now
        try:
            with request_scope(account, region):
                _evaluate(alarm, now, scale)
        except (KeyError, TypeError, ValueError) as error:
            _log.warning("alarm %s cannot be evaluated: %r", alarm.get("AlarmName"), error)


def _ask_the_topics() -> None:
    """Tell a topic of an alarm only where the topic's policy lets CloudWatch publish."""
    is_topic = cloudwatch._is_sns_action_arn

    def is_open_topic(action: Any) -> bool:
        if not is_topic(action):
            return False
        policy, account = sns.topic_policy_for_arn(action) or ("", "")
        if not policy or grants.service_may(
            _SERVICE, "sns:Publish", action, policy, aws__sourceaccount=account, aws__sourceowner=account
        ):
            return True
        _log.warning("%s is told of no alarm: its policy does not let %s publish", action, _SERVICE)
        return False

    cloudwatch._is_sns_action_arn = is_open_topic


def _scoped(key: Any) -> Key:
    return cloudwatch.get_account_id(), cloudwatch.get_region(), key


def _read_by(alarm: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The keys of the metrics that an alarm reads."""
    for query in alarm.get("Metrics") or [{"MetricStat": {"Metric": alarm}}]:
        if metric := (query.get("MetricStat") or {}).get("Metric"):
            dimensions = cloudwatch._dims_from_list(metric.get("Dimensions") or [])
            yield metric["Namespace"], metric["MetricName"], cloudwatch._dims_key(dimensions)


def _evaluate(alarm: dict[str, Any], now: float, scale: float) -> None:
    values = _values(alarm, now, scale)
    breaches = alarm_states.COMPARISONS[alarm["ComparisonOperator"]]
    points = [None if value is None else breaches(value, alarm["Threshold"]) for value in values]
    # Alarms on DynamoDB's own metrics ignore missing data whatever they say.
    ignored = alarm.get("Namespace") == "AWS/DynamoDB"
    state = alarm_states.next_state(
        points,
        periods=alarm["EvaluationPeriods"],
        needed=alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
        missing="ignore" if ignored else alarm["TreatMissingData"],
        current=alarm["StateValue"],
    )
    if state != alarm["StateValue"]:
        _change(alarm, state, _reason(alarm, state, values))


def _change(alarm: dict[str, Any], state: str, reason: str) -> None:
    before = alarm["StateValue"]
    changes = {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    alarm.update(changes)
    _log.info("alarm %s: %s, was %s. %s", alarm["AlarmName"], state, before, reason)
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _reason(alarm: dict[str, Any], state: str, values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if state == alarm_states.UNKNOWN or not known:
        return f"Insufficient Data: {len(values) - len(known)} data points were unknown."
    seen = ", ".join(f"{value:g}" for value in known[-alarm["EvaluationPeriods"] :])
    return f"Threshold Crossed: data points [{seen}], {alarm['ComparisonOperator']} {alarm['Threshold']:g}."


def _values(alarm: dict[str, Any], now: float, scale: float) -> list[float | None]:
    """The alarm's value in each period of its evaluation range, oldest first."""
    count = alarm["EvaluationPeriods"] + alarm_states.EXTRA_PERIODS
    if not alarm.get("Metrics"):
        (key,) = _read_by(alarm)
        statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
        return _series(key, statistic, alarm["Period"] * scale, count, now)
    series: dict[str, list[float | None]] = {}
    for query in alarm["Metrics"]:
        if stat := query.get("MetricStat"):
            (key,) = _read_by({"Metrics": [query]})
            series[query["Id"]] = _series(key, stat["Stat"], int(stat["Period"]) * scale, count, now)
    for query in alarm["Metrics"]:
        if text := query.get("Expression"):
            rows = ({name: known[at] for name, known in series.items()} for at in range(count))
            series[query["Id"]] = [metric_math.result(text, row) for row in rows]
    return series[_watched(alarm["Metrics"])["Id"]]


def _series(
    key: tuple[str, str, str], statistic: str, period: float, count: int, now: float
) -> list[float | None]:
    buckets: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    old = 0
    for point in reversed(cloudwatch._metrics.get(key) or []):
        age = int((now - point["Timestamp"]) // period)
        if age < count:
            buckets[max(age, 0)].append(point)
            old = 0
        elif (old := old + 1) > _OLD_POINTS:
            break
    return [_statistic(points, statistic) for points in reversed(buckets)]


def _statistic(points: list[dict[str, Any]], statistic: str) -> float | None:
    if not points:
        return None
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    return None if value is None else float(value)


# Metric math


def _keep_metric_math() -> None:
    """Let templates and PutMetricAlarm make alarms on an expression."""
    record, put = provisioners._cw_metric_alarm_record, cloudwatch._put_metric_alarm

    def record_with_math(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        queries = properties.get("Metrics")
        if not queries:
            return record(name, properties)  # type: ignore[no-any-return]
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = record(name, plain | {"MetricName": "-", "Namespace": "-"})
        return _with_math(alarm, _checked(queries))

    def put_with_math(params: Any, sent: Any, is_cbor: bool, is_json: bool = False) -> Any:
        queries = (sent or {}).get("Metrics") if is_cbor or is_json else None
        try:
            checked = _checked(queries) if queries else None
        except ValueError as error:
            return cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
        answer = put(params, sent, is_cbor, is_json)
        if checked and answer[0] == 200:
            _with_math(cloudwatch._alarms[sent["AlarmName"]], checked)
        return answer

    provisioners._cw_metric_alarm_record = record_with_math
    cloudwatch._put_metric_alarm = put_with_math


def _with_math(alarm: dict[str, Any], queries: list[dict[str, Any]]) -> dict[str, Any]:
    for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions"):
        alarm.pop(name, None)
    alarm["Metrics"] = queries
    return alarm


def _checked(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The queries with their types right; ValueError where AWS or the local cloud would not take them."""
    known = {query["Id"] for query in queries if query.get("MetricStat")}
    for query in queries:
        query["ReturnData"] = str(query.get("ReturnData", True)).lower() == "true"
        if query.get("Expression"):
            if unknown := metric_math.names(query["Expression"]) - known:
                raise ValueError(f"{query['Id']} reads what no query before it gives: {', '.join(unknown)}")
            known.add(query["Id"])
        elif query.get("MetricStat"):
            query["MetricStat"]["Period"] = int(query["MetricStat"]["Period"])
        else:
            raise ValueError(f"query {query['Id']} has neither Expression nor MetricStat")
    _watched(queries)
    return queries


def _watched(queries: list[dict[str, Any]]) -> dict[str, Any]:
    found = [query for query in queries if query["ReturnData"]]
    if len(found) != 1:
        raise ValueError("exactly one query of an alarm returns data")
    return found[0]
