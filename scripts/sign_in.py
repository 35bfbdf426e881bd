"""Sign in through the hosted UI, as a browser does, and print the tokens.

    sign_in                          opens the browser, waits for it to come back, prints the tokens as JSON
    sign_in --sign-up                begins with a new account
    TOKEN=$(sign_in --id-token)      the ID token alone, for `curl -H "Authorization: Bearer $TOKEN"`
    sign_in --refresh                new tokens for the refresh token on standard input, without a browser
    sign_in --revoke                 ends the refresh token on standard input
    sign_in --mfa                    sets up an authenticator app for whoever signs in

The browser is sent back to this machine: the stage's CallbackUrls must name an http address of localhost, as
they do by default. What is for you goes to standard error, so that a pipe gets tokens alone. Tokens are as
good as the password until they expire: keep them out of files and histories.
"""

from __future__ import annotations

import argparse
import json
import sys
import webbrowser
from dataclasses import asdict

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from signing_in import loopback

from stage_client import HostedUi, Stage, StageError, Tokens
from stage_client.hosted_ui import SCOPES

SELF_SERVICE = "aws.cognito.signin.user.admin"


def main() -> int:
    """Sign in, refresh or revoke; 0 where that was done, 1 where not."""
    options = _parser().parse_args()
    try:
        stage = Stage(options.stage)
        if options.revoke:
            stage.hosted_ui.revoke(_standard_input())
            _tell("revoked; the access and ID tokens that came with it end by themselves within the hour")
            return 0
        tokens = (
            stage.hosted_ui.refresh(_standard_input()) if options.refresh else _by_browser(stage, options)
        )
        if options.mfa:
            _set_up_factor(tokens, stage)
            return 0
        print(tokens.id_token if options.id_token else json.dumps(_shown(tokens), indent=2))
        _tell(f"signed in as {tokens.claims().get('email')} ({', '.join(tokens.claims()['cognito:groups'])})")
        _tell(f'Next: curl -H "Authorization: Bearer $TOKEN" {stage.api_url}/me/workouts')
    except (StageError, ClientError, BotoCoreError, OSError) as error:
        _tell(f"sign_in: {error}")
        return 1
    return 0


def _by_browser(stage: Stage, options: argparse.Namespace) -> Tokens:
    ui: HostedUi = stage.hosted_ui
    home = loopback.address(_callbacks(stage))
    scopes = (*SCOPES, SELF_SERVICE) if options.mfa else SCOPES
    begun = ui.begin(home, "signup" if options.sign_up else "oauth2/authorize", scopes)
    with loopback.listening(home) as listener:
        _tell(f"Sign in here: {begun.url}")
        if not options.no_browser:
            webbrowser.open(begun.url)
        _tell(f"waiting {options.patience} s for the browser to come back to {home} (Ctrl-C ends it)")
        return ui.redeem(begun, listener.callback(options.patience))


def _callbacks(stage: Stage) -> list[str]:
    auth = stage.outputs("auth")
    found = boto3.client("cognito-idp").describe_user_pool_client(
        UserPoolId=auth["UserPoolId"], ClientId=auth["UserPoolClientId"]
    )
    return found["UserPoolClient"].get("CallbackURLs", [])


def _set_up_factor(tokens: Tokens, stage: Stage) -> None:
    """Hand an authenticator app its secret, and take it into use once it has shown a right code."""
    cognito, email = boto3.client("cognito-idp"), tokens.claims().get("email")
    secret = cognito.associate_software_token(AccessToken=tokens.access_token)["SecretCode"]
    _tell("Add this to your authenticator app, by hand or as a QR code of the address:")
    print(f"otpauth://totp/wotr%20{stage.name}:{email}?secret={secret}&issuer=wotr%20{stage.name}")
    _tell("Its code now:")
    cognito.verify_software_token(AccessToken=tokens.access_token, UserCode=_standard_input())
    cognito.set_user_mfa_preference(
        AccessToken=tokens.access_token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    _tell("From now on signing in asks for a code of the app. Next: sign_in")


def _shown(tokens: Tokens) -> dict[str, object]:
    return {name: value for name, value in asdict(tokens).items() if value is not None}


def _standard_input() -> str:
    said = sys.stdin.readline().strip()
    if not said:
        raise StageError("there is nothing on standard input")
    return said


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sign_in", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--sign-up", action="store_true", help="begin with a new account")
    what.add_argument("--refresh", action="store_true", help="take a refresh token from standard input")
    what.add_argument("--revoke", action="store_true", help="end a refresh token from standard input")
    what.add_argument("--mfa", action="store_true", help="set up an authenticator app")
    parser.add_argument("--id-token", action="store_true", help="print the ID token and nothing else")
    parser.add_argument("--no-browser", action="store_true", help="only print the address to open")
    parser.add_argument("--patience", type=float, default=300, metavar="S", help="default %(default)s s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
