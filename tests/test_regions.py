"""Regions: one that is none is refused, and identities that are all in another Region than what goes with them."""

from __future__ import annotations

from enum import Enum
from typing import Any

import jsii
import pytest
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses
from aws_cdk import region_info

from pinpoint_role_construct import SendingService
from tests.helpers import (
    ACCOUNT,
    OTHER_REGION,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    new_stack,
    other_stack,
    resource_arns,
    sending_role,
    token,
    trust,
)


class Region(Enum):
    """Regions as some write them down."""

    IE = "eu-west-1"


ELSEWHERE = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}"
THERE = f"{ELSEWHERE}:identity/example.com"


@by_role_and_grant
@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("nowhere-1", "region: 'nowhere-1' .*Region"),
        ("", "region: ''"),
        ("EU-WEST-1", "region: 'EU-WEST-1'"),
        ("*", r"region: '\*'"),
        ("eu-west-1\n", "region: 'eu-west-1"),
        ("cn-north-1", "region: 'cn-north-1' is in partition aws-cn, but the stack is in aws"),
        ("${Token[example.1]}", "region: '.*' looks like a CDK token but is not one"),
    ],
)
def test_a_region_that_is_none_or_of_another_partition_is_refused(ask: Ask, region: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}.*accepted: "):
        ask(new_stack(), region=region)


@by_role_and_grant
@pytest.mark.parametrize("region", [1, b"eu-west-1", ["eu-west-1"], Region.IE])
def test_a_region_that_is_not_text_is_refused(ask: Ask, region: object) -> None:
    with pytest.raises(TypeError, match=rf"^region: .* is of type {type(region).__name__}; accepted: "):
        ask(new_stack(), region=region)


def test_a_region_of_any_partition_is_taken_where_the_stacks_is_unknown() -> None:
    stack = agnostic_stack()
    sending_role(stack, region="us-gov-west-1")
    assert resource_arns(stack, partition="aws-us-gov", region="us-gov-east-1")[0] == (
        f"arn:aws-us-gov:ses:us-gov-west-1:{ACCOUNT}:identity/*"
    )


def test_a_token_for_the_region_passes_but_with_a_pattern() -> None:
    stack = agnostic_stack()
    name = token(stack)
    sending_role(stack, region=name)
    assert resource_arns(stack, refs={"Name": "X"})[0] == f"arn:aws:ses:X:{ACCOUNT}:identity/*"
    for text in (f"{name}*", f"{name}:x", f"{name} ", f"{name}?", f"[{name}"):
        with pytest.raises(ValueError, match=r"^region: .*\$\{Name\}.* beside a token"):
            sending_role(stack, "Other", region=text)


def test_region_goes_into_the_ses_arns_and_the_services_source_alone() -> None:
    stack = new_stack()
    sending_role(stack, service=SendingService.EVENTBRIDGE_SCHEDULER, region=OTHER_REGION)
    assert resource_arns(stack) == [f"{ELSEWHERE}:identity/*", f"{ELSEWHERE}:configuration-set/*"]
    condition = trust(stack)["Statement"][0]["Condition"]
    assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert OTHER_REGION in str(condition["ArnLike"])


REFUSED: dict[str, dict[str, Any]] = {
    "configuration_sets": {"configuration_sets": ["marketing"]},
    "configuration_sets by default": {},
    "templates": {"configuration_sets": [], "templates": ["welcome"]},
}


@by_role_and_grant
@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
def test_identities_all_in_another_region_than_what_goes_with_them_are_refused(
    ask: Ask, arguments: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    parameter = request.node.callspec.id.split("-", 1)[0].split()[0]
    refused = (
        rf"^region: the identities are all in {OTHER_REGION}, but {parameter} in us-east-1; "
        rf"accepted: region='{OTHER_REGION}', or {parameter} in {OTHER_REGION}"
    )
    with pytest.raises(ValueError, match=refused):
        ask(new_stack(), identities=[THERE, THERE.replace("example.com", "example.org")], **arguments)
    ask(new_stack(), identities=[THERE], region=OTHER_REGION, **arguments)


@pytest.mark.parametrize("given", [None, [f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/mail"]])
def test_identities_all_in_another_region_than_the_sources_are_refused(given: list[str] | None) -> None:
    service = SendingService.EVENTBRIDGE_SCHEDULER
    with pytest.raises(ValueError, match=rf"^region: .* in {OTHER_REGION}, but source_arns in us-east-1"):
        sending_role(new_stack(), service=service, identities=[THERE], configuration_sets=[], source_arns=given)


def test_the_regions_error_does_not_advise_what_is_so_already() -> None:
    sources = [f"arn:aws:scheduler:{OTHER_REGION}:{ACCOUNT}:schedule-group/mail"]
    with pytest.raises(ValueError, match=rf"but source_arns in {OTHER_REGION}; accepted: source_arns in us-east-1$"):
        sending_role(new_stack(), service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=sources)


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


def test_identities_all_in_another_region_than_a_construct_are_refused() -> None:
    stack = new_stack()
    there = other_stack(stack, region=OTHER_REGION)
    identity = ses.EmailIdentity(there, "Identity", identity=ses.Identity.domain("example.com"))
    configuration_set = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "marketing")
    with pytest.raises(ValueError, match=r"^region: .*configuration_sets in us-east-1"):
        sending_role(stack, identities=[identity], configuration_sets=[configuration_set])
    group = scheduler.ScheduleGroup(there, "Group", schedule_group_name="mail")
    service = SendingService.EVENTBRIDGE_SCHEDULER
    with pytest.raises(ValueError, match=r"^region: .* in us-east-1, but source_arns in eu-west-1"):
        sending_role(stack, service=service, identities=["example.com"], source_arns=[group])
    sending_role(
        stack, service=service, identities=[identity], configuration_sets=[], source_arns=[group], region=OTHER_REGION
    )


MIXED: dict[str, dict[str, Any]] = {
    "one identity here": {"identities": [THERE, "example.org"]},
    "one set there": {
        "identities": [THERE],
        "configuration_sets": ["a", f"{ELSEWHERE}:configuration-set/b"],
    },
    "nothing goes with them": {"identities": [THERE], "configuration_sets": []},
    "sources in every Region": {
        "identities": [THERE],
        "configuration_sets": [],
        "source_arns": [f"arn:aws:mobiletargeting:*:{ACCOUNT}:apps/a1"],
    },
}


@pytest.mark.parametrize("arguments", MIXED.values(), ids=MIXED)
def test_what_may_work_is_not_refused(arguments: dict[str, Any]) -> None:
    sending_role(new_stack(), **arguments)


def test_what_is_in_an_unknown_region_is_not_refused() -> None:
    sending_role(agnostic_stack(), identities=[THERE], configuration_sets=["marketing"])
    stack = new_stack()
    name = token(stack)
    sending_role(stack, "Identity", identities=[f"arn:aws:ses:{name}:{ACCOUNT}:identity/x.example"])
    sending_role(stack, "Both", identities=[THERE, f"arn:aws:ses:{name}:{ACCOUNT}:identity/x.example"])
    sets = [f"arn:aws:ses:{name}:{ACCOUNT}:configuration-set/x"]
    sending_role(stack, "Set", identities=[THERE], configuration_sets=sets)
    sending_role(stack, "Source", identities=[THERE], configuration_sets=[], source_arns=[name])
    sending_role(
        stack, "Named", identities=["example.com"], region=name, configuration_sets=[f"{SES}:configuration-set/x"]
    )


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
