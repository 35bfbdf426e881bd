"""The edge: what every answer carries, which pages may read it, how much is taken, and who is let near."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from tests.unit.calls import ATHLETE, event, send
from tests.unit.cloud import Cloud
from tests.unit.test_contract import GATEWAY_RESPONSES, function_of, parameters, template

from wotr_api import edge, pacing
from wotr_api.bodies import MAX_BYTES, MAX_BYTES_WITH_SETS
from wotr_api.routes import ROUTES, Route

PAGE = "https://app.example.com"
WITH_BODY = [route for route in ROUTES if route.body is not None]


def called(route: Route, **more: Any) -> dict[str, Any]:
    """A call of `route` by somebody who may."""
    ids = {"{sessionId}": "20260301T173000-1a2b3c4d5e", "{importId}": "winter", "{userId}": "ada"}
    path = re.sub(r"{\w+}", lambda name: ids.get(name[0], "20260301T173000000Z"), route.path)
    if route.files:
        path += "?format=json"  # which `send` can read
    who: Any = {"athlete": ATHLETE} if route.auth == "cognito" else {}
    return event(route.method.upper(), path, **who, **more)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Say which origins are allowed."""

    def say(origins: str) -> None:
        monkeypatch.setenv("ALLOWED_ORIGINS", origins)
        edge._settings.cache_clear()

    yield say
    edge._settings.cache_clear()


# headers


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_answer_of_a_function_carries_the_headers(cloud: Cloud, route: Route) -> None:
    answer = send(route.function, called(route))

    assert {name: answer.headers.get(name.lower()) for name in edge.HEADERS} == edge.HEADERS


@pytest.mark.parametrize("response", GATEWAY_RESPONSES)
def test_what_the_gateway_answers_by_itself_carries_them_too(response: str) -> None:
    responses = body()["x-amazon-apigateway-gateway-responses"]
    said = {
        name.removeprefix("gatewayresponse.header."): value
        for name, value in responses[response]["responseParameters"].items()
    }
    # A source list without an entry is 'none'; a quote within the gateway's quotes is documented nowhere.
    expected = {name: f"'{value}'".replace(" 'none'", "") for name, value in edge.HEADERS.items()}

    assert {name: said.get(name) for name in expected} == expected
    assert said["Vary"] == "'Origin'"


def test_every_response_of_the_gateway_is_among_those_that_are_held() -> None:
    assert set(body()["x-amazon-apigateway-gateway-responses"]) == set(GATEWAY_RESPONSES)


# pages of other origins


def cors(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_no_page_may_read_an_answer_unless_its_origin_is_configured(cloud: Cloud, allowed: Any) -> None:
    asked = {"Origin": PAGE}

    assert cors(send("query", event("GET", "/me/profile", athlete=ATHLETE, headers=asked))) == {}
    allowed(f"https://other.example.com,{PAGE}")
    answer = send("query", event("GET", "/me/profile", athlete=ATHLETE, headers=asked))

    assert cors(answer) == {
        "access-control-allow-origin": PAGE,
        "access-control-expose-headers": "Content-Disposition, ETag, Location, Retry-After, X-Correlation-Id",
    }
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        f"{PAGE}.evil.com",
        f"{PAGE}:8443",
        "http://app.example.com",
        "null",
        "*",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_an_origin_that_only_looks_like_one_is_told_nothing(
    cloud: Cloud, allowed: Any, origin: str, method: str
) -> None:
    allowed(PAGE)
    function = "health" if method == "OPTIONS" else "query"

    answer = send(function, event(method, "/me/profile", athlete=ATHLETE, headers={"Origin": origin}))

    assert cors(answer) == {}


def test_a_refusal_can_be_read_as_well(cloud: Cloud, allowed: Any) -> None:
    allowed(PAGE)

    call = event("GET", "/me/workouts?limit=no", athlete=ATHLETE, headers={"origin": PAGE})
    answer = send("query", call)

    assert (answer.status, cors(answer)["access-control-allow-origin"]) == (422, PAGE)


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES if route.auth == "cognito"}))
def test_a_browser_may_ask_beforehand_about_every_route_of_athletes(path: str, allowed: Any) -> None:
    allowed(PAGE)
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}

    answer = send("health", event("OPTIONS", re.sub(r"{\w+}", "a.b-1", path), headers=asked))

    told = cors(answer)
    assert (answer.status, told["access-control-allow-origin"]) == (204, PAGE)
    offered = {each.strip() for each in told["access-control-allow-methods"].split(",")}
    assert offered >= {route.method.upper() for route in ROUTES if route.path == path}
    assert "Authorization" in told["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in told


def test_the_gateway_passes_preflights_to_the_function_that_may_do_nothing() -> None:
    paths = body()["paths"]
    asked = {
        path: methods["options"]["x-amazon-apigateway-integration"]["uri"][1]["Alias"]
        for path, methods in paths.items()
        if "options" in methods
    }
    assert asked == {route.path: "HealthFunction.Alias" for route in ROUTES if route.auth == "cognito"}
    assert all(methods["options"]["security"] == [] for methods in paths.values() if "options" in methods)
    permission = template()["Resources"]["PreflightPermission"]["Properties"]
    assert permission["FunctionName"] == "HealthFunction.Alias"
    assert permission["SourceArn"].endswith(":${Api}/${Stage}/OPTIONS/me/*")


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "http://example.com", "https://a.b/", "null"]
)
def test_an_origin_for_everybody_or_without_tls_cannot_be_configured(origin: str) -> None:
    assert not re.search(parameters()["AllowedOrigins"]["AllowedPattern"], origin)


@pytest.mark.parametrize("origin", ["", PAGE, "https://app.example.com:8443", "http://localhost:5173"])
def test_an_origin_with_tls_or_of_a_developers_own_machine_can(origin: str) -> None:
    assert re.search(parameters()["AllowedOrigins"]["AllowedPattern"], origin)


# size


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: route.operation)
def test_a_body_that_is_too_large_is_413_before_it_is_read(cloud: Cloud, route: Route) -> None:
    """It is no JSON, so that whoever read it would answer 400."""
    headers = {"Content-Type": "application/json"}

    answer = send(route.function, called(route, raw="{" + "x" * MAX_BYTES_WITH_SETS, headers=headers))

    assert answer.status == 413
    most = MAX_BYTES_WITH_SETS if str(MAX_BYTES_WITH_SETS) in answer.body["detail"] else MAX_BYTES
    small = send(route.function, called(route, raw="{" + "x" * (most - 1), headers=headers))
    assert small.status == 400, "what is just small enough is read"
    assert cloud.messages() == []
    assert cloud.workers.asked == []


def test_only_bodies_with_sets_may_be_large() -> None:
    document = [
        route.operation for route in WITH_BODY if "sets" in str(route.body and route.body.model_fields)
    ]
    assert sorted(document) == ["patchMySession", "postMySession", "postMySets"]


# pace


def test_every_route_has_the_limits_of_its_class() -> None:
    settings = template()["Resources"]["Api"]["Properties"]["MethodSettings"]
    found = {(each["ResourcePath"], each["HttpMethod"]): each for each in settings}
    common = found["/*", "*"]

    for route in ROUTES:
        place = ("/" + route.path.replace("/", "~1"), route.method.upper())
        limits = found.get(place, common)
        name = route.paced.title()
        assert limits["ThrottlingRateLimit"] == f"{name}RatePerSecond", route.operation
        assert limits["ThrottlingBurstLimit"] == f"{name}Burst", route.operation
        assert limits["DataTraceEnabled"] is False
    assert len(found) == len(settings), "no route twice"


def test_a_class_is_what_the_route_does() -> None:
    classes = {route.operation: route.paced for route in ROUTES}

    assert {each for each, pace in classes.items() if pace == "grant"} == {"postMyImport", "postMyUpload"}
    assert {each for each, pace in classes.items() if pace == "heavy"} == {
        "getWorkouts",
        "getMyExport",
        "getMyLoad",
    }
    assert (classes["postWorkout"], classes["getMyWorkouts"], classes["postMyWorkout"]) == (
        "machine",
        "read",
        "write",
    )


def test_what_costs_more_may_be_called_less() -> None:
    rates = [parameters()[f"{name}RatePerSecond"]["Default"] for name in ("Read", "Write", "Heavy", "Grant")]

    assert rates == sorted(rates, reverse=True)
    for name in ("Machine", "Read", "Write", "Heavy", "Grant"):
        assert 0 < parameters()[f"{name}RatePerSecond"]["Default"] < parameters()[f"{name}Burst"]["Default"]


def test_the_limits_in_the_template_are_up_to_date() -> None:
    assert pacing.main(["--check"]) is None


def test_stale_limits_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "template.yml"
    text = pacing.TEMPLATE.read_text(encoding="utf-8")
    copy.write_text(text.replace("!Ref HeavyBurst", "!Ref ReadBurst"), encoding="utf-8")
    monkeypatch.setattr(pacing, "TEMPLATE", copy)

    assert "write them anew" in (pacing.main(["--check"]) or "")
    assert pacing.main([]) is None
    assert copy.read_text(encoding="utf-8") == text


# who is let near


def body() -> Any:
    return template()["Resources"]["Api"]["Properties"]["DefinitionBody"]


def statements() -> tuple[Any, Any, Any]:
    """Of the resource policy: what allows, what addresses decide, what the endpoint decides."""
    condition, said, otherwise = body()["x-amazon-apigateway-policy"]
    assert (condition, otherwise) == ("IsLimited", "AWS::NoValue")
    allow, (by_address, addresses, _), (by_endpoint, endpoint, _) = said["Statement"]
    assert (by_address, by_endpoint) == ("HasSourceCidrs", "IsPrivate")
    return allow, addresses, endpoint


def reaches(statement: Any, method: str, path: str) -> bool:
    """Whether the statement is about this call; IAM's "*" goes over slashes."""
    wanted = statement["Resource"]
    called = f"execute-api:/${{Stage}}/{method}{path}"
    return any(
        fnmatchcase(called, each.replace("[", "[[]"))
        for each in ([wanted] if isinstance(wanted, str) else wanted)
    )


# As athletes and machines would call them; a user may be called anything, "me" too.
CALLS = [
    (route, re.sub(r"{\w+}", value, route.path))
    for route in ROUTES
    for value in ("me", "x", "health", "20260301T173000000Z")
]


@pytest.mark.parametrize(("route", "path"), CALLS, ids=lambda each: getattr(each, "operation", each))
def test_a_resource_policy_turns_away_machines_from_elsewhere_and_no_athlete(route: Route, path: str) -> None:
    allow, addresses, endpoint = statements()
    method = route.method.upper()
    signed = route.auth == "sigv4"

    assert reaches(addresses, method, path) is signed
    assert reaches(allow, method, path) is not signed, (
        "an Allow would stand in for a machine's own permission"
    )
    assert reaches(endpoint, method, path), "of a private API nothing is reached another way"
    assert (addresses["Effect"], endpoint["Effect"], allow["Effect"]) == ("Deny", "Deny", "Allow")


def test_the_policy_goes_by_the_parameters() -> None:
    _, addresses, endpoint = statements()
    conditions = template()["Conditions"]

    assert addresses["Condition"] == {"NotIpAddress": {"aws:SourceIp": "MachineSourceCidrs"}}
    assert endpoint["Condition"] == {"StringNotEquals": {"aws:SourceVpce": "VpcEndpointId"}}
    assert conditions["IsLimited"] == ["HasSourceCidrs", "IsPrivate"]
    assert [parameters()[name]["Default"] for name in ("MachineSourceCidrs", "VpcEndpointId")] == ["", ""]
    place = template()["Resources"]["Api"]["Properties"]["EndpointConfiguration"]
    assert place["Type"] == ["IsPrivate", "PRIVATE", "REGIONAL"], "only a private API knows the endpoint"
    assert template()["Rules"]["AddressesOrAnEndpoint"]["Assertions"][0]["Assert"][0] == "MachineSourceCidrs"


def test_preflights_pass_the_policy() -> None:
    allow, addresses, _ = statements()

    assert reaches(allow, "OPTIONS", "/me/workouts")
    assert not reaches(addresses, "OPTIONS", "/me/workouts")


# web ACL


def test_a_web_acl_stands_before_the_stage_where_it_is_wanted() -> None:
    resources = template()["Resources"]
    parts = {name: each for name, each in resources.items() if each.get("Condition") == "HasWebAcl"}
    association = parts["WebAccessControlOfStage"]["Properties"]

    assert (template()["Conditions"]["HasWebAcl"], parameters()["WebAcl"]["Default"]) == (
        ["WebAcl", "on"],
        "off",
    )
    assert association["ResourceArn"].endswith("/restapis/${Api}/stages/${Api.Stage}")
    assert association["WebACLArn"] == "WebAccessControl.Arn"
    assert {each["Type"] for each in parts.values()} == {
        "AWS::WAFv2::WebACL",
        "AWS::WAFv2::WebACLAssociation",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::Logs::LogGroup",
    }


def test_the_web_acl_blocks_by_amazons_lists_and_by_rate_and_no_large_or_outspoken_body() -> None:
    acl = template()["Resources"]["WebAccessControl"]["Properties"]
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    groups = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]
        for rule in rules.values()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    rate = rules["too-many-from-one-address"]
    common = rules["common"]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]

    assert groups == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }
    assert all(rule["OverrideAction"] == {"None": {}} for rule in rules.values() if rule is not rate)
    assert rate["Action"] == {"Block": {}}
    assert rate["Statement"]["RateBasedStatement"]["Limit"] == "WebAclCallsPerAddress"
    assert {each["Name"] for each in common} >= {"SizeRestrictions_BODY", "CrossSiteScripting_BODY"}
    assert not any(rule["VisibilityConfig"]["SampledRequestsEnabled"] for rule in rules.values())


def test_no_token_comes_into_the_web_acls_log() -> None:
    log = template()["Resources"]["WebAccessControlLogging"]["Properties"]
    hidden = {field["SingleHeader"]["Name"] for field in log["RedactedFields"]}

    assert hidden == {"authorization", "x-amz-security-token"}
    assert template()["Resources"]["WebAccessControlLogGroup"]["Properties"]["LogGroupName"].startswith(
        "aws-waf-logs-"
    )


# exports


def test_nobody_but_the_function_that_makes_exports_puts_one() -> None:
    policy = template()["Resources"]["ExportsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (writers,) = [each for each in policy if each["Sid"] == "KnownWritersOnly"]

    assert (writers["Effect"], writers["Principal"]) == ("Deny", "*")
    assert "s3:PutObject" in writers["Action"]
    assert writers["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": "ExportRole.Arn"}}
    assert function_of(next(route for route in ROUTES if route.function == "export")) == "ExportFunction"
