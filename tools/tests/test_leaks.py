"""What looks like a secret is found wherever it lies, and an exception says why it is one."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

from tools import leaks

PYTHON = Path(sys.executable)
MARK = "pragma: allowlist " + "secret"
KEY = "AKIA" + "IOSFODNN7EXAMPLQ"


SECRETS = {
    "settings.py": f'AWS_KEY = "{KEY}"',
    "login.py": 'password = "hunter2-but' + '-longer"',
    "template.yml": "      DatabasePassword: Tr0ub4dor" + "-and-3",
    "notes.md": f"use {KEY} for now",
    "run.sh": f'export API_TOKEN="{sha256(b"wotr").hexdigest()}"',
    "key.pem": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "token.json": '{"idToken": "eyJhbGciOiJub25lIn0.' + 'eyJzdWIiOiJzYW0ifQ.c2lnbmF0dXJl"}',
}


def test_a_secret_is_found(tmp_path: Path) -> None:
    for name, line in SECRETS.items():
        (tmp_path / name).write_text(f"first\n{line}\n")
    found = list(leaks.secrets(PYTHON, sorted(tmp_path.iterdir()), tmp_path))
    assert {sentence.split(": ")[0] for sentence in found} == {f"{name}:2" for name in SECRETS}


def test_actions_of_iam_and_dummies_are_none(tmp_path: Path) -> None:
    path = tmp_path / "template.yml"
    path.write_text("Action: secretsmanager:GetSecretValue\nMore:\n  - secretsmanager:PutSecretValue\n")
    other = tmp_path / "conftest.py"
    other.write_text('"AWS_SECRET_ACCESS_KEY": "testing"\n')
    assert list(leaks.secrets(PYTHON, [path, other], tmp_path)) == []


def test_an_exception_says_why(tmp_path: Path) -> None:
    path = tmp_path / "given.py"
    path.write_text(
        f'a = "{KEY}"  # {MARK} - made up for this test\nb = "{KEY}"  # {MARK}\nc = "{KEY}"  # {MARK} - no\n'
    )
    assert list(leaks.secrets(PYTHON, [path], tmp_path)) == []
    assert [sentence.split(": ")[0] for sentence in leaks.unreasoned([path], tmp_path)] == [
        "given.py:2",
        "given.py:3",
    ]
