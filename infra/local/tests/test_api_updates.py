"""Gap: a REST API keeps its id when its OpenAPI body changes."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from stack import Client, Deploy, deploy, function, role

from localcloud import LocalCloud

INVOCATIONS = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Answers.Arn}/invocations"


def resources(path: str, deployment: str) -> dict[str, Any]:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": INVOCATIONS}}
    body = {
        "openapi": "3.0.1",
        "info": {"title": path, "version": "1"},
        "paths": {path: {"get": {"x-amazon-apigateway-integration": integration}}},
    }
    arn = {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"}
    return {
        "Role": role(),
        "Answers": function(
            "def handler(event, context): return {'statusCode': 200, 'body': event['path']}\n"
        ),
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        # As SAM does it: the deployment of a changed body is another resource.
        deployment: {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "DeploymentId": {"Ref": deployment},
                "StageName": "v1",
            },
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Answers"},
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": arn,
            },
        },
    }


def status(cloud: LocalCloud, api: str, path: str) -> int:
    try:
        with urllib.request.urlopen(f"{cloud.endpoint}/_aws/execute-api/{api}/v1{path}") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_changed_route_is_served_at_the_same_address(
    stack: Deploy, client: Client, cloud: LocalCloud
) -> None:
    made = stack(resources("/before", "One"))
    api = made.ids["Api"]
    assert (status(cloud, api, "/before"), status(cloud, api, "/after")) == (200, 403)

    changed = deploy(client, {"Resources": resources("/after", "Two")}, name=made.name)
    assert changed.ids["Api"] == api
    assert (status(cloud, api, "/before"), status(cloud, api, "/after")) == (403, 200)
    gateway = client("apigateway")
    assert gateway.get_rest_api(restApiId=api)["name"] == "/after"
    assert [found["id"] for found in gateway.get_rest_apis(limit=500)["items"]].count(api) == 1
