"""Gap: an HTTP API's stage logs each request."""

from __future__ import annotations

import json

from http_api import HTTP_API, ask
from stack import Client, Deploy

from localcloud import LocalCloud

FORMAT = (
    '{"id":"$context.requestId","method":"$context.httpMethod","path":"$context.path","status":$context.status,'
    '"bytes":"$context.responseLength","error":"$context.integrationErrorMessage"}'
)


def test_each_request_is_a_line_under_the_id_that_everybody_knows_it_by(
    stack: Deploy, cloud: LocalCloud, client: Client
) -> None:
    logged = {"DestinationArn": {"Fn::GetAtt": ["Log", "Arn"]}, "Format": FORMAT}
    made = stack(
        HTTP_API
        | {
            "Log": {"Type": "AWS::Logs::LogGroup"},
            "Stage": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": HTTP_API["Stage"]["Properties"] | {"AccessLogSettings": logged},
            },
        }
    )
    url = f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}"
    answers = [ask("GET", f"{url}/a/b?secret=1"), ask("POST", f'{url}/say%22so"', b"{}")]

    events = client("logs").filter_log_events(logGroupName=made.ids["Log"])["events"]
    lines = [json.loads(event["message"]) for event in events]
    assert [line["id"] for line in lines] == [body for _, _, body in answers]
    assert [line["id"] for line in lines] == [headers["apigw-requestid"] for _, headers, _ in answers]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/a/b", 200),
        ("POST", '/say"so"', 200),
    ]
    assert [line["bytes"] for line in lines] == [str(len(body)) for _, _, body in answers]
    assert {line["error"] for line in lines} == {"-"}


def test_a_stage_without_settings_logs_nothing_and_still_names_requests(
    stack: Deploy, cloud: LocalCloud
) -> None:
    made = stack(HTTP_API)
    _, headers, body = ask("GET", f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/")
    assert body == headers["apigw-requestid"]
