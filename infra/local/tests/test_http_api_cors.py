"""Gap: an HTTP API's CORS configuration works when a template says it."""

from __future__ import annotations

from http_api import HTTP_API, ask
from stack import Client, Deploy, deploy

from localcloud import LocalCloud

PAGE = "https://example.com"


def with_cors(origin: str) -> dict[str, object]:
    cors = {"AllowOrigins": [origin], "AllowMethods": ["PUT"], "AllowHeaders": ["x-mine"], "MaxAge": 60}
    return HTTP_API | {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "cors", "ProtocolType": "HTTP", "CorsConfiguration": cors},
        }
    }


def test_preflights_and_answers_follow_the_template(stack: Deploy, cloud: LocalCloud, client: Client) -> None:
    made = stack(with_cors(PAGE))
    url = f"{cloud.endpoint}/_aws/execute-api/{made.ids['Api']}/any"
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}

    status, headers, _ = ask("OPTIONS", url, headers=asked)
    assert status == 204
    assert headers["access-control-allow-origin"] == PAGE
    assert headers["access-control-allow-methods"] == "PUT"
    assert headers["access-control-allow-headers"] == "x-mine"
    assert headers["access-control-max-age"] == "60"
    assert ask("PUT", url, headers={"Origin": PAGE})[1]["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in ask("OPTIONS", url, headers={"Origin": "https://other"})[1]

    deploy(client, {"Resources": with_cors("https://moved.example")}, made.name)
    assert "access-control-allow-origin" not in ask("OPTIONS", url, headers=asked)[1]
