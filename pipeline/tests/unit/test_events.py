from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy import cli, events
from deploy.errors import DeployError
from tests.toy import Toy

SPEAKING, HEARING = "services/speaks", "services/hears"
CONTRACT = {
    "description": "`greeting.said`: somebody was greeted.",
    "properties": {
        "version": {"const": 1, "type": "integer"},
        "name": {"const": "greeting.said", "type": "string"},
        "data": {"$ref": "#/$defs/GreetingData"},
    },
    "required": ["data"],
    "$defs": {
        "GreetingData": {
            "properties": {
                "who": {"type": "string", "description": "a name | or two"},
                "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            },
            "required": ["who"],
        }
    },
}
PLATFORM = """
Parameters:
  Stage: { Type: String }
Resources:
  EventBus:
    Type: AWS::Events::EventBus
  Archive:
    Type: AWS::Events::Archive
    Properties: { SourceArn: !GetAtt EventBus.Arn }
  OpsTopic:
    Type: AWS::SNS::Topic
Outputs:
  BusName:
    Value: !Ref EventBus
    Export: { Name: !Sub "${AWS::StackName}-BusName" }
  BusArn:
    Value: !GetAtt EventBus.Arn
    Export: { Name: !Sub "${AWS::StackName}-BusArn" }
  OpsTopicArn:
    Description: Topic that alarms notify
    Value: !Ref OpsTopic
    Export: { Name: !Sub "${AWS::StackName}-OpsTopicArn" }
"""
SPEAKS = """
Parameters:
  Stage: { Type: String }
Resources:
  Topic:
    Type: AWS::SNS::Topic
  Mail:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: email
      Endpoint: !Ref MailTo
      FilterPolicy: !If [Some, { who: !Ref Names }, {}]
  SpeakRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - Effect: Allow
                Action: events:PutEvents
                Resource:
                  Fn::ImportValue: !Sub wotr-platform-${Stage}-BusArn
              - Effect: Allow
                Action: sns:Publish
                Resource: !Ref Topic
  Speak:
    Type: AWS::Serverless::Function
    Properties: { Handler: wotr_speaks.handlers.speak.handler, Role: !GetAtt SpeakRole.Arn }
  Failing:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmActions:
        - Fn::ImportValue: !Sub wotr-platform-${Stage}-OpsTopicArn
Outputs:
  TopicArn:
    Description: Topic that tells of greetings
    Value: !Ref Topic
    Export: { Name: !Sub "${AWS::StackName}-TopicArn" }
"""
HEARS = """
Parameters:
  Stage: { Type: String }
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName:
        Fn::ImportValue: !Sub wotr-platform-${Stage}-BusName
      EventPattern:
        source: [wotr.speaks]
        detail-type: [{ prefix: greeting. }]
        detail: { data: { who: [ada] } }
      Targets: [{ Id: q, Arn: !GetAtt Queue.Arn }]
  Queue:
    Type: AWS::SQS::Queue
  Hear:
    Type: AWS::Serverless::Function
    Properties:
      Handler: wotr_hears.handlers.hear.handler
      Events:
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn } }
  Uploads:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [aws.s3], detail-type: [Object Created] }
      Targets: [{ Id: f, Arn: !GetAtt Hear.Arn }]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    toy = Toy(tmp_path)
    toy.write("shared/contracts/greeting.said.v1.json", json.dumps(CONTRACT))
    toy.write("infra/platform.yml", PLATFORM)
    toy.write("services/speaks/template.yml", SPEAKS)
    toy.write("services/hears/template.yml", HEARS)
    toy.write("services/speaks/src/wotr_speaks/handlers/speak.py", "from wotr_speaks import said\n")
    toy.write(
        "services/speaks/src/wotr_speaks/said.py", "from wotr_common.events import greeting_said, other\n"
    )
    return tmp_path


def test_the_note_says_who_tells_an_event_and_who_hears_it(root: Path) -> None:
    text = events.render(root)
    assert (
        "| [`greeting.said`](#greetingdata) | 1 | somebody was greeted | `speaks.Speak` | `hears.Hear` |"
    ) in text
    assert (
        "| [`hears.Rule`](../services/hears/template.yml) | every event, chosen by `detail.data.who` "
        "| `hears.Queue` | `hears.Hear` |"
    ) in text
    assert "The archive `platform.Archive` keeps every event of the bus" in text


def test_the_note_describes_every_field(root: Path) -> None:
    text = events.render(root)
    assert "`data` of `greeting.said`." in text
    assert "| `who` | text | yes | a name \\| or two |" in text
    assert "| `at` | time, ISO 8601 in UTC |  |  |" in text


def test_the_note_lists_topics_with_publishers_and_subscribers(root: Path) -> None:
    text = events.render(root)
    assert (
        "| `speaks.Topic` | Topic that tells of greetings | `speaks.Speak` "
        "| email, parameter `MailTo`, filtered by parameter `Names` |"
    ) in text
    assert "| `platform.OpsTopic` | Topic that alarms notify | 1 alarms | nobody of the platform |" in text


def test_rules_of_the_accounts_own_bus_stand_apart(root: Path) -> None:
    text = events.render(root).partition("## From AWS")[2]
    assert "Object Created of `aws.s3` | `hears.Hear` | `hears.Hear` |" in text
    assert "hears.Rule" not in text


@pytest.mark.parametrize(
    ("file", "old", "new", "gone"),
    [
        (
            "services/speaks/src/wotr_speaks/said.py",
            "greeting_said, ",
            "",
            "| `speaks.Speak` | `hears.Hear` |",
        ),
        ("services/speaks/template.yml", "events:PutEvents", "events:ListRules", "| `speaks.Speak` | `hears"),
        (
            "services/hears/template.yml",
            "prefix: greeting.",
            "prefix: parting.",
            "`speaks.Speak` | `hears.Hear`",
        ),
        (
            "services/hears/template.yml",
            "Queue: !GetAtt Queue.Arn",
            "Queue: arn",
            "| `hears.Queue` | `hears.Hear`",
        ),
    ],
)
def test_whatever_connects_them_is_read_and_a_stale_note_is_noticed(
    root: Path, file: str, old: str, new: str, gone: str
) -> None:
    events.write(root)
    events.check(root)
    assert gone in events.render(root)
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    assert gone not in events.render(root)
    with pytest.raises(DeployError, match=r"notes/events\.md is not what contracts and templates say"):
        events.check(root)
    assert cli.main(["--root", str(root), "events", "--check"]) == 1
    assert cli.main(["--root", str(root), "events"]) == 0
    assert cli.main(["--root", str(root), "events", "--check"]) == 0


def test_a_pattern_that_cannot_be_read_is_said_and_not_guessed(root: Path) -> None:
    path = root / "services/hears/template.yml"
    path.write_text(path.read_text().replace("prefix: greeting.", "wildcard: greeting.*"))
    with pytest.raises(DeployError, match="cannot read the pattern"):
        events.render(root)
