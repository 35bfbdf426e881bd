"""The network of containers: a way out over TLS, none in, and nothing that costs by the hour."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest


def test_nothing_may_come_in_and_only_tls_may_go_out(render: Any) -> None:
    (group,) = render("network").of_type("AWS::EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group["Properties"]
    (out,) = group["Properties"]["SecurityGroupEgress"]
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 443, 443)
    assert not render("network").of_type("AWS::EC2::SecurityGroupIngress")


def test_nothing_in_it_costs_while_no_container_runs(render: Any) -> None:
    found = render("network")
    assert not found.of_type("AWS::EC2::NatGateway", "AWS::EC2::EIP")
    endpoints = found.of_type("AWS::EC2::VPCEndpoint").values()
    assert {each["Properties"]["VpcEndpointType"] for each in endpoints} == {"Gateway"}
    assert {each["Properties"]["ServiceName"].rpartition(".")[2] for each in endpoints} == {"s3", "dynamodb"}


@pytest.mark.parametrize("cidr", ["10.71.0.0/24", "10.0.0.0/16"])
def test_both_subnets_lie_in_the_network_in_zones_of_their_own(render: Any, cidr: str) -> None:
    subnets = [
        each["Properties"] for each in render("network", Cidr=cidr).of_type("AWS::EC2::Subnet").values()
    ]
    assert {each["AvailabilityZone"]["Fn::Select"][0] for each in subnets} == {0, 1}
    for place, subnet in enumerate(subnets):
        index, blocks = subnet["CidrBlock"]["Fn::Select"]
        block, count, bits = blocks["Fn::Cidr"]
        assert (index, block, count) == (place, cidr, 2)
        assert ip_network(cidr).prefixlen <= 32 - bits <= 28
        assert not subnet["MapPublicIpOnLaunch"]


def test_who_talked_to_whom_is_kept_for_thirty_days(render: Any) -> None:
    found = render("network")
    log = found.properties("FlowLog")
    assert (log["ResourceId"], log["TrafficType"]) == ({"Ref": "Vpc"}, "ALL")
    assert found.properties(log["LogGroupName"]["Ref"])["RetentionInDays"] == 30
