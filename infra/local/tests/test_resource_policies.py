"""Gap: a REST API's resource policy may be part of its OpenAPI body, and concerns athletes' routes too."""

from __future__ import annotations

import secrets
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from stack import Client, Deploy, deploy

from localcloud import LocalCloud

HERE = "127.0.0.0/8"
ELSEWHERE = "203.0.113.0/24"
MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
PASSWORD = f"Aa1-{secrets.token_urlsafe(12)}"


def scheme(kind: str, **more: Any) -> dict[str, Any]:
    named = {"type": "apiKey", "name": "Authorization", "in": "header"}
    return {**named, "x-amazon-apigateway-authtype": kind, **more}


def api(policy: dict[str, Any] | None) -> dict[str, Any]:
    """An API with a signed, an athletes' and an open route, and this policy."""
    pool = {
        "type": "cognito_user_pools",
        "providerARNs": [{"Fn::GetAtt": ["Pool", "Arn"]}],
    }
    routes: dict[str, list[Any]] = {
        "/signed": [{"signed": []}],
        "/athletes": [{"athlete": []}],
        "/open": [],
    }
    body = {
        "openapi": "3.0.1",
        "info": {"title": "contract", "version": "1"},
        "paths": {
            path: {"get": {"security": security, "x-amazon-apigateway-integration": MOCK}}
            for path, security in routes.items()
        },
        "components": {
            "securitySchemes": {
                "signed": scheme("awsSigv4"),
                "athlete": scheme("cognito_user_pools", **{"x-amazon-apigateway-authorizer": pool}),
            }
        },
        **({"x-amazon-apigateway-policy": policy} if policy else {}),
    }
    return {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
        "App": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {
                "UserPoolId": {"Ref": "Pool"},
                "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            },
        },
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "v1"},
        },
    }


def statement(effect: str, *routes: str, **condition: Any) -> dict[str, Any]:
    said = {
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": [f"execute-api:/v1/GET/{route}" for route in routes],
    }
    return {**said, **({"Condition": condition} if condition else {})}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def not_from(addresses: str) -> dict[str, Any]:
    return statement("Deny", "signed", NotIpAddress={"aws:SourceIp": [addresses]})


def status(url: str, headers: dict[str, str]) -> int:
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers))
    except urllib.error.HTTPError as refused:
        return refused.code
    return int(answer.status)


def test_a_policy_is_asked_for_every_kind_of_route_and_goes_with_the_body(
    stack: Deploy, cloud: LocalCloud, client: Client
) -> None:
    allowed = statement("Allow", "athletes", "open")
    made = stack(api(policy(allowed, not_from(ELSEWHERE))))
    place = f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/v1"
    cognito, iam = client("cognito-idp"), client("iam")
    pool = {"UserPoolId": made.ids["Pool"]}
    cognito.admin_create_user(**pool, Username="ada")
    cognito.admin_set_user_password(**pool, Username="ada", Password=PASSWORD, Permanent=True)
    token = cognito.admin_initiate_auth(
        **pool,
        ClientId=made.ids["App"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["IdToken"]
    iam.create_user(UserName="by-policy")
    invoke = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    may = '{"Version": "2012-10-17", "Statement": [' + str(invoke).replace("'", '"') + "]}"
    iam.put_user_policy(UserName="by-policy", PolicyName="may", PolicyDocument=may)
    key = iam.create_access_key(UserName="by-policy")["AccessKey"]

    def answers() -> dict[str, int]:
        request = AWSRequest("GET", f"{place}/signed")
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        SigV4Auth(credentials, "execute-api", iam.meta.region_name).add_auth(request)
        return {
            "signed": status(f"{place}/signed", dict(request.headers.items())),
            "athletes": status(f"{place}/athletes", {"Authorization": f"Bearer {token}"}),
            "open": status(f"{place}/open", {}),
        }

    def changed(said: dict[str, Any] | None) -> dict[str, int]:
        deploy(client, {"Resources": api(said)}, name=made.name)
        return answers()

    assert answers() == {"signed": 403, "athletes": 200, "open": 200}
    assert changed(policy(allowed, not_from(HERE))) == {"signed": 200, "athletes": 200, "open": 200}
    assert changed(policy(not_from(HERE))) == {"signed": 200, "athletes": 403, "open": 403}
    assert changed(None) == {"signed": 200, "athletes": 200, "open": 200}


@pytest.mark.parametrize("path", ["athletes", "signed"])
def test_a_policy_lets_nobody_in_without_credentials(stack: Deploy, cloud: LocalCloud, path: str) -> None:
    made = stack(api(policy(statement("Allow", "athletes", "signed"))))
    place = f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/v1"
    assert status(f"{place}/{path}", {}) in {401, 403}
