"""What synthesis costs, in numbers that do not depend on the machine; `make bench` measures the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.__main__ import round_trips
from benchmarks.roles import construct, hand_l2

ROLE_ALONE = """
import sys
import aws_cdk as cdk
from pinpoint_role_construct import OrchestrationSendingRole, SesSendingRole
OrchestrationSendingRole(cdk.Stack(cdk.App(), "Stack"), "Role", identities=["example.com"])
print({"aws_cdk.aws_ses", "aws_cdk.aws_pinpoint", "aws_cdk.region_info", "boto3"} & set(sys.modules))
"""


@pytest.mark.parametrize("identities", [None, ["example.com"], [f"mail{i}.example.com" for i in range(100)]])
def test_a_role_takes_five_round_trips_and_more_by_hand(identities: list[str] | None) -> None:
    assert round_trips(construct, identities) == 5 < round_trips(hand_l2, identities)


def test_a_role_loads_nothing_but_iam() -> None:
    loaded = subprocess.run([sys.executable, "-c", ROLE_ALONE], capture_output=True, text=True, check=True).stdout
    assert loaded == "set()\n"
