"""Regions: what is not one is refused, and identities that share none with their sets, templates or sources."""

from __future__ import annotations

from enum import Enum
from typing import Any

import jsii
import pytest
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses
from aws_cdk import region_info

from pinpoint_role_construct import SendingService
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_REGION,
    ROLE_AND_GRANT,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    new_stack,
    other_stack,
    resource_arns,
    sending_role,
    token,
)


class Region(Enum):
    """Regions as some write them down."""

    IE = "eu-west-1"


ELSEWHERE = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}"
THERE = f"{ELSEWHERE}:identity/example.com"
SCHEDULER = SendingService.EVENTBRIDGE_SCHEDULER
GROUP = f"arn:aws:scheduler:{OTHER_REGION}:{ACCOUNT}:schedule-group/mail"
NOT_REGIONS = [
    *[("nowhere-1", "is not a Region"), ("", "is not a Region"), ("EU-WEST-1", "is not"), ("*", "is not a Region")],
    *[("eu-west-1\n", "is not a Region"), ("cn-north-1", "is in partition aws-cn, but the stack is in aws")],
]


@by_role_and_grant
@pytest.mark.parametrize(("region", "why"), NOT_REGIONS)
def test_a_region_that_is_none_or_of_another_partition_is_refused(ask: Ask, region: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^region: .* {why}.*; accepted: the code of an AWS Region") as refusal:
        ask(new_stack(), region=region)
    assert repr(region) in str(refusal.value)


@by_role_and_grant
@pytest.mark.parametrize("region", [1, b"eu-west-1", ["eu-west-1"], Region.IE])
def test_a_region_that_is_not_text_is_refused(ask: Ask, region: object) -> None:
    with pytest.raises(TypeError, match=rf"^region: .* is of type {type(region).__name__}; accepted: "):
        ask(new_stack(), region=region)


def test_a_region_of_any_partition_and_a_token_are_taken_where_the_stacks_is_unknown() -> None:
    stack, other = agnostic_stack(), agnostic_stack()
    sending_role(stack, region="us-gov-west-1", identities=["example.com"])
    found = resource_arns(stack, partition="aws-us-gov", region="us-gov-east-1")
    assert found[0] == f"arn:aws-us-gov:ses:us-gov-west-1:{ACCOUNT}:identity/example.com"
    sending_role(other, region=token(other))
    assert resource_arns(other, refs={"Name": "X"})[0] == f"arn:aws:ses:X:{ACCOUNT}:identity/*"


# What is given, where the identities and what shares no Region with them are, and what is accepted.
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "sets": (
        {"identities": [THERE, THERE.replace("example.com", "example.org")], "configuration_sets": ["marketing"]},
        f"in {OTHER_REGION}, but configuration_sets in us-east-1",
        f"region='{OTHER_REGION}' or configuration_sets in {OTHER_REGION}",
    ),
    "templates": (
        {"identities": [THERE], "templates": ["welcome"]},
        f"in {OTHER_REGION}, but templates in us-east-1",
        f"region='{OTHER_REGION}' or templates in {OTHER_REGION}",
    ),
    "documented sources": (
        {"service": SCHEDULER, "identities": [THERE]},
        f"in {OTHER_REGION}, but source_arns in us-east-1",
        f"region='{OTHER_REGION}' or source_arns in {OTHER_REGION}",
    ),
    "every identity here and a source there": (
        {"service": SCHEDULER, "source_arns": [GROUP]},
        f"in us-east-1, but source_arns in {OTHER_REGION}",
        f"region='{OTHER_REGION}' or source_arns in us-east-1",
    ),
    "identities here and a source there": (
        {"service": SCHEDULER, "identities": ["example.com"], "source_arns": [GROUP]},
        f"in us-east-1, but source_arns in {OTHER_REGION}",
        f"region='{OTHER_REGION}' or source_arns in us-east-1",
    ),
    "an identity's ARN here and a source there": (
        {"service": SCHEDULER, "identities": [f"{SES}:identity/example.com"], "source_arns": [GROUP]},
        f"in us-east-1, but source_arns in {OTHER_REGION}",
        "source_arns in us-east-1",
    ),
}


@pytest.mark.parametrize(("arguments", "where", "accepted"), REFUSED.values(), ids=REFUSED)
def test_identities_that_share_no_region_are_refused_with_advice_that_helps(
    arguments: dict[str, Any], where: str, accepted: str
) -> None:
    for ask in (sending_role,) if "service" in arguments else ROLE_AND_GRANT.values():
        with pytest.raises(ValueError, match=rf"^region: the identities are {where}; accepted: {accepted}$"):
            ask(new_stack(), **arguments)
        if accepted.startswith("region="):
            ask(new_stack(), region=OTHER_REGION, **arguments)


def test_constructs_of_another_region_are_refused_too() -> None:
    stack = new_stack()
    there = other_stack(stack, region=OTHER_REGION)
    identity: Any = ses.EmailIdentity(there, "Identity", identity=ses.Identity.domain("example.com"))
    group: Any = scheduler.ScheduleGroup(there, "Group", schedule_group_name="mail")
    configuration_set = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "marketing")
    with pytest.raises(ValueError, match=r"^region: .*configuration_sets in us-east-1; accepted: configuration_set"):
        sending_role(stack, identities=[identity], configuration_sets=[configuration_set])
    with pytest.raises(ValueError, match=r"^region: .* in us-east-1, but source_arns in eu-west-1; accepted: region="):
        sending_role(stack, service=SCHEDULER, identities=["example.com"], source_arns=[group])
    sending_role(stack, service=SCHEDULER, identities=[identity], source_arns=[group])


UNKNOWN = "arn:aws:ses:{}:" + f"{ACCOUNT}:identity/x.example"
UNKNOWN_SET = "arn:aws:ses:{}:" + f"{ACCOUNT}:configuration-set/x"
TAKEN: dict[str, dict[str, Any]] = {
    "every set of that Region": {"identities": [THERE]},
    "no set": {"identities": [THERE], "configuration_sets": []},
    "one set there": {"identities": [THERE], "configuration_sets": ["a", f"{ELSEWHERE}:configuration-set/b"]},
    "identities in both": {
        "identities": [THERE, "example.org"],
        "configuration_sets": ["a"],
        "service": SCHEDULER,
        "source_arns": [GROUP],
    },
    "sources in every Region": {
        "identities": [THERE],
        "source_arns": [f"arn:aws:mobiletargeting:*:{ACCOUNT}:apps/a1"],
    },
    "an identity in an unknown Region": {"identities": [UNKNOWN], "configuration_sets": ["marketing"]},
    "one of two in an unknown Region": {"identities": [THERE, UNKNOWN], "configuration_sets": ["marketing"]},
    "a set in an unknown Region": {"identities": [THERE], "configuration_sets": [UNKNOWN_SET]},
    "a source in an unknown Region": {"identities": [THERE], "source_arns": ["{}"]},
    "names in an unknown Region": {"region": "{}", "configuration_sets": [f"{SES}:configuration-set/x"]},
}


@pytest.mark.parametrize("arguments", TAKEN.values(), ids=TAKEN)
def test_what_may_work_is_not_refused(arguments: dict[str, Any]) -> None:
    stack = new_stack()
    name = token(stack)
    given = {
        key: [text.format(name) for text in value] if isinstance(value, list) else name if value == "{}" else value
        for key, value in arguments.items()
    }
    sending_role(stack, **given)
    sending_role(agnostic_stack(), identities=[THERE], configuration_sets=["marketing"])


@jsii.implements(region_info.IFact)
class Fact:
    """That a Region which aws-cdk-lib does not know is in the partition aws."""

    name = property(lambda _: region_info.FactName.PARTITION)
    region = property(lambda _: "xx-late-1")
    value = property(lambda _: "aws")


def test_a_region_that_the_app_makes_known_is_taken_from_then_on() -> None:
    stack = new_stack()
    region_info.Fact.unregister("xx-late-1", region_info.FactName.PARTITION)
    with pytest.raises(ValueError, match="is not a Region"):
        sending_role(stack, region="xx-late-1")
    region_info.Fact.register(Fact())  # type: ignore[arg-type]
    assert ":xx-late-1:" in sending_role(stack, region="xx-late-1").identity_arns[0]


def test_the_stacks_own_region_is_taken_though_this_aws_cdk_lib_does_not_know_it() -> None:
    stack = new_stack(region="xx-future-1")
    home = f"xx-future-1:{ACCOUNT}"
    l2 = ses.EmailIdentity(stack, "L2", identity=ses.Identity.domain("example.com"))
    l1 = ses.CfnEmailIdentity(stack, "L1", email_identity="example.org")
    role = sending_role(
        stack,
        region="xx-future-1",
        identities=["example.net", f"arn:aws:ses:{home}:identity/example.edu", l1, l2],
        configuration_sets=[ses.ConfigurationSet.from_configuration_set_name(stack, "Imported", "marketing")],
        source_arns=[f"arn:aws:mobiletargeting:{home}:apps/a1b2c3"],
    )
    assert all(f":ses:{home}:" in arn for arn in role.identity_arns + role.configuration_set_arns)
    with pytest.raises(ValueError, match="'xx-future-2' for a Region"):
        sending_role(stack, "Other", identities=[f"arn:aws:ses:xx-future-2:{ACCOUNT}:identity/example.edu"])
