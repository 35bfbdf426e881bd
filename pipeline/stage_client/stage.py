"""One deployed stage: where its parts are, and calls to its API."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from functools import cache, cached_property
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from stage_client.answers import Answer, Body, Request, StageError, payload, send
from stage_client.hosted_ui import HostedUi
from stage_client.imports import Import, begin

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

JSON = {"content-type": "application/json"}


def local_url(endpoint: str, url: str) -> str:
    """`url` of an API (https://ID.execute-api…/STAGE) as an emulator at `endpoint` serves it.

    An emulator answers for every host name at one address, so the API's id moves from the host into the path.
    """
    parts = urlsplit(url)
    return f"{endpoint.rstrip('/')}/_aws/execute-api/{parts.netloc.partition('.')[0]}{parts.path}"


class Athlete:
    """A signed-in athlete: `user_id` as the platform knows them, and calls with their token."""

    def __init__(self, stage: Stage, user_id: str, token: str) -> None:
        self._stage = stage
        self.user_id = user_id
        self.token = token

    def call(
        self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One call as this athlete."""
        return self._stage.call(
            method, path, body, {"authorization": f"Bearer {self.token}", **(headers or {})}
        )

    def import_file(
        self, content: bytes, settings: Mapping[str, str] | None = None, content_type: str = "text/csv"
    ) -> Import:
        """Bring an export in; `settings`: weightUnit, distanceUnit, timezone, where it leaves them unsaid."""
        return begin(self, content, settings or {}, content_type)


class Stage:
    """The stage `name` (dev, prod) of the account and region that the environment's credentials lead to."""

    def __init__(self, name: str = "dev", session: boto3.Session | None = None) -> None:
        self.name = name
        self._session = session or boto3.Session()
        self._outputs = cache(self._read_outputs)
        self._assumed = cache(self._assume)

    def outputs(self, stack: str) -> dict[str, str]:
        """Outputs of the stack `wotr-<stack>-<stage>` by name; StageError where it is not deployed."""
        return self._outputs(stack)

    @cached_property
    def api_url(self) -> str:
        """Where the API answers, without a slash at the end."""
        return self._reachable("api")

    @cached_property
    def collector_url(self) -> str:
        """Where the collector answers, without a slash at the end."""
        return self._reachable("analytics")

    def call(
        self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One call as anybody, with nothing but `headers`."""
        return send(method, self.api_url + path, payload(body), {**JSON, **(headers or {})})

    def signed(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        role_arn: str | None = None,
    ) -> Answer:
        """One call signed with SigV4, by `role_arn`'s temporary credentials or the environment's own."""
        return self.sign(method, path, body, query=query, headers=headers, role_arn=role_arn).send()

    def sign(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        role_arn: str | None = None,
    ) -> Request:
        """The signed call, to be sent within the five minutes that a signature lives."""
        credentials = self._assumed(role_arn) if role_arn else self._own_credentials()
        url = self.api_url + path + (f"?{urlencode(query)}" if query else "")
        request = AWSRequest(method, url, {**JSON, **(headers or {})}, payload(body))
        SigV4Auth(credentials, "execute-api", self._session.region_name).add_auth(request)
        return Request(method, url, payload(body), dict(request.headers.items()))

    def athlete(self, email: str | None = None, password: str | None = None) -> Athlete:
        """A new athlete, signed up, confirmed by the operator's hand and signed in."""
        email = email or f"athlete-{secrets.token_hex(6)}@example.com"
        password = password or f"Aa1-{secrets.token_urlsafe(18)}"
        pool, client = (self.outputs("auth")[name] for name in ("UserPoolId", "UserPoolClientId"))
        cognito = self._session.client("cognito-idp")
        user_id = cognito.sign_up(
            ClientId=client,
            Username=email,
            Password=password,
            UserAttributes=[{"Name": "email", "Value": email}],
        )["UserSub"]
        cognito.admin_confirm_sign_up(UserPoolId=pool, Username=email)
        return Athlete(self, user_id, self.sign_in(email, password))

    @cached_property
    def hosted_ui(self) -> HostedUi:
        """The sign-in pages of the stage."""
        auth = self.outputs("auth")
        url = os.environ.get("AWS_ENDPOINT_URL") or f"https://{auth['HostedUiDomain']}"
        return HostedUi(url, auth["UserPoolClientId"])

    def sign_in(self, email: str, password: str) -> str:
        """The ID token of an athlete, by the operator's own credentials (admin flow)."""
        auth = self.outputs("auth")
        answer = self._session.client("cognito-idp").admin_initiate_auth(
            UserPoolId=auth["UserPoolId"],
            ClientId=auth["UserPoolClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return answer["AuthenticationResult"]["IdToken"]

    def upload_csv(self, user_id: str, import_id: str, content: IO[bytes] | bytes) -> str:
        """Upload an export for import; the object's key."""
        key = f"uploads/{user_id}/{import_id}.csv"
        bucket = self.outputs("data")["UploadsBucketName"]
        s3 = self._session.client("s3")
        if isinstance(content, bytes):
            s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/csv")
        else:
            s3.upload_fileobj(content, bucket, key, ExtraArgs={"ContentType": "text/csv"})
        return key

    def _reachable(self, stack: str) -> str:
        url = self.outputs(stack)["ApiEndpoint"].rstrip("/")
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        return local_url(endpoint, url) if endpoint else url

    def _read_outputs(self, stack: str) -> dict[str, str]:
        name = f"wotr-{stack}-{self.name}"
        try:
            found = self._session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            raise StageError(
                f"stack {name} is not there ({error.response['Error'].get('Message')}); deploy it first"
            ) from error
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def _own_credentials(self) -> ReadOnlyCredentials:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise StageError("no AWS credentials in the environment: set a profile or AWS_ACCESS_KEY_ID")
        return credentials.get_frozen_credentials()

    def _assume(self, role_arn: str) -> ReadOnlyCredentials:
        given = self._session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="wotr-client")[
            "Credentials"
        ]
        return Credentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        ).get_frozen_credentials()
