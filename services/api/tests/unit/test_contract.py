"""Route table, functions, template and document say the same."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from wotr_api import openapi
from wotr_api.routes import ROUTES, Route

SERVICE = Path(__file__).resolve().parents[2]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with CloudFormation's short tags, whose values are taken as they are."""


def _value(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _value)


@cache
def template() -> Any:
    return yaml.load((SERVICE / "template.yml").read_text(encoding="utf-8"), _Loader)


def parameters() -> Any:
    return template()["Parameters"]


@pytest.fixture(scope="module")
def resources() -> Any:
    return template()["Resources"]


@pytest.fixture(scope="module")
def body(resources: Any) -> Any:
    return resources["Api"]["Properties"]["DefinitionBody"]


def function_of(route: Route) -> str:
    return f"{route.function.title()}Function"


def test_the_template_serves_exactly_the_routes(body: Any) -> None:
    served = {
        (method, path, operation["x-amazon-apigateway-integration"]["uri"][1]["Alias"])
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
        if method != "options"
    }
    assert served == {(route.method, route.path, f"{function_of(route)}.Alias") for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_the_template_asks_for_the_routes_authentication(body: Any, route: Route) -> None:
    security = body["paths"][route.path][route.method]["security"]

    assert security == ([] if route.auth == "open" else [{route.auth: []}])


def test_the_schemes_are_the_gateways_own(body: Any) -> None:
    schemes = body["components"]["securitySchemes"]

    assert schemes["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert schemes["cognito"]["x-amazon-apigateway-authorizer"]["type"] == "cognito_user_pools"


def test_the_gateway_may_call_a_function_for_its_routes_only(resources: Any) -> None:
    allowed = {
        (event["Properties"]["Method"], event["Properties"]["Path"], name)
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
    }
    assert allowed == {(route.method, route.path, function_of(route)) for route in ROUTES}
    others = [name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Permission"]
    assert others == ["PreflightPermission"], "held in test_edge"


def test_machines_may_call_exactly_the_signed_routes(resources: Any) -> None:
    [statement] = resources["SignedRoutesPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Action"] == "execute-api:Invoke"
    assert {arn.partition("${Api}/${Stage}/")[2] for arn in statement["Resource"]} == {
        route.method.upper() + re.sub(r"{\w+}", "*", route.path) for route in ROUTES if route.auth == "sigv4"
    }


@pytest.mark.parametrize("function", sorted({route.function for route in ROUTES}))
def test_a_function_answers_its_routes_and_no_other(function: str) -> None:
    app = import_module(f"wotr_api.handlers.{function}").app
    answered = {
        (route.method.lower(), _spelled(route.path))
        for route in app._static_routes + app._dynamic_routes
        if route.method != "OPTIONS"
    }

    assert answered == {(route.method, route.path) for route in ROUTES if route.function == function}


def _spelled(path: str) -> str:
    """A resolver's path in the document's spelling: `<user_id>` is `{userId}`."""
    return re.sub(
        r"<(\w+)>", lambda name: "{" + re.sub(r"_(\w)", lambda char: char[1].upper(), name[1]) + "}", path
    )


def test_a_function_ends_before_api_gateway_stops_waiting_even_after_a_cold_start(resources: Any) -> None:
    functions = {
        name: body
        for name, body in resources.items()
        if body["Type"] == "AWS::Serverless::Function" and "Events" in body["Properties"]
    }
    late = {name for name, body in functions.items() if body["Properties"]["Timeout"] > 29 - 2}
    assert functions
    assert not late


def test_somebody_is_told_of_more_than_one_percent_of_server_errors_in_five_minutes(resources: Any) -> None:
    alarm = resources["ServerErrorAlarm"]["Properties"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")
    assert alarm["Statistic"] == "Average", "of this metric, that is the share of calls"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 300
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert (alarm["Threshold"], parameters()["ServerErrorRatio"]["Default"]) == ("ServerErrorRatio", 0.01)


def test_somebody_is_told_of_throttled_callers(resources: Any) -> None:
    counted = resources["ThrottledMetric"]["Properties"]
    [metric], alarm = counted["MetricTransformations"], resources["ThrottledAlarm"]["Properties"]

    assert counted["FilterPattern"] == "{ $.status = 429 }"
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert alarm["Threshold"] == "ThrottledPerMinute"
    assert alarm["AlarmActions"] == [{"Fn::ImportValue": "wotr-platform-${Stage}-OpsTopicArn"}]


def test_the_document_is_up_to_date() -> None:
    assert openapi.main(["--check"]) is None


def test_a_stale_document_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "DOCUMENT", tmp_path / "openapi.json")

    assert "openapi.json" in (openapi.main(["--check"]) or "")
    assert openapi.main([]) is None
    assert openapi.main(["--check"]) is None


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = openapi.document()
    wanted = set(re.findall(r'"#/components/schemas/(\w+)"', openapi.text()))

    assert wanted <= set(document["components"]["schemas"])
    assert set(document["components"]["schemas"]) - wanted == set(), "a schema that nothing uses"


def test_the_document_tells_what_a_caller_must_know() -> None:
    post = openapi.document()["paths"]["/me/workouts"]["post"]
    workout = openapi.document()["components"]["schemas"]["WorkoutFields"]
    limit = next(
        each
        for each in openapi.document()["paths"]["/workouts"]["get"]["parameters"]
        if each["name"] == "limit"
    )

    assert {"202", "400", "401", "403", "409", "413", "415", "422", "429", "500", "503"} == set(
        post["responses"]
    )
    assert (workout["additionalProperties"], set(workout["required"])) == (
        False,
        {"type", "startedAt", "durationMin"},
    )
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}


def test_the_document_says_of_an_export_in_json_that_it_is_an_object() -> None:
    answered = openapi.document()["paths"]["/me/export"]["get"]["responses"]["200"]["content"]

    assert answered["text/csv"]["schema"] == {"type": "string"}
    assert set(answered["application/json"]["schema"]["required"]) == {"format", "version", "items"}


GATEWAY_RESPONSES = [
    "UNAUTHORIZED",
    "ACCESS_DENIED",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "EXPIRED_TOKEN",
    "THROTTLED",
    "REQUEST_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
    "BAD_REQUEST_BODY",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
]


@pytest.mark.parametrize("response", GATEWAY_RESPONSES)
def test_what_the_gateway_answers_is_a_problem_too(body: Any, response: str) -> None:
    said = body["x-amazon-apigateway-gateway-responses"][response]
    text = said["responseTemplates"]["application/json"]
    rendered = yaml.safe_load(text.replace("$context.error.messageString", '"why"'))

    assert said["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert {"type", "title", "detail", "correlationId"} <= set(rendered)
    assert str(rendered.get("status", said.get("statusCode"))) == str(said.get("statusCode"))
    assert ("gatewayresponse.header.Retry-After" in said["responseParameters"]) == (response == "THROTTLED")


def test_a_line_of_the_access_log_is_json_also_where_a_value_is_missing(resources: Any) -> None:
    pattern = resources["Api"]["Properties"]["AccessLogSetting"]["Format"]
    line = re.sub(r"\$[a-zA-Z.]+", "-", pattern.replace("$context.status", "429"))
    assert json.loads(line)["status"] == 429
    assert resources["ThrottledMetric"]["Properties"]["FilterPattern"] == "{ $.status = 429 }"
