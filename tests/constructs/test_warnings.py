"""Two warnings of synthesis: a default configuration set that is not covered, and a service's end of support."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole, SendingService, grant_send_email
from pinpoint_role_construct.services import known_services
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    SES,
    acknowledge,
    all_warnings,
    new_stack,
    other_stack,
    plain_role,
    sending_role,
    token,
    warnings,
)

Make = Callable[[cdk.Stack], Any]


def made(stack: cdk.Stack) -> Any:
    """The same set each time."""
    found = stack.node.try_find_child("Set")
    return found or ses.ConfigurationSet(stack, "Set", configuration_set_name="default")


def generated(stack: cdk.Stack, id: str = "Generated") -> Any:
    return stack.node.try_find_child(id) or ses.ConfigurationSet(stack, id)


def imported(stack: cdk.Stack, name: str = "default") -> Any:
    found = stack.node.try_find_child(f"Imported{name}")
    return found or ses.ConfigurationSet.from_configuration_set_name(stack, f"Imported{name}", name)


def l2(stack: cdk.Stack, configuration_set: Any, name: str = "Example.com") -> ses.EmailIdentity:
    domain = ses.Identity.domain(name)
    return ses.EmailIdentity(stack, f"Identity{name}", identity=domain, configuration_set=configuration_set)


def l1(stack: cdk.Stack, name: str | None) -> ses.CfnEmailIdentity:
    default = ses.CfnEmailIdentity.ConfigurationSetAttributesProperty(configuration_set_name=name)
    return ses.CfnEmailIdentity(stack, "L1", email_identity="example.com", configuration_set_attributes=default)


# How the identity comes to its default set, and whether each argument covers it.
IDENTITIES: dict[str, Make] = {
    "L2 with a set": lambda stack: l2(stack, made(stack)),
    "L2 with an imported set": lambda stack: l2(stack, imported(stack)),
    "L1 with a name": lambda stack: l1(stack, "default"),
    "L1 with a set's token": lambda stack: l1(stack, made(stack).configuration_set_name),
    "L1 of an L2": lambda stack: l2(stack, made(stack)).node.default_child,
}
COVERING: dict[str, Make] = {
    "every set": lambda _: None,
    "name": lambda _: ["other", "default"],
    "ARN": lambda _: [f"{SES}:configuration-set/default"],
    "construct": lambda stack: [made(stack)],
    "L1 construct": lambda stack: [made(stack).node.default_child],
    "the token of its name": lambda stack: [made(stack).configuration_set_name],
    "imported": lambda stack: [imported(stack)],
    "a token that may be it": lambda stack: [token(stack)],
    "text with a token that may be it": lambda stack: [f"def{token(stack)}"],
}
NOT_COVERING: dict[str, Make] = {
    "no set": lambda _: [],
    "another name": lambda _: ["other"],
    "a name within": lambda _: ["default-2"],
    "another case": lambda _: ["Default"],
    "another construct": lambda stack: [generated(stack)],
    "another imported one": lambda stack: [imported(stack, "other")],
    "its name in another account": lambda _: [f"{SES.replace(ACCOUNT, OTHER_ACCOUNT)}:configuration-set/default"],
}
SETS = [(sets, False) for sets in COVERING.values()] + [(sets, True) for sets in NOT_COVERING.values()]


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES)
@pytest.mark.parametrize(("sets", "warned"), SETS, ids=[*COVERING, *NOT_COVERING])
def test_a_default_set_that_is_not_covered_draws_a_warning(identity: Make, sets: Make, warned: bool) -> None:
    stack = new_stack()
    sending_role(stack, identities=[identity(stack), "example.org"], configuration_sets=sets(stack))
    found = warnings(stack)
    assert [(warning.path, warning.id) for warning in found] == [("/Stack/Role", "DefaultConfigurationSet")] * warned
    for warning in found:
        assert "'example.com' has the default configuration set '" in warning.message
        assert "'default'" in warning.message or "'${Set" in warning.message  # or the resource that has it
        assert "so sending as this identity is denied. Add it to configuration_sets." in warning.message


def test_sets_with_generated_names_are_told_apart() -> None:
    stack = new_stack()
    unnamed = ses.CfnConfigurationSet(stack, "Unnamed")
    for number, (identity, same) in enumerate(
        [(l2(stack, generated(stack)), generated(stack)), (l1(stack, unnamed.ref), unnamed.ref)]
    ):
        same_sets: list[Any] = [same]
        sending_role(stack, f"Same{number}", identities=[identity], configuration_sets=same_sets)
        others = [generated(stack, "Another")]
        sending_role(stack, f"Other{number}", identities=[identity], configuration_sets=others)
        sending_role(stack, f"Name{number}", identities=[identity], configuration_sets=["marketing"])
    assert [warning.path for warning in warnings(stack)] == [
        f"/Stack/{name}" for name in ("Other0", "Name0", "Other1", "Name1")
    ]


def test_there_is_one_warning_for_each_identity_with_a_known_default_set() -> None:
    stack = new_stack()
    owner = other_stack(stack, "Owner")
    identities: list[Any] = [l2(owner, imported(owner, name[:3]), name) for name in ("one.example", "two.example")]
    identities += [l1(stack, None), "example.edu", l2(stack, None, "three.example"), identities[0]]
    identities.append(ses.EmailIdentity.from_email_identity_name(stack, "Imported", "example.org"))
    sending_role(stack, identities=identities, configuration_sets=["other"])
    assert [warning.message.split(",")[0] for warning in warnings(stack)] == [
        "'one.example' has the default configuration set 'one'",
        "'two.example' has the default configuration set 'two'",
    ]


def test_in_two_regions_every_default_set_is_covered() -> None:
    stack = new_stack()
    there = other_stack(stack, region=OTHER_REGION)
    sending_role(stack, identities=[l2(stack, made(stack)), l2(there, made(there), "there.example")])
    assert warnings(stack) == []


def test_a_grant_warns_where_the_grantee_is_and_an_acknowledgment_counts() -> None:
    stack = new_stack()
    role = plain_role(stack)
    identity = l1(stack, "default")
    grant_send_email(role, identities=[identity], configuration_sets=[])
    acknowledged = other_stack(stack)
    acknowledge(sending_role(acknowledged, identities=[identity], configuration_sets=[]), "DefaultConfigurationSet")
    ((path, id, message),) = warnings(stack)
    assert (path, id) == ("/Stack/Plain", "DefaultConfigurationSet")
    assert message.endswith(" Add it to configuration_sets.")
    assert warnings(acknowledged) == []


def channel(stack: cdk.Stack, **arguments: Any) -> EmailChannel:
    return EmailChannel(stack, "Channel", application="a1", from_address="me@example.com", **arguments)


@pytest.mark.parametrize(
    ("sets", "role", "path", "advice"),
    [
        ("default", None, None, ""),
        (
            "other",
            None,
            "/Stack/Channel/SendingRole",
            "Pass it as configuration_set, or pass a sending_role whose",
        ),
        ("other", "every identity", "/Stack/Channel", "Add it to the configuration_sets of sending_role."),
        ("other", "the identity", "/Stack/Role", "Add it to configuration_sets."),
    ],
)
def test_a_channel_warns_once_with_its_own_argument(sets: str, role: str | None, path: str | None, advice: str) -> None:
    stack = new_stack()
    identity = l2(stack, made(stack))
    identities = [identity] if role == "the identity" else None
    given = sending_role(stack, identities=identities, configuration_sets=["other"]) if role else None
    channel(stack, identity=identity, configuration_set=sets, sending_role=given)
    found = warnings(stack)
    assert [warning.path for warning in found] == ([path] if path else [])
    assert all(advice in warning.message for warning in found)


def ended(stack: cdk.Stack) -> list[str]:
    """The paths on which synthesis warns of an end of support."""
    return [warning.path for warning in all_warnings(stack) if warning.id == "EndOfSupport"]


@pytest.mark.parametrize("first", [OrchestrationSendingRole, lambda stack, _: channel(stack, identity="example.com")])
def test_the_end_of_support_is_one_warning_on_the_stack(first: Callable[..., Any]) -> None:
    stack = new_stack()
    first(stack, "First")
    OrchestrationSendingRole(stack, "Role")
    EmailChannel(stack, "Another", application="a", from_address="me@example.com", identity="example.com")
    other = other_stack(stack)
    first(other, "First")
    assert (ended(stack), ended(other)) == (["/Stack"], ["/Other"])
    ((_, _, message),) = [warning for warning in all_warnings(stack) if warning.id == "EndOfSupport"]
    assert message.startswith("pinpoint.amazonaws.com reached end of support on 2026-10-30 and no longer sends email.")
    assert "'Moving off Pinpoint'" in message


@pytest.mark.parametrize("of", ["app", "stack"])
def test_one_acknowledgment_covers_every_role_and_channel(of: str) -> None:
    stack = new_stack()
    OrchestrationSendingRole(stack, "Role")
    channel(stack, identity="example.com")
    acknowledge(stack if of == "stack" else stack.node.root, "EndOfSupport")
    assert all_warnings(stack) == []


def test_each_service_that_ended_is_said_and_no_other() -> None:
    stack = new_stack()
    for name, service in known_services().items():
        if service is not SendingService.PINPOINT:
            sending_role(stack, name, service=service)
    other = other_stack(stack)
    fields = {"trust_sid": "A", "permission_sid": "B", "source_arn": "arn:{partition}:x:{region}:{account}:y/*"}
    gone = SendingService(principal="x.amazonaws.com", end_of_support="2020-01-01", **fields)  # type: ignore[arg-type]
    sending_role(other, "Gone", service=gone)
    OrchestrationSendingRole(other, "Role")
    assert (all_warnings(stack), ended(other)) == ([], ["/Other", "/Other"])
