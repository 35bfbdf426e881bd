"""A small repository with the layout of the real one: two stacks, one library, no dependency from outside."""

from __future__ import annotations

import textwrap
from pathlib import Path

PIPELINE = Path(__file__).resolve().parents[1]

BASE = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage:
    Type: String
Resources:
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  QueueArn:
    Description: Where greetings go
    Value: !GetAtt Queue.Arn
    Export:
      Name: !Sub ${AWS::StackName}-QueueArn
"""

# In place of `Outputs:`, a resource before them.
LAYER = """  Heavy:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: .
Outputs:"""

SERVICE = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage:
    Type: String
Globals:
  Function:
    Runtime: python3.13
    Architectures: [arm64]
    CodeUri: .
    AutoPublishAlias: live
Resources:
  GreetRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: look
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - Effect: Allow
                Action: sqs:GetQueueAttributes
                Resource:
                  Fn::ImportValue: !Sub wotr-BASE-${Stage}-QueueArn
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Handler: wotr_NAME.handlers.greet.handler
      Role: !GetAtt GreetRole.Arn
Outputs:
  GreetName:
    Description: The function's name
    Value: !Ref Greet
    Export:
      Name: !Sub ${AWS::StackName}-GreetName
"""

HANDLER = '''
"""Greets."""

from wotr_common import WORD


def handler(event, context):
    return {"greeting": f"{WORD}, {event['name']}"}
'''


class Toy:
    """Writes and changes the repository at ``root``; ``base`` and ``service`` are the stacks' names."""

    def __init__(self, root: Path, base: str = "base", service: str = "hello") -> None:
        self.root = root
        self.base = base
        self.service = service
        self.write(f"infra/{base}.yml", BASE)
        self.write("pipeline/bootstrap.yml", (PIPELINE / "bootstrap.yml").read_text())
        self.add_service(service)
        self.library("1.0.0", "Hello")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text, f"{name} does not hold {old!r}"
        (self.root / name).write_text(text.replace(old, new))

    def add_service(self, name: str) -> None:
        folder = f"services/{name}"
        self.write(f"{folder}/template.yml", SERVICE.replace("NAME", name).replace("BASE", self.base))
        self.write(f"{folder}/requirements.lock", "# nothing besides the library\n")
        self.write(
            f"{folder}/pyproject.toml",
            f'[project]\nname = "wotr-{name}"\nversion = "1.0.0"\ndependencies = ["wotr-common==1.0.0"]\n',
        )
        for package in ("", "handlers/"):
            self.write(f"{folder}/src/wotr_{name}/{package}__init__.py", "")
        self.write(f"{folder}/src/wotr_{name}/handlers/greet.py", HANDLER)

    def library(self, version: str, word: str) -> None:
        """Write wotr-common as ``version`` with the constant ``WORD``."""
        self.write(
            "shared/pyproject.toml",
            f"""
            [build-system]
            requires = ["hatchling"]
            build-backend = "hatchling.build"

            [project]
            name = "wotr-common"
            version = "{version}"
            requires-python = ">=3.11"

            [tool.hatch.build.targets.wheel]
            packages = ["src/wotr_common"]
            """,
        )
        self.write("shared/src/wotr_common/__init__.py", f'WORD = "{word}"\n')
        self.write("shared/src/wotr_common/tests/test_word.py", "WORD = 1\n")
