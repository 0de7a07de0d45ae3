"""The email channel: wired to its role, and refused where it could not send; its warning of the end of support."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_ses as ses
from aws_cdk.assertions import Template

from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole, SendingService, SesSendingRole
from tests.helpers import (
    ACCOUNT,
    COVERED,
    OTHER_ACCOUNT,
    OTHER_REGION,
    OUTSIDE,
    SES,
    acknowledge,
    new_stack,
    other_stack,
    resolve,
    resource_arns,
)


def channel(stack: cdk.Stack, **arguments: Any) -> EmailChannel:
    defaults: dict[str, Any] = {"application": "a1b2c3", "from_address": "me@example.com", "identity": "example.com"}
    return EmailChannel(stack, "Channel", **{**defaults, **arguments})


def properties(stack: cdk.Stack) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources("AWS::Pinpoint::EmailChannel").values()
    found: dict[str, Any] = resource["Properties"]
    return found


def test_it_makes_a_role_narrowed_to_what_it_sends_with() -> None:
    stack = new_stack()
    made = channel(stack, configuration_set="marketing")
    assert isinstance(made.sending_role, OrchestrationSendingRole)
    assert resource_arns(stack) == [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"]
    role_id = stack.get_logical_id(made.sending_role.node.default_child)  # type: ignore[arg-type]
    assert resolve(properties(stack)) == {
        "ApplicationId": "a1b2c3",
        "FromAddress": "me@example.com",
        "Identity": f"{SES}:identity/example.com",
        "ConfigurationSet": "marketing",
        "Enabled": True,
        "OrchestrationSendingRoleArn": {"Fn::GetAtt": [role_id, "Arn"]},
    }
    assert isinstance(made.resource, pinpoint.CfnEmailChannel)


def test_without_a_configuration_set_the_role_may_use_none() -> None:
    stack = new_stack()
    channel(stack, enabled=False)
    assert resource_arns(stack) == [f"{SES}:identity/example.com"]
    assert "ConfigurationSet" not in properties(stack)
    assert properties(stack)["Enabled"] is False


def test_constructs() -> None:
    stack = new_stack()
    project = pinpoint.CfnApp(stack, "Project", name="x")
    configuration_set = ses.ConfigurationSet(stack, "Set")
    identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
    principal: Any = iam.ServicePrincipal("pinpoint.amazonaws.com")
    event_role = iam.Role(stack, "EventRole", assumed_by=principal)
    channel(stack, application=project, identity=identity, configuration_set=configuration_set, event_role=event_role)
    found = properties(stack)
    assert found["ApplicationId"] == stack.resolve(project.ref)
    assert found["ConfigurationSet"] == stack.resolve(configuration_set.configuration_set_name)
    assert found["Identity"] == stack.resolve(identity.email_identity_arn)
    assert found["RoleArn"] == stack.resolve(event_role.role_arn)


def test_a_configuration_set_given_as_an_arn_becomes_its_name() -> None:
    stack = new_stack()
    channel(stack, configuration_set=f"{SES}:configuration-set/marketing")
    assert properties(stack)["ConfigurationSet"] == "marketing"


@pytest.mark.parametrize(("identity", "address"), COVERED)
def test_a_from_address_of_the_identity_is_taken(identity: str, address: str) -> None:
    stack = new_stack()
    channel(stack, identity=identity, from_address=address)
    assert properties(stack)["FromAddress"] == address


@pytest.mark.parametrize(("identity", "address"), [*OUTSIDE, ("example.com", "example.com"), ("example.com", "")])
def test_a_from_address_outside_the_identity_is_refused(identity: str, address: str) -> None:
    with pytest.raises(ValueError, match=r"^from_address: .*accepted: the email address of the identity") as refusal:
        channel(new_stack(), identity=identity, from_address=address)
    assert repr(address) in str(refusal.value)


DISPLAY_NAMES = [
    "News <me@example.com>",
    "<me@example.com>",
    "The Example News <me@example.com>",
    '"News, Inc." <me@example.com>',
    '"News <daily>" <me@example.com>',
    '"The \\"News\\"" <me@example.com>',
    "=?utf-8?q?N=C3=A9ws?= <me@example.com>",
    "(the) News <me@example.com>",
    "News<me+spring@mail.example.com>",
]


@pytest.mark.parametrize("address", DISPLAY_NAMES)
def test_a_from_address_may_have_a_display_name_which_stays_as_it_is(address: str) -> None:
    stack = new_stack()
    channel(stack, from_address=address)
    assert properties(stack)["FromAddress"] == address


BAD_DISPLAY_NAMES = {
    "no address": ("News <>", "not one display name"),
    "address of another domain": ("News <me@example.org>", "'me@example.org' is outside the identity 'example.com'"),
    "address in the display name": ("me@example.com <me@example.org>", "not one display name"),
    "pattern": ("News <*@example.com>", r"has \*"),
    "variable": ("News <${aws:x}@example.com>", "not one display name"),
    "two addresses": ("News <me@example.com>, B <b@example.com>", "not one display name"),
    "comma": ("News, Inc <me@example.com>", "in quotes if it has punctuation"),
    "dot": ("News Inc. <me@example.com>", "in quotes if it has punctuation"),
    "colon": ("News: <me@example.com>", "not one display name"),
    "group": ("News: me@example.com;", "is not one email address, or a display name"),
    "quote left open": ('"News <me@example.com>', "not one display name"),
    "bracket left open": ("News <me@example.com", "is not one email address, or a display name"),
    "bracket closed twice": ("News <me@example.com>>", "is not one email address, or a display name"),
    "bracket opened twice": ("News <<me@example.com>", "not one display name"),
    "text after it": ("News <me@example.com> x", "is not one email address, or a display name"),
    "space within": ("News < me@example.com>", "not one display name"),
    "route": ("News <@x:me@example.com>", "not one display name"),
    "dot alone": (". <me@example.com>", "not one display name"),
    "space and colon": (" : <me@example.com>", "not one display name"),
    "colon and semicolon": (":; <me@example.com>", "not one display name"),
    "address left open": ("a@[ <me@example.com>", "not one display name"),
    "space and dot": (" . <me@example.com>", "not one display name"),
    "encoded control character": ("=?utf-8?q?x=0Ab?= <me@example.com>", "not one display name"),
    "no brackets": ("News me@example.com", "is not one email address, or a display name"),
    "line break": ("News\r\nBcc: you@example.com <me@example.com>", "control characters"),
    "non-ASCII": ("N\xe9ws <me@example.com>", "RFC 2047"),
}


@pytest.mark.parametrize(("address", "why"), BAD_DISPLAY_NAMES.values(), ids=BAD_DISPLAY_NAMES)
def test_a_display_name_that_is_none_is_refused(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^from_address: .*{why}.*; accepted: the email address of the identity"):
        channel(new_stack(), from_address=address)


def test_the_address_behind_a_display_name_is_checked_against_a_mailbox() -> None:
    channel(new_stack(), identity="me@example.com", from_address="News <me+x@example.com>")
    with pytest.raises(ValueError, match=r"'you@example.com' is outside the identity 'me@example.com'"):
        channel(new_stack(), identity="me@example.com", from_address="News <you@example.com>")


def test_a_token_may_be_part_of_a_display_name_or_of_its_address() -> None:
    stack = new_stack()
    name = cdk.CfnParameter(stack, "Name").value_as_string
    for number, address in enumerate([f"{name} <me@example.com>", f"News <{name}@example.com>", f"News <{name}>"]):
        EmailChannel(stack, f"C{number}", application="a", from_address=address, identity="example.com")
    with pytest.raises(ValueError, match=r"^from_address: '\$\{Name\}@example.org' is outside"):
        channel(stack, from_address=f"News <{name}@example.org>")


@pytest.mark.parametrize(
    ("application", "why"),
    [
        ("", "is not an id"),
        ("a b", "is not an id"),
        ("a*", "is not an id"),
        ("a1\n", "is not an id"),
        (f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/a1", "is not an id"),
        ("${Token[example.1]}", "looks like a CDK token but is not one"),
    ],
)
def test_an_application_that_is_no_id_is_refused(application: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^application: .* {why}; accepted: the id of a Pinpoint project"):
        channel(new_stack(), application=application)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"account": OTHER_ACCOUNT}, f"is in {OTHER_ACCOUNT}, the channel in {ACCOUNT}"),
        ({"region": OTHER_REGION}, f"is in {OTHER_REGION}, the channel in us-east-1"),
    ],
)
def test_a_project_of_another_account_or_region_is_refused(place: dict[str, str], why: str) -> None:
    stack = new_stack()
    project = pinpoint.CfnApp(other_stack(stack, **place), "Project", name="x")
    with pytest.raises(ValueError, match=rf"^application: .* {why}; accepted: the id of a Pinpoint project of this"):
        channel(stack, application=project)


def test_a_project_of_an_unknown_place_is_taken() -> None:
    stack = new_stack()
    unknown = other_stack(stack, "Unknown", account=None, region=None)
    channel(stack, application=pinpoint.CfnApp(unknown, "Project", name="x"))


def test_an_identity_of_another_region_is_refused() -> None:
    stack = new_stack()
    elsewhere = other_stack(stack, region=OTHER_REGION)
    made = ses.EmailIdentity(elsewhere, "Identity", identity=ses.Identity.domain("example.com"))
    for identity in (f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com", made, made.node.default_child):
        with pytest.raises(
            ValueError, match=rf"^identity: .* is in {OTHER_REGION}, the channel in us-east-1; accepted:"
        ):
            channel(stack, identity=identity)
    unknown = other_stack(stack, "Unknown", account=None, region=None)
    channel(unknown, identity=f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com")


def test_an_identity_of_another_account_that_lets_this_one_send_is_taken() -> None:
    stack = new_stack()
    arn = f"arn:aws:ses:us-east-1:{OTHER_ACCOUNT}:identity/example.com"
    channel(stack, identity=arn)
    assert properties(stack)["Identity"] == arn
    assert resource_arns(stack) == [arn]


def test_a_configuration_set_construct_of_another_place_is_refused() -> None:
    stack = new_stack()
    for number, place in enumerate(({"account": OTHER_ACCOUNT}, {"region": OTHER_REGION})):
        elsewhere = other_stack(stack, f"Other{number}", **place)
        made = ses.ConfigurationSet(elsewhere, "Set", configuration_set_name="marketing")
        with pytest.raises(ValueError, match=r"^configuration_set: .* belongs to another account or Region; accepted:"):
            channel(stack, configuration_set=made)


@pytest.mark.parametrize(
    "arguments",
    [
        {"application": None},
        {"application": 1},
        {"application": pinpoint.CfnApp},
        {"from_address": 1},
        {"from_address": None},
        {"from_address": ["me@example.com"]},
        {"identity": None},
        {"identity": ["example.com"]},
        {"configuration_set": 1},
        {"configuration_set": ["marketing"]},
        {"enabled": "false"},
        {"enabled": None},
        {"enabled": 1},
    ],
    ids=str,
)
def test_an_argument_of_another_type_is_refused_and_leaves_nothing_behind(arguments: dict[str, Any]) -> None:
    (parameter,) = arguments
    stack = new_stack()
    with pytest.raises(TypeError, match=rf"^{parameter}: .* is of type .*; accepted: "):
        channel(stack, **arguments)
    assert not stack.node.children


def test_a_from_address_whose_domain_is_known_is_checked() -> None:
    stack = new_stack()
    name = cdk.CfnParameter(stack, "Name").value_as_string
    with pytest.raises(ValueError, match="is outside the identity"):
        channel(stack, from_address=f"{name}@example.org")
    channel(stack, from_address=f"{name}@example.com")
    EmailChannel(stack, "Mailbox", application="a", from_address=f"{name}@example.com", identity="me@example.com")


@pytest.mark.parametrize("place", [f"eu-west-1:{ACCOUNT}", "us-east-1:444455556666"])
def test_a_configuration_set_of_another_place_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match=r"^configuration_set: .*looked up by name"):
        channel(new_stack(), configuration_set=f"arn:aws:ses:{place}:configuration-set/marketing")


def test_a_from_address_is_checked_against_a_constructs_name() -> None:
    stack = new_stack()
    identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
    capital = ses.EmailIdentity(stack, "Capital", identity=ses.Identity.domain("Example.COM"))
    EmailChannel(stack, "Fits", application="a", from_address="a@mail.example.com", identity=capital)
    with pytest.raises(ValueError, match=r"from_address: 'a@notexample.com' is outside the identity 'example.com'"):
        channel(stack, identity=identity, from_address="a@notexample.com")


def test_tokens_pass() -> None:
    stack = new_stack()
    text = cdk.CfnParameter(stack, "Text").value_as_string
    channel(stack, application=text, identity=text, from_address=text, configuration_set=text)
    assert properties(stack)["FromAddress"] == {"Ref": "Text"}
    other = new_stack()
    channel(other, identity=cdk.CfnParameter(other, "Domain").value_as_string)
    assert properties(other)["FromAddress"] == "me@example.com"


def warned(stack: cdk.Stack) -> list[str]:
    """Return the paths of the constructs that warn of the end of support, as the assembly has them."""
    app: Any = stack.node.root
    entries = json.loads(Path(app.synth().directory, "Stack.metadata.json").read_text())
    return [
        path
        for path, metadata in entries.items()
        for entry in metadata
        if entry["type"] == "aws:cdk:warning" and "EndOfSupport" in entry["data"]
    ]


def test_channel_and_pinpoint_role_warn_of_the_end_of_support() -> None:
    stack = new_stack()
    channel(stack)
    assert warned(stack) == ["/Stack/Channel", "/Stack/Channel/SendingRole"]
    other = new_stack()
    OrchestrationSendingRole(other, "Role")
    assert warned(other) == ["/Stack/Role"]


@pytest.mark.parametrize(
    "service",
    [SendingService.EVENTBRIDGE_SCHEDULER, SendingService.STEP_FUNCTIONS, SendingService.SES_MAIL_MANAGER],
)
def test_the_other_services_roles_do_not_warn(service: SendingService) -> None:
    stack = new_stack()
    SesSendingRole(stack, "Role", service=service)
    assert warned(stack) == []


def test_one_acknowledgment_of_the_channel_is_enough() -> None:
    stack = new_stack()
    made = channel(stack)
    acknowledge(made, "EndOfSupport")
    assert warned(stack) == []
