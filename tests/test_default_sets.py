"""An identity whose default configuration set may not be used: SES refuses to send, and synthesis warns of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import EmailChannel, grant_send_email
from tests.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    SES,
    Ask,
    acknowledge,
    agnostic_stack,
    by_role_and_grant,
    new_stack,
    other_stack,
    plain_role,
    sending_role,
    token,
    warnings,
)

ID = "DefaultConfigurationSet"
Set = Callable[[cdk.Stack], Any]


def made(stack: cdk.Stack) -> ses.ConfigurationSet:
    """Return the same set each time."""
    found = stack.node.try_find_child("Set")
    return found or ses.ConfigurationSet(stack, "Set", configuration_set_name="default")  # type: ignore[return-value]


def generated(stack: cdk.Stack) -> ses.ConfigurationSet:
    found = stack.node.try_find_child("Generated")
    return found or ses.ConfigurationSet(stack, "Generated")  # type: ignore[return-value]


def l2(stack: cdk.Stack, configuration_set: Any) -> ses.EmailIdentity:
    domain = ses.Identity.domain("Example.com")
    return ses.EmailIdentity(stack, "Identity", identity=domain, configuration_set=configuration_set)


def l1(stack: cdk.Stack, name: str | None) -> ses.CfnEmailIdentity:
    attributes = ses.CfnEmailIdentity.ConfigurationSetAttributesProperty(configuration_set_name=name)
    return ses.CfnEmailIdentity(
        stack, "Identity", email_identity="example.com", configuration_set_attributes=attributes
    )


def imported(stack: cdk.Stack, name: str = "default") -> Any:
    found = stack.node.try_find_child(f"Imported{name}")
    return found or ses.ConfigurationSet.from_configuration_set_name(stack, f"Imported{name}", name)


# How the identity comes to its default set, and whether each argument covers it.
IDENTITIES: dict[str, Set] = {
    "L2 with a set": lambda stack: l2(stack, made(stack)),
    "L2 with an imported set": lambda stack: l2(stack, imported(stack)),
    "L1 with a name": lambda stack: l1(stack, "default"),
    "L1 with a set's token": lambda stack: l1(stack, made(stack).configuration_set_name),
    "L1 of an L2": lambda stack: l2(stack, made(stack)).node.default_child,
}
COVERING: dict[str, Callable[[cdk.Stack], Any]] = {
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
NOT_COVERING: dict[str, Callable[[cdk.Stack], Any]] = {
    "no set": lambda _: [],
    "another name": lambda _: ["other"],
    "a name within": lambda _: ["default-2"],
    "another case": lambda _: ["Default"],
    "another construct": lambda stack: [generated(stack)],
    "another imported one": lambda stack: [imported(stack, "other")],
    "one of its name in another account": lambda _: [
        f"{SES.replace(ACCOUNT, OTHER_ACCOUNT)}:configuration-set/default"
    ],
}


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES)
@pytest.mark.parametrize("sets", COVERING.values(), ids=COVERING)
def test_there_is_no_warning_where_the_default_set_is_covered(identity: Set, sets: Set) -> None:
    stack = new_stack()
    sending_role(stack, identities=[identity(stack)], configuration_sets=sets(stack))
    assert warnings(stack) == []


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES)
@pytest.mark.parametrize("sets", NOT_COVERING.values(), ids=NOT_COVERING)
def test_the_warning_names_the_identity_and_its_default_set(identity: Set, sets: Set) -> None:
    stack = new_stack()
    sending_role(stack, identities=[identity(stack), "example.org"], configuration_sets=sets(stack))
    (warning,) = warnings(stack)
    assert (warning.path, warning.id) == ("/Stack/Role", ID)
    assert "'example.com' has the default configuration set '" in warning.message
    assert "which configuration_sets does not name" in warning.message
    assert "Add it to configuration_sets." in warning.message
    assert "Token[" not in warning.message
    assert "'default'" in warning.message or "'${Set" in warning.message  # or the resource that has it


def test_sets_with_generated_names_are_told_apart() -> None:
    stack = new_stack()
    identity = l2(stack, generated(stack))
    sending_role(stack, "Same", identities=[identity], configuration_sets=[generated(stack)])
    sending_role(stack, "Token", identities=[identity], configuration_sets=[generated(stack).configuration_set_name])
    sending_role(stack, "Other", identities=[identity], configuration_sets=[ses.ConfigurationSet(stack, "Another")])
    sending_role(stack, "Name", identities=[identity], configuration_sets=["marketing"])
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Other", "/Stack/Name"]


def test_l1_sets_without_a_name_are_told_apart() -> None:
    stack = new_stack()
    unnamed, another = (ses.CfnConfigurationSet(stack, id) for id in ("Unnamed", "Another"))
    identity = l1(stack, unnamed.ref)
    sending_role(stack, "Same", identities=[identity], configuration_sets=[unnamed.ref])
    sending_role(stack, "Other", identities=[identity], configuration_sets=[another.ref])
    sending_role(stack, "Name", identities=[identity], configuration_sets=["marketing"])
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Other", "/Stack/Name"]


def test_there_is_one_warning_for_each_identity() -> None:
    stack = new_stack()
    for name in ("one.example", "two.example"):
        domain = ses.Identity.domain(name)
        ses.EmailIdentity(stack, name, identity=domain, configuration_set=imported(stack, name[:3]))
    identities: list[Any] = [stack.node.find_child(name) for name in ("one.example", "two.example")]
    sending_role(stack, identities=[*identities, identities[0]], configuration_sets=["other"])
    assert [warning.message.split(",")[0] for warning in warnings(stack)] == [
        "'one.example' has the default configuration set 'one'",
        "'two.example' has the default configuration set 'two'",
    ]


@pytest.mark.parametrize("sets", [None, [], ["other"]])
def test_an_identity_without_a_known_default_set_draws_no_warning(sets: list[str] | None) -> None:
    stack = new_stack()
    identities = [
        ses.EmailIdentity.from_email_identity_name(stack, "Imported", "example.org"),
        ses.EmailIdentity(stack, "L2", identity=ses.Identity.domain("example.net")),
        l1(stack, None),
        "example.edu",
    ]
    sending_role(stack, identities=identities, configuration_sets=sets)
    assert warnings(stack) == []


@by_role_and_grant
def test_a_grant_warns_as_a_role_does(ask: Ask) -> None:
    stack = agnostic_stack()
    ask(stack, identities=[l2(stack, made(stack))], configuration_sets=[])
    (warning,) = warnings(stack)
    assert warning.id == ID


def test_a_grant_warns_where_the_grantee_is() -> None:
    stack = new_stack()
    grant_send_email(plain_role(stack), identities=[l1(stack, "default")], configuration_sets=[])
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Plain"]


def test_an_identity_of_another_stack_is_looked_at_too() -> None:
    stack = new_stack()
    owner = other_stack(stack, "Owner")
    identity = l2(owner, made(owner))
    sending_role(stack, "Without", identities=[identity], configuration_sets=["other"])
    sending_role(stack, "With", identities=[identity], configuration_sets=[made(owner)])
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Without"]


def channel(stack: cdk.Stack, **arguments: Any) -> EmailChannel:
    return EmailChannel(stack, "Channel", application="a1", from_address="me@example.com", **arguments)


def test_a_channel_warns_of_its_own_role_once() -> None:
    stack = new_stack()
    channel(stack, identity=l2(stack, made(stack)), configuration_set="other")
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Channel/SendingRole"]
    other = new_stack()
    channel(other, identity=l2(other, made(other)), configuration_set=made(other))
    assert warnings(other) == []


def test_a_channel_warns_of_a_given_role_that_does_not_cover_its_identitys_default_set() -> None:
    stack = new_stack()
    role = sending_role(stack, configuration_sets=["other"])
    channel(stack, identity=l2(stack, made(stack)), configuration_set="other", sending_role=role)
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Channel"]


def test_a_channel_does_not_repeat_what_its_given_role_warns_of() -> None:
    stack = new_stack()
    identity = l2(stack, made(stack))
    role = sending_role(stack, identities=[identity], configuration_sets=["other"])
    channel(stack, identity=identity, configuration_set="other", sending_role=role)
    assert [warning.path for warning in warnings(stack)] == ["/Stack/Role"]


def test_the_warning_can_be_acknowledged() -> None:
    stack = new_stack()
    role = sending_role(stack, identities=[l1(stack, "default")], configuration_sets=[])
    acknowledge(role, ID)
    assert warnings(stack) == []
