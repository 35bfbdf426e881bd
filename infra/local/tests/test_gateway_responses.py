"""Gap: an OpenAPI body may say what API Gateway itself answers when it refuses a request."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from stack import Client, Deploy

from localcloud import LocalCloud

SIGNED = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "awsSigv4",
}
BODY = {
    "openapi": "3.0.1",
    "info": {"title": "contract", "version": "1"},
    "paths": {
        "/signed": {
            "get": {
                "security": [{"signed": []}],
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                },
            }
        }
    },
    "components": {"securitySchemes": {"signed": SIGNED}},
    "x-amazon-apigateway-gateway-responses": {
        "DEFAULT_4XX": {
            "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
            "responseTemplates": {
                "application/json": '{"title": $context.error.messageString, "id": "$context.requestId"}'
            },
        },
        "MISSING_AUTHENTICATION_TOKEN": {
            "statusCode": 404,
            "responseTemplates": {"application/json": '{"title": "no"}'},
        },
    },
}


@pytest.fixture(scope="module")
def stage(stack: Deploy, cloud: LocalCloud) -> str:
    """Where the contract's API answers."""
    made = stack(
        {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": BODY}},
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "v1"},
            },
        }
    )
    return f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/v1"


def test_a_refusal_is_worded_by_the_body(stage: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{stage}/nowhere")
    assert (refused.value.code, json.load(refused.value)) == (404, {"title": "no"})

    wrong = urllib.request.Request(f"{stage}/signed", headers={"Authorization": "Bearer x"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(wrong)
    assert refused.value.headers["Content-Type"] == "application/problem+json"
    assert json.load(refused.value).keys() == {"title", "id"}


def test_a_caller_who_signs_but_is_not_allowed_is_refused_in_the_same_words(
    stage: str, client: Client
) -> None:
    iam = client("iam")
    iam.create_user(UserName="not-allowed")
    key = iam.create_access_key(UserName="not-allowed")["AccessKey"]
    request = AWSRequest("GET", f"{stage}/signed")
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    SigV4Auth(credentials, "execute-api", iam.meta.region_name).add_auth(request)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            urllib.request.Request(f"{stage}/signed", headers=dict(request.headers.items()))
        )
    assert refused.value.code == 403
    assert refused.value.headers["Content-Type"] == "application/problem+json"
    assert "not authorized to perform: execute-api:Invoke" in json.load(refused.value)["title"]
