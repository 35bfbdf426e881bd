"""Gap: a policy that asks for aws:PrincipalArn sees the role, not its session."""

from __future__ import annotations

from stack import Deploy, Invoke, allow, function, role

PUBLISHES = """
import os
import boto3
from botocore.exceptions import ClientError
def handler(event, context):
    try:
        boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message="hello")
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "published"
"""


def test_a_topic_that_denies_all_but_one_role_lets_that_role_through_and_no_other(
    stack: Deploy, invoke: Invoke
) -> None:
    publish = allow("sns:Publish", {"Ref": "Topic"})
    environment = {"Variables": {"TOPIC": {"Ref": "Topic"}}}
    made = stack(
        {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Policy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [{"Ref": "Topic"}],
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Deny",
                                "Principal": "*",
                                "Action": "sns:Publish",
                                "Resource": {"Ref": "Topic"},
                                "Condition": {
                                    "ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["Writer", "Arn"]}}
                                },
                            }
                        ],
                    },
                },
            },
            "Writer": role(publish),
            "Other": role(publish),
            "Writes": function(PUBLISHES, "Writer", Environment=environment),
            "Tries": function(PUBLISHES, "Other", Environment=environment),
        }
    )
    assert invoke(made.ids["Writes"]) == ("published", False)
    assert invoke(made.ids["Tries"]) == ("AuthorizationError", False)
