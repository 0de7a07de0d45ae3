"""The roles that a channel is given: refused where it could not send with them, and there before the channel is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk.assertions import Template

from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole, SendingService, SesSendingRole
from tests.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    SES,
    agnostic_stack,
    new_stack,
    other_stack,
    resources,
    sending_role,
    token,
)

APPS = f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps"
IMPORTED = f"arn:aws:iam::{ACCOUNT}:role/service-role/made-by-the-console"
As = Callable[[Any], Any]
FORMS: dict[str, As] = {"itself": lambda role: role, "without updates": lambda role: role.without_policy_updates()}
in_each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def channel(stack: cdk.Stack, id: str = "Channel", **arguments: Any) -> EmailChannel:
    defaults: dict[str, Any] = {"application": "a1b2c3", "from_address": "me@example.com", "identity": "example.com"}
    return EmailChannel(stack, id, **{**defaults, **arguments})


def properties(stack: cdk.Stack) -> dict[str, Any]:
    (found,) = resources(stack, "Pinpoint::EmailChannel").values()
    return found


def waits_for(stack: cdk.Stack) -> set[str]:
    """Return the types of all resources that the channel waits for, by reference or by dependency."""
    template = Template.from_stack(stack).to_json()["Resources"]
    seen: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for element in value:
                walk(element)
        elif isinstance(value, dict):
            names: list[Any] = [value.get("Ref"), *value.get("Fn::GetAtt", [])[:1], *value.get("DependsOn", [])]
            for name in names:
                if name in template and name not in seen:
                    seen.add(name)
                    walk(template[name])
            for element in value.values():
                walk(element)

    walk(next(r for r in template.values() if r["Type"] == "AWS::Pinpoint::EmailChannel"))
    return {template[name]["Type"] for name in seen}


COVERING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"configuration_set": "marketing"}),
    ({}, {}),
    ({"identities": ["example.com"], "configuration_sets": []}, {}),
    ({"identities": ["Example.COM"], "configuration_sets": []}, {"identity": f"{SES}:identity/example.com"}),
    ({"identities": ["example.org", "example.com"]}, {"identity": "EXAMPLE.com"}),
    ({"configuration_sets": ["a", "marketing"]}, {"configuration_set": f"{SES}:configuration-set/marketing"}),
    ({"from_addresses": ["me@example.com", "x@example.com"]}, {}),
    ({"from_addresses": ["me@example.com"]}, {"from_address": "Me <me@example.com>"}),
    ({"source_arns": [f"{APPS}/other", f"{APPS}/a1b2c3"]}, {}),
    ({"source_arns": [f"{APPS}/a1*"]}, {}),
    ({"source_arns": [f"{APPS}/*".replace("us-east-1", "*")]}, {}),
]


@in_each_form
@pytest.mark.parametrize(("role", "arguments"), COVERING)
def test_a_role_that_covers_the_channel_is_taken(form: As, role: dict[str, Any], arguments: dict[str, Any]) -> None:
    stack = new_stack()
    given = form(sending_role(stack, **role))
    made = channel(stack, sending_role=given, **arguments)
    assert made.sending_role is given
    assert len(resources(stack, "IAM::Role")) == 1
    assert properties(stack)["OrchestrationSendingRoleArn"] == stack.resolve(given.role_arn)


NOT_COVERING: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"identities": ["example.org"]}, {}, "does not cover .*identity/example.com"),
    ({"identities": ["me@example.com"]}, {}, "does not cover .*identity/example.com"),
    ({"identities": ["mail.example.com"]}, {}, "does not cover .*identity/example.com"),
    ({"identities": ["example.com"], "region": OTHER_REGION}, {}, "does not cover"),
    ({"identities": [f"arn:aws:ses:us-east-1:{OTHER_ACCOUNT}:identity/example.com"]}, {}, "does not cover"),
    ({"region": OTHER_REGION}, {}, "does not cover"),
    ({"configuration_sets": []}, {"configuration_set": "marketing"}, "does not cover .*configuration-set/marketing"),
    ({"configuration_sets": ["x"]}, {"configuration_set": "marketing"}, "does not cover .*configuration-set/marketing"),
    ({"from_addresses": ["you@example.com"]}, {}, "may not send from me@example.com, only from you@example.com"),
    ({"from_addresses": ["me@example.com"]}, {"from_address": "Me@example.com"}, "may not send from Me@example.com"),
    ({"source_arns": [f"{APPS}/other"]}, {}, f"is for other projects: {APPS}/other"),
    ({"source_arns": [f"{APPS}/a1b2c3d4"]}, {}, "is for other projects"),
    ({"source_arns": [f"{APPS}/a1"]}, {}, "is for other projects"),
    ({"source_arns": [f"{APPS}/b*", f"{APPS}/c*"]}, {}, "is for other projects"),
    ({"service": SendingService.EVENTBRIDGE_SCHEDULER}, {}, "is for scheduler.amazonaws.com"),
]


@in_each_form
@pytest.mark.parametrize("literals", [False, True])
@pytest.mark.parametrize(("role", "arguments", "why"), NOT_COVERING)
def test_a_role_of_ours_that_does_not_cover_the_channel_is_refused(
    form: As, literals: bool, role: dict[str, Any], arguments: dict[str, Any], why: str
) -> None:
    stack = new_stack(context={"@aws-cdk/core:enablePartitionLiterals": literals})
    given = form(sending_role(stack, **role))
    accepted = "accepted: a role for Pinpoint and this account that names what the channel sends as, from and with"
    with pytest.raises(ValueError, match=rf"^sending_role: 'Stack/Role' .*{why}.*; {accepted}"):
        channel(stack, sending_role=given, **arguments)
    assert stack.node.try_find_child("Channel") is None


def domain(stack: cdk.Stack, name: str) -> ses.EmailIdentity:
    return ses.EmailIdentity(stack, name, identity=ses.Identity.domain(name))


def configuration_set(stack: cdk.Stack, name: str) -> ses.ConfigurationSet:
    return ses.ConfigurationSet(stack, name, configuration_set_name=name)


@in_each_form
def test_constructs_whose_names_are_known_are_compared_by_name(form: As) -> None:
    stack = new_stack()
    mine, other = domain(stack, "example.com"), domain(stack, "example.org")
    here, there = configuration_set(stack, "here"), configuration_set(stack, "there")
    role = form(sending_role(stack, identities=[mine], configuration_sets=[here]))
    for number, arguments in enumerate([{"identity": mine}, {"identity": "example.com", "configuration_set": "here"}]):
        channel(stack, f"Fits{number}", sending_role=role, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^sending_role: .* does not cover arn:.*identity/\$\{exampleorg"):
        channel(stack, sending_role=role, identity=other, from_address="me@example.org")
    with pytest.raises(ValueError, match=r"^sending_role: .* does not cover arn:.*configuration-set/\$\{there"):
        channel(stack, sending_role=role, identity=mine, configuration_set=there)
    named = form(sending_role(stack, "Named", identities=["example.com"], configuration_sets=["here"]))
    channel(stack, "Named1", sending_role=named, identity=mine, configuration_set=here)
    with pytest.raises(ValueError, match=r"^sending_role: .* does not cover .*identity/"):
        channel(stack, sending_role=named, identity=other, from_address="me@example.org")
    with pytest.raises(ValueError, match=r"^sending_role: .* does not cover .*configuration-set/"):
        channel(stack, sending_role=named, identity=mine, configuration_set=there)


def test_constructs_with_capitals_are_compared_as_ses_does() -> None:
    stack = new_stack()
    role = sending_role(stack, identities=[domain(stack, "Example.COM")])
    channel(stack, sending_role=role)
    l1 = ses.CfnEmailIdentity(stack, "L1", email_identity="EXAMPLE.com")
    channel(stack, "Second", sending_role=role, identity=l1)


def test_what_is_not_known_may_be_covered() -> None:
    stack = new_stack()
    name = token(stack)
    unknown = ses.EmailIdentity(stack, "Unknown", identity=ses.Identity.domain(name))
    channel(stack, "Role", sending_role=sending_role(stack, "A", identities=[name]))
    channel(stack, "Identity", sending_role=sending_role(stack, "B", identities=["example.org"]), identity=name)
    channel(stack, "Construct", sending_role=sending_role(stack, "C", identities=[unknown]))
    channel(stack, "Address", sending_role=sending_role(stack, "D", from_addresses=[name]))
    channel(stack, "Source", sending_role=sending_role(stack, "E", source_arns=[name]))
    channel(stack, "Two", sending_role=sending_role(stack, "F", source_arns=[f"{name}{token(stack, 'Other')}"]))
    channel(stack, "Id", sending_role=sending_role(stack, "G", source_arns=[f"{APPS}/{name}"]))
    given = token(stack, "Application")
    channel(stack, "App", sending_role=sending_role(stack, "H", source_arns=[f"{APPS}/{name}"]), application=given)
    channel(stack, "Text", sending_role=sending_role(stack, "I", source_arns=[f"{APPS}/x"]), application=given)
    sets = sending_role(stack, "J", configuration_sets=[name])
    channel(stack, "Set", sending_role=sets, configuration_set="marketing")
    named = ses.ConfigurationSet(stack, "Named", configuration_set_name=name)
    sets = sending_role(stack, "K", configuration_sets=[named])
    channel(stack, "ByName", sending_role=sets, configuration_set="marketing")
    channel(stack, "ByToken", sending_role=sets, configuration_set=name)


def test_what_is_known_of_a_project_is_compared_where_the_rest_is_not() -> None:
    stack = new_stack()
    given = token(stack)
    both = ["example.com", f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com"]
    sources = [f"{APPS}/{given}".replace("us-east-1", OTHER_REGION)]
    role = sending_role(stack, identities=both, configuration_sets=[], source_arns=sources)
    with pytest.raises(ValueError, match=r"is for other projects: .*eu-west-1.*apps/\$\{Name\}"):
        channel(stack, sending_role=role, application=given)


@in_each_form
def test_projects_that_are_constructs_are_told_apart(form: As) -> None:
    stack = new_stack()
    mine, other = (pinpoint.CfnApp(stack, name, name="the same") for name in ("Mine", "Other"))
    role = form(sending_role(stack, source_arns=[mine]))
    channel(stack, "A", application=mine, sending_role=role)
    channel(stack, "B", application=mine.ref, sending_role=role)
    channel(stack, "C", application=token(stack), sending_role=role)
    by_ref = form(sending_role(stack, "ByRef", source_arns=[f"{APPS}/{mine.ref}"]))
    channel(stack, "D", application=mine, sending_role=by_ref)
    for number, wrong in enumerate([other, other.ref]):
        for given in (role, by_ref):
            with pytest.raises(ValueError, match=r"is for other projects: .*\$\{Mine"):
                channel(stack, f"Wrong{number}", application=wrong, sending_role=given)


def test_a_role_that_lets_another_account_in_is_refused() -> None:
    stack = new_stack()
    elsewhere = other_stack(stack, "Elsewhere", account=OTHER_ACCOUNT)
    identity = f"{SES}:identity/example.com"
    with pytest.raises(
        ValueError, match=rf"^sending_role: 'Elsewhere/Role' is for account {OTHER_ACCOUNT}, the channel"
    ):
        channel(stack, sending_role=sending_role(elsewhere, identities=[identity]))
    unknown = other_stack(stack, "Unknown", account=None, region=None)
    channel(stack, sending_role=sending_role(unknown, identities=[identity]))


@in_each_form
def test_an_event_role_of_another_service_is_refused(form: As) -> None:
    stack = new_stack()
    role = form(SesSendingRole(stack, "Role", service=SendingService.SES_MAIL_MANAGER))
    with pytest.raises(ValueError, match=r"^event_role: 'Stack/Role' is for ses.amazonaws.com; accepted: a role that"):
        channel(stack, event_role=role)


@in_each_form
def test_event_roles_of_pinpoint_and_others_are_taken(form: As) -> None:
    stack = new_stack()
    ours = form(OrchestrationSendingRole(stack, "Ours"))
    principal: Any = iam.ServicePrincipal("pinpoint.amazonaws.com")
    theirs = form(iam.Role(stack, "Theirs", assumed_by=principal))
    for number, role in enumerate([ours, theirs, iam.Role.from_role_arn(stack, "Imported", IMPORTED)]):
        made = channel(stack, f"Channel{number}", event_role=role)
        assert stack.resolve(made.resource.role_arn) == stack.resolve(role.role_arn)
        sending = stack.resolve(made.resource.orchestration_sending_role_arn)
        assert sending == stack.resolve(made.sending_role.role_arn) != stack.resolve(role.role_arn)


def test_the_two_roles_go_where_they_belong() -> None:
    stack = new_stack()
    sending, events = (OrchestrationSendingRole(stack, name) for name in ("Sending", "Events"))
    channel(stack, sending_role=sending, event_role=events)
    assert properties(stack)["OrchestrationSendingRoleArn"] == stack.resolve(sending.role_arn)
    assert properties(stack)["RoleArn"] == stack.resolve(events.role_arn)


def test_an_imported_role_is_taken_as_it_is() -> None:
    stack = new_stack()
    channel(stack, sending_role=iam.Role.from_role_arn(stack, "Role", IMPORTED))
    assert properties(stack)["OrchestrationSendingRoleArn"] == IMPORTED
    assert not resources(stack, "IAM::Role")


NO_ROLES: dict[str, Callable[[cdk.Stack], Any]] = {
    "ARN": lambda _: IMPORTED,
    "number": lambda _: 1,
    "class": lambda _: iam.Role,
    "our class": lambda _: OrchestrationSendingRole,
    "bucket": lambda stack: s3.Bucket(stack, "Bucket"),
    "L1 role": lambda stack: iam.CfnRole(stack, "L1", assume_role_policy_document={}),
    "principal": lambda _: iam.ServicePrincipal("pinpoint.amazonaws.com"),
    "what only has an ARN": lambda _: type("Like", (), {"role_arn": IMPORTED})(),
}


@pytest.mark.parametrize("make", NO_ROLES.values(), ids=NO_ROLES)
@pytest.mark.parametrize("parameter", ["sending_role", "event_role"])
def test_what_is_no_role_is_refused(parameter: str, make: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()
    with pytest.raises(TypeError, match=rf"^{parameter}: .* is of type .*; accepted: an IAM role, such as"):
        channel(stack, **{parameter: make(stack)})


@in_each_form
@pytest.mark.parametrize(("managed", "policy"), [(False, set()), (True, {"AWS::IAM::ManagedPolicy"})])
def test_the_channel_waits_for_the_role_and_its_permissions(form: As, managed: bool, policy: set[str]) -> None:
    stack = new_stack()
    channel(stack, sending_role=form(sending_role(stack, use_managed_policy=managed)))
    assert waits_for(stack) == {"AWS::IAM::Role"} | policy


@in_each_form
def test_the_channel_waits_for_what_is_granted_later_to_either_role(form: As) -> None:
    stack = new_stack()
    principal: Any = iam.ServicePrincipal("pinpoint.amazonaws.com")
    roles = [iam.Role(stack, name, assumed_by=principal) for name in ("Send", "Event")]
    channel(stack, sending_role=form(roles[0]), event_role=form(roles[1]))
    for role in roles:
        role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))
    (resource,) = Template.from_stack(stack).find_resources("AWS::Pinpoint::EmailChannel").values()
    assert sorted(resource["DependsOn"]) == sorted(resources(stack, "IAM::Policy"))
    assert len(resource["DependsOn"]) == 2


def test_the_channel_waits_for_what_is_granted_to_an_imported_role() -> None:
    stack = new_stack()
    role = iam.Role.from_role_arn(stack, "Role", IMPORTED)
    channel(stack, sending_role=role)
    role.add_to_principal_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))
    assert waits_for(stack) == {"AWS::IAM::Policy"}


@jsii.implements(cdk.IAspect)
class GrantsLate:
    """Grants when it visits a construct elsewhere in the app."""

    def __init__(self, role: iam.Role) -> None:
        self._role, self._done = role, False

    def visit(self, node: Any) -> None:
        if not self._done and isinstance(node, s3.CfnBucket):
            self._done = True
            self._role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))


@in_each_form
@pytest.mark.parametrize("before", [True, False], ids=["before the channel", "after the channel"])
@pytest.mark.parametrize("stabilization", [True, False])
@pytest.mark.parametrize("ours", [True, False], ids=["ours", "plain"])
def test_the_channel_waits_for_what_an_aspect_elsewhere_grants(
    form: As, before: bool, stabilization: bool, ours: bool
) -> None:
    stack = new_stack(context={"@aws-cdk/core:aspectStabilization": stabilization})
    principal: Any = iam.ServicePrincipal("pinpoint.amazonaws.com")
    role = sending_role(stack) if ours else iam.Role(stack, "Role", assumed_by=principal)
    if before:
        s3.CfnBucket(stack, "Elsewhere")
    channel(stack, sending_role=form(role))
    if not before:
        s3.CfnBucket(stack, "Elsewhere")
    cdk.Aspects.of(stack).add(GrantsLate(role))  # type: ignore[arg-type]
    assert waits_for(stack) == {"AWS::IAM::Role", "AWS::IAM::Policy"}


def test_an_agnostic_stacks_role_covers_an_agnostic_channel() -> None:
    stack = agnostic_stack()
    project = pinpoint.CfnApp(stack, "Project", name="x")
    role = sending_role(stack, identities=["example.com"], configuration_sets=["m"], source_arns=[project])
    channel(stack, sending_role=role, application=project, configuration_set="m")
    with pytest.raises(ValueError, match=r"sending_role: .* does not cover"):
        channel(stack, "Other", sending_role=role, identity="example.org", from_address="me@example.org")
