"""The email channel: wired to its role, and refused where it could not send."""

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
from tests.documents import ACCOUNT
from tests.helpers import new_stack, resolve, resource_arns

SES = f"arn:aws:ses:us-east-1:{ACCOUNT}"
WARNING = "pinpoint-role-construct:EndOfSupport"


def channel(stack: cdk.Stack, **arguments: Any) -> EmailChannel:
    defaults: dict[str, Any] = {"application": "a1b2c3", "from_address": "me@example.com", "identity": "example.com"}
    return EmailChannel(stack, "Channel", **{**defaults, **arguments})


def properties(stack: cdk.Stack) -> dict[str, Any]:
    (resource,) = Template.from_stack(stack).find_resources("AWS::Pinpoint::EmailChannel").values()
    found: dict[str, Any] = resource["Properties"]
    return found


def waits_for(stack: cdk.Stack) -> set[str]:
    """Return the types of all resources that the channel waits for, by reference or by dependency."""
    resources = Template.from_stack(stack).to_json()["Resources"]
    seen: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for element in value:
                walk(element)
        elif isinstance(value, dict):
            names = [value.get("Ref"), (value.get("Fn::GetAtt") or [None])[0], *value.get("DependsOn", [])]
            for name in names:
                if name in resources and name not in seen:
                    seen.add(name)
                    walk(resources[name])
            for element in value.values():
                walk(element)

    walk(next(r for r in resources.values() if r["Type"] == "AWS::Pinpoint::EmailChannel"))
    return {resources[name]["Type"] for name in seen}


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
    event_role = iam.Role(stack, "EventRole", assumed_by=iam.ServicePrincipal("pinpoint.amazonaws.com"))
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


@pytest.mark.parametrize(
    ("identity", "address"),
    [
        ("example.com", "me@example.com"),
        ("Example.com", "Me@EXAMPLE.com"),
        ("example.com", "me@deep.mail.example.com"),
        ("me@example.com", "me@example.com"),
        ("me@example.com", "me+label@example.com"),
        ("me+label@example.com", "me+label@example.com"),
        (f"{SES}:identity/example.com", "me@mail.example.com"),
    ],
)
def test_a_from_address_of_the_identity(identity: str, address: str) -> None:
    stack = new_stack()
    channel(stack, identity=identity, from_address=address)
    assert properties(stack)["FromAddress"] == address


@pytest.mark.parametrize(
    ("identity", "address"),
    [
        ("example.com", "a@notexample.com"),
        ("example.com", "a@example.com.evil.net"),
        ("example.com", "a@example.org"),
        ("mail.example.com", "a@example.com"),
        ("me@example.com", "you@example.com"),
        ("me@example.com", "Me@example.com"),
        ("me@example.com", "me@mail.example.com"),
        ("me@example.com", "you+me@example.com"),
        ("me+label@example.com", "me@example.com"),
        ("me+label@example.com", "me+other@example.com"),
        ("example.com", "example.com"),
        ("example.com", ""),
        (f"{SES}:identity/example.com", "a@notexample.com"),
    ],
)
def test_a_from_address_outside_the_identity_is_refused(identity: str, address: str) -> None:
    with pytest.raises(ValueError, match=r"^from_address: .*accepted: the email address of the identity"):
        channel(new_stack(), identity=identity, from_address=address)


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


@pytest.mark.parametrize("application", ["", "a b", f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/a1"])
def test_an_application_that_is_no_id_is_refused(application: str) -> None:
    with pytest.raises(ValueError, match=r"^application: .* is not an id"):
        channel(new_stack(), application=application)


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


@pytest.mark.parametrize(
    "arguments",
    [
        {"application": None},
        {"application": 1},
        {"from_address": 1},
        {"identity": None},
        {"configuration_set": 1},
        {"sending_role": "arn:aws:iam::111122223333:role/x"},
        {"event_role": "arn:aws:iam::111122223333:role/x"},
    ],
)
def test_an_argument_of_another_type_is_refused(arguments: dict[str, Any]) -> None:
    (parameter,) = arguments
    with pytest.raises(TypeError, match=rf"^{parameter}: .*accepted: "):
        channel(new_stack(), **arguments)


def test_a_role_that_covers_it() -> None:
    stack = new_stack()
    everything = OrchestrationSendingRole(stack, "Everything")
    channel(stack, sending_role=everything, configuration_set="marketing")
    narrow = OrchestrationSendingRole(stack, "Narrow", identities=["example.com"], configuration_sets=["marketing"])
    EmailChannel(
        stack,
        "Second",
        application="a1",
        from_address="me@example.com",
        identity=f"{SES}:identity/example.com",
        configuration_set="marketing",
        sending_role=narrow,
    )
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 2)


@pytest.mark.parametrize(
    ("role", "arguments", "why"),
    [
        ({"identities": ["example.org"]}, {}, "identity/example.com"),
        ({"identities": ["me@example.com"]}, {}, "identity/example.com"),
        ({"identities": ["example.com"], "region": "eu-west-1"}, {}, "does not cover"),
        ({"identities": ["arn:aws:ses:us-east-1:444455556666:identity/example.com"]}, {}, "does not cover"),
        ({"region": "eu-west-1"}, {}, "does not cover"),
        ({"configuration_sets": []}, {"configuration_set": "marketing"}, "configuration-set/marketing"),
        ({"configuration_sets": ["other"]}, {"configuration_set": "marketing"}, "configuration-set/marketing"),
    ],
)
def test_a_role_of_ours_that_does_not_cover_it_is_refused(
    role: dict[str, Any], arguments: dict[str, Any], why: str
) -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match=rf"^sending_role: .*{why}"):
        channel(stack, sending_role=OrchestrationSendingRole(stack, "Role", **role), **arguments)


def test_a_role_for_another_construct_is_refused_and_for_the_same_taken() -> None:
    stack = new_stack()
    mine, other = (
        ses.EmailIdentity(stack, name, identity=ses.Identity.domain(name)) for name in ("example.com", "example.org")
    )
    role = OrchestrationSendingRole(stack, "Role", identities=[mine])
    channel(stack, identity=mine, sending_role=role)
    with pytest.raises(ValueError, match="sending_role"):
        EmailChannel(stack, "X", application="a", from_address="me@example.org", identity=other, sending_role=role)


def test_a_role_for_another_service_is_refused() -> None:
    stack = new_stack()
    role = SesSendingRole(stack, "Role", service=SendingService.EVENTBRIDGE_SCHEDULER)
    with pytest.raises(ValueError, match=r"sending_role: .* is for scheduler.amazonaws.com"):
        channel(stack, sending_role=role)


def test_a_role_that_lets_another_account_in_is_refused() -> None:
    stack = new_stack()
    elsewhere = cdk.Stack(
        cdk.App.of(stack), "Elsewhere", env=cdk.Environment(account="444455556666", region="us-east-1")
    )
    identity = f"{SES}:identity/example.com"
    with pytest.raises(ValueError, match=r"^sending_role: 'Elsewhere/Role' is for account 444455556666"):
        channel(stack, sending_role=OrchestrationSendingRole(elsewhere, "Role", identities=[identity]))


def test_an_imported_role_is_taken_as_it_is() -> None:
    stack = new_stack()
    arn = f"arn:aws:iam::{ACCOUNT}:role/service-role/made-by-the-console"
    channel(stack, sending_role=iam.Role.from_role_arn(stack, "Role", arn))
    assert properties(stack)["OrchestrationSendingRoleArn"] == arn
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 0)


@pytest.mark.parametrize(("managed", "policy"), [(False, set()), (True, {"AWS::IAM::ManagedPolicy"})])
def test_it_waits_for_the_role_and_its_permissions(managed: bool, policy: set[str]) -> None:
    stack = new_stack()
    channel(stack, sending_role=OrchestrationSendingRole(stack, "Role", use_managed_policy=managed))
    assert waits_for(stack) == {"AWS::IAM::Role"} | policy


def test_it_waits_for_permissions_that_are_granted_later() -> None:
    stack = new_stack()
    roles = [
        iam.Role(stack, name, assumed_by=iam.ServicePrincipal("pinpoint.amazonaws.com")) for name in ("Send", "Event")
    ]
    channel(stack, sending_role=roles[0], event_role=roles[1])
    for role in roles:
        role.add_to_policy(iam.PolicyStatement(actions=["ses:SendEmail"], resources=["*"]))
    (resource,) = Template.from_stack(stack).find_resources("AWS::Pinpoint::EmailChannel").values()
    assert len(resource["DependsOn"]) == 2
    assert waits_for(stack) == {"AWS::IAM::Role", "AWS::IAM::Policy"}


def warned(stack: cdk.Stack) -> list[str]:
    """Return the paths of the constructs that warn of the end of support, as the assembly has them."""
    app: Any = stack.node.root
    entries = json.loads(Path(app.synth().directory, "Stack.metadata.json").read_text())
    return [
        path
        for path, metadata in entries.items()
        for entry in metadata
        if entry["type"] == "aws:cdk:warning" and "2026-10-30" in entry["data"]
    ]


def test_channel_and_pinpoint_role_warn_of_the_end_of_support() -> None:
    stack = new_stack()
    channel(stack)
    assert warned(stack) == ["/Stack/Channel", "/Stack/Channel/SendingRole"]
    other = new_stack()
    OrchestrationSendingRole(other, "Role")
    assert warned(other) == ["/Stack/Role"]


@pytest.mark.parametrize("service", [SendingService.EVENTBRIDGE_SCHEDULER, SendingService.SES_MAIL_MANAGER])
def test_the_other_services_roles_do_not_warn(service: SendingService) -> None:
    stack = new_stack()
    SesSendingRole(stack, "Role", service=service)
    assert warned(stack) == []


def test_one_acknowledgment_of_the_channel_is_enough() -> None:
    stack = new_stack()
    made = channel(stack)
    cdk.Validations.of(made).acknowledge(cdk.Acknowledgment(id=WARNING, reason="Being retired"))
    assert warned(stack) == []
