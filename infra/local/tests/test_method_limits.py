"""Gap: a template may limit how often one route of a REST API is called."""

from __future__ import annotations

import urllib.error
import urllib.request

from stack import Deploy

from localcloud import LocalCloud

MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
ROUTE = {"get": {"security": [], "x-amazon-apigateway-integration": MOCK}}


def test_a_route_has_its_own_limits_and_the_others_have_theirs(stack: Deploy, cloud: LocalCloud) -> None:
    paths = {"/few/calls": ROUTE, "/many": ROUTE}
    body = {"openapi": "3.0.1", "info": {"title": "limits", "version": "1"}, "paths": paths}
    few = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 2}
    made = stack(
        {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Api"}},
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "DeploymentId": {"Ref": "Deployment"},
                    "StageName": "v1",
                    "MethodSettings": [
                        {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 1000}
                        | {"ThrottlingBurstLimit": 1000},
                        {"ResourcePath": "/~1few~1calls", "HttpMethod": "GET", **few},
                    ],
                },
            },
        }
    )

    def status(path: str) -> int:
        try:
            place = f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/v1{path}"
            return int(urllib.request.urlopen(place).status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert [status("/few/calls") for _ in range(4)] == [200, 200, 429, 429]
    assert [status("/many") for _ in range(4)] == [200] * 4
