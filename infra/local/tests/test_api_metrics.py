"""Gap: APIs report their requests, refusals and latency."""

from __future__ import annotations

import datetime
import urllib.error
import urllib.request

from canaries import version
from stack import Client, Deploy, Stack, Wait, function, role
from test_weighted_aliases import api

from localcloud import LocalCloud

CODE = """
def handler(event, context):
    asked = event.get("queryStringParameters") or {}
    return {"statusCode": int(asked.get("status", 200)), "body": ""}
"""


def total(client: Client, metric: str, **dimensions: str) -> float | None:
    now = datetime.datetime.now(datetime.UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points)) if points else None


def call(address: str) -> None:
    try:
        with urllib.request.urlopen(address):
            pass
    except urllib.error.HTTPError as refused:
        refused.close()


def deployed(stack: Deploy, name: str) -> Stack:
    alias = {"FunctionName": {"Ref": "Answers"}, "FunctionVersion": "1", "Name": "live"}
    parts = api()
    parts["RestApi"]["Properties"]["Name"] = name
    return stack(
        {
            "Role": role(),
            "Answers": function(CODE),
            **version("Answers", 1),
            "Alias": {"Type": "AWS::Lambda::Alias", "DependsOn": "AnswersVersion1", "Properties": alias},
            **parts,
        }
    )


def test_requests_are_counted_by_api_and_stage(
    stack: Deploy, client: Client, cloud: LocalCloud, eventually: Wait
) -> None:
    made = deployed(stack, "contract-told")
    rest = f"{cloud.endpoint}/_aws/execute-api/{made.ids['RestApi']}/s/"
    http = f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/$default/"
    for address in (rest, http):
        for status in (200, 200, 404, 500, 502, 503):
            call(f"{address}?status={status}")
    kinds = (
        ({"ApiName": "contract-told"}, {"Stage": "s"}, "4XXError", "5XXError"),
        ({"ApiId": made.ids["Api"]}, {"Stage": "$default"}, "4xx", "5xx"),
    )
    for api_of, stage, of_caller, of_server in kinds:
        for dimensions in (api_of, api_of | stage):
            eventually(lambda dimensions=dimensions: total(client, "Count", **dimensions) == 6)
            assert total(client, of_caller, **dimensions) == 1
            assert total(client, of_server, **dimensions) == 3
            assert (total(client, "Latency", **dimensions) or 0) > 0


def test_an_alarm_on_the_rate_of_server_errors_comes(
    stack: Deploy, client: Client, cloud: LocalCloud, eventually: Wait
) -> None:
    made = deployed(stack, "contract-rate")
    client("cloudwatch").put_metric_alarm(
        AlarmName="contract-rate",
        Namespace="AWS/ApiGateway",
        MetricName="5XXError",
        Dimensions=[{"Name": "ApiName", "Value": "contract-rate"}, {"Name": "Stage", "Value": "s"}],
        Statistic="Average",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    address = f"{cloud.endpoint}/_aws/execute-api/{made.ids['RestApi']}/s/"

    def raised() -> bool:
        call(f"{address}?status=500")
        (found,) = client("cloudwatch").describe_alarms(AlarmNames=["contract-rate"])["MetricAlarms"]
        return bool(found["StateValue"] == "ALARM")

    call(address)
    eventually(raised)
