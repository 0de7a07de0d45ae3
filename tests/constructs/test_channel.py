"""The email channel: wired to its role, refused where it could not send, and created after its roles' permissions."""

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

from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole, SendingService
from tests.constructs.helpers import (
    ACCOUNT,
    COVERED,
    OTHER_ACCOUNT,
    OTHER_REGION,
    OUTSIDE,
    SES,
    agnostic_stack,
    new_stack,
    other_stack,
    resolve,
    resource_arns,
    resources,
    sending_role,
    token,
)

APPS = f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps"
IMPORTED = f"arn:aws:iam::{ACCOUNT}:role/service-role/made-by-the-console"
As = Callable[[Any], Any]
FORMS: dict[str, As] = {"itself": lambda role: role, "without updates": lambda role: role.without_policy_updates()}
in_each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
PINPOINT: Any = iam.ServicePrincipal("pinpoint.amazonaws.com")


def channel(stack: cdk.Stack, id: str = "Channel", **arguments: Any) -> EmailChannel:
    defaults: dict[str, Any] = {"application": "a1b2c3", "from_address": "me@example.com", "identity": "example.com"}
    return EmailChannel(stack, id, **{**defaults, **arguments})


def properties(stack: cdk.Stack) -> dict[str, Any]:
    (found,) = resources(stack, "Pinpoint::EmailChannel").values()
    return found


def domain(stack: cdk.Stack, name: str = "example.com") -> ses.EmailIdentity:
    return ses.EmailIdentity(stack, name, identity=ses.Identity.domain(name))


def configuration_set(stack: cdk.Stack, name: str) -> ses.ConfigurationSet:
    return ses.ConfigurationSet(stack, name, configuration_set_name=name)


def test_it_makes_a_role_narrowed_to_what_it_sends_with() -> None:
    stack = new_stack()
    made = channel(stack, configuration_set=f"{SES}:configuration-set/marketing")
    assert isinstance(made.sending_role, OrchestrationSendingRole)
    assert isinstance(made.resource, pinpoint.CfnEmailChannel)
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
    other = new_stack()
    channel(other, enabled=False)
    assert resource_arns(other) == [f"{SES}:identity/example.com"]
    assert "ConfigurationSet" not in properties(other)
    assert properties(other)["Enabled"] is False


def test_constructs_and_tokens() -> None:
    stack = new_stack()
    project = pinpoint.CfnApp(stack, "Project", name="x")
    sets, identity = ses.ConfigurationSet(stack, "Set"), domain(stack, "Example.COM")
    event_role = iam.Role(stack, "EventRole", assumed_by=PINPOINT)
    channel(stack, application=project, identity=identity, configuration_set=sets, event_role=event_role)
    found = properties(stack)
    assert found["ApplicationId"] == stack.resolve(project.ref)
    assert found["ConfigurationSet"] == stack.resolve(sets.configuration_set_name)
    assert resolve(found["Identity"]) == f"{SES}:identity/example.com"
    assert found["RoleArn"] == stack.resolve(event_role.role_arn)
    other = new_stack()
    text = token(other)
    channel(other, application=text, identity=text, from_address=text, configuration_set=text)
    assert properties(other)["FromAddress"] == {"Ref": "Name"}
    for number, address in enumerate([f"{text} <me@example.com>", f"News <{text}@example.com>", f"{text}@example.com"]):
        channel(other, f"Token{number}", from_address=address)
    channel(other, "Mailbox", from_address=f"{text}@example.com", identity="me@example.com")
    for address in (f"{text}@example.org", f"News <{text}@example.org>"):
        with pytest.raises(ValueError, match=r"^from_address: '\$\{Name\}@example.org' is outside the identity"):
            channel(other, "Other", from_address=address)


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


@pytest.mark.parametrize(("identity", "address"), [*COVERED, *(("example.com", name) for name in DISPLAY_NAMES)])
def test_a_from_address_of_the_identity_is_taken_as_it_is(identity: str, address: str) -> None:
    stack = new_stack()
    channel(stack, identity=identity, from_address=address)
    assert properties(stack)["FromAddress"] == address


NOT_ONE = "is not one email address, or a display name and one"
NOT_A_NAME = "is not one display name, in quotes if it has punctuation, and one email address"
BAD_ADDRESSES = {
    "News <>": NOT_A_NAME,
    "News <me@example.org>": "'me@example.org' is outside the identity 'example.com'",
    "me@example.com <me@example.org>": NOT_A_NAME,
    "News <*@example.com>": r"has \*",
    "News, Inc <me@example.com>": NOT_A_NAME,
    "News: <me@example.com>": NOT_A_NAME,
    "News: me@example.com;": NOT_ONE,
    '"News <me@example.com>': NOT_A_NAME,
    "News <me@example.com": NOT_ONE,
    "News <me@example.com> x": NOT_ONE,
    ":; <me@example.com>": NOT_A_NAME,
    "a@[ <me@example.com>": NOT_A_NAME,
    "=?utf-8?q?x=0Ab?= <me@example.com>": NOT_A_NAME,
    "News me@example.com": NOT_ONE,
    "News\r\nBcc: you@example.com <me@example.com>": "control characters",
    "N\xe9ws <me@example.com>": "RFC 2047",
    "example.com": "is not an email address",
    "": "is empty",
}


@pytest.mark.parametrize(("address", "why"), BAD_ADDRESSES.items())
def test_a_from_address_that_is_not_one_is_refused(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^from_address: .*{why}.*; accepted: the email address of the identity"):
        channel(new_stack(), from_address=address)


@pytest.mark.parametrize(("identity", "address"), OUTSIDE)
def test_a_from_address_outside_the_identity_is_refused(identity: str, address: str) -> None:
    with pytest.raises(ValueError, match=rf"^from_address: '{address}' is outside the identity".replace("+", r"\+")):
        channel(new_stack(), identity=identity, from_address=address)


def app(**place: str) -> As:
    return lambda stack: pinpoint.CfnApp(other_stack(stack, **place), "Project", name="x")


def set_of(**place: str) -> As:
    return lambda stack: configuration_set(other_stack(stack, **place), "marketing")


ELSEWHERE: list[tuple[str, Any, str]] = [
    *[("application", text, "is not a valid ID") for text in ("", "a b", "a*", "a1\n", f"{APPS}/a1")],
    ("application", app(account=OTHER_ACCOUNT), f"is in {OTHER_ACCOUNT}, but the channel is in {ACCOUNT}"),
    ("application", app(region=OTHER_REGION), f"is in {OTHER_REGION}, but the channel is in us-east-1"),
    ("identity", f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com", f"is in {OTHER_REGION}, but the"),
    ("identity", lambda stack: domain(other_stack(stack, region=OTHER_REGION)), f"is in {OTHER_REGION}, but the"),
    ("configuration_set", f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:configuration-set/m", "belongs to another account"),
    ("configuration_set", f"arn:aws:ses:us-east-1:{OTHER_ACCOUNT}:configuration-set/m", "belongs to another account"),
    ("configuration_set", set_of(account=OTHER_ACCOUNT), "belongs to another account or Region"),
    ("configuration_set", set_of(region=OTHER_REGION), "belongs to another account or Region"),
]


@pytest.mark.parametrize(("parameter", "make", "why"), ELSEWHERE)
def test_what_is_not_of_the_channels_place_is_refused(parameter: str, make: Any, why: str) -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match=rf"^{parameter}: .*{why}.*; accepted: "):
        channel(stack, **{parameter: make(stack) if callable(make) else make})


def test_what_is_of_an_unknown_place_and_another_accounts_identity_are_taken() -> None:
    stack = new_stack()
    unknown = other_stack(stack, "Unknown", account=None, region=None)
    channel(stack, "Project", application=pinpoint.CfnApp(unknown, "Project", name="x"))
    channel(unknown, identity=f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com")
    arn = f"arn:aws:ses:us-east-1:{OTHER_ACCOUNT}:identity/example.com"
    foreign = new_stack()
    channel(foreign, identity=arn)
    assert (properties(foreign)["Identity"], resource_arns(foreign)) == (arn, [arn])


WRONG_TYPES: dict[str, list[Any]] = {
    "application": [None, 1, pinpoint.CfnApp],
    "from_address": [1, None, ["me@example.com"]],
    "identity": [None, ["example.com"]],
    "configuration_set": [1, ["marketing"]],
    "enabled": ["false", None, 1],
    "sending_role": [
        IMPORTED,
        1,
        iam.Role,
        OrchestrationSendingRole,
        PINPOINT,
        type("X", (), {"role_arn": IMPORTED})(),
    ],
    "event_role": [IMPORTED, 1, iam.Role],
}


@pytest.mark.parametrize(
    ("parameter", "value"), [(name, value) for name, them in WRONG_TYPES.items() for value in them]
)
def test_an_argument_of_another_type_is_refused_and_leaves_nothing_behind(parameter: str, value: Any) -> None:
    stack = new_stack()
    with pytest.raises(TypeError, match=rf"^{parameter}: .* is of type .*; accepted: "):
        channel(stack, **{parameter: value})
    assert not stack.node.children


COVERING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"configuration_set": "marketing"}),
    ({"identities": ["Example.COM"], "configuration_sets": []}, {"identity": f"{SES}:identity/example.com"}),
    ({"identities": ["example.org", "example.com"]}, {"identity": "EXAMPLE.com"}),
    ({"configuration_sets": ["a", "marketing"]}, {"configuration_set": f"{SES}:configuration-set/marketing"}),
    ({"from_addresses": ["me@example.com", "x@example.com"]}, {"from_address": "Me <me@example.com>"}),
    ({"source_arns": [f"{APPS}/other", f"{APPS}/a1b2c3"]}, {}),
    ({"source_arns": [f"{APPS}/a1*"]}, {}),
    ({"source_arns": [f"{APPS}/*".replace("us-east-1", "*")]}, {}),
]
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
@pytest.mark.parametrize(("role", "arguments"), COVERING)
def test_a_role_that_covers_the_channel_is_taken(form: As, role: dict[str, Any], arguments: dict[str, Any]) -> None:
    stack = new_stack()
    given = form(sending_role(stack, **role))
    assert channel(stack, sending_role=given, **arguments).sending_role is given
    assert len(resources(stack, "IAM::Role")) == 1
    assert properties(stack)["OrchestrationSendingRoleArn"] == stack.resolve(given.role_arn)


@in_each_form
@pytest.mark.parametrize("literals", [False, True])
@pytest.mark.parametrize(("role", "arguments", "why"), NOT_COVERING)
def test_a_role_of_ours_that_does_not_cover_the_channel_is_refused(
    form: As, literals: bool, role: dict[str, Any], arguments: dict[str, Any], why: str
) -> None:
    stack = new_stack(context={"@aws-cdk/core:enablePartitionLiterals": literals})
    given = form(sending_role(stack, **role))
    accepted = (
        "accepted: a role for Pinpoint and this account that covers the channel's identity, configuration set and"
    )
    with pytest.raises(ValueError, match=rf"^sending_role: 'Stack/Role' .*{why}.*; {accepted}"):
        channel(stack, sending_role=given, **arguments)
    assert stack.node.try_find_child("Channel") is None


@in_each_form
def test_constructs_whose_names_are_known_are_compared_by_name(form: As) -> None:
    stack = new_stack()
    mine, other = domain(stack, "Example.COM"), domain(stack, "example.org")
    here, there = configuration_set(stack, "here"), configuration_set(stack, "there")
    by_construct = form(sending_role(stack, "Constructs", identities=[mine], configuration_sets=[here]))
    by_name = form(sending_role(stack, "Names", identities=["example.com"], configuration_sets=["here"]))
    l1 = ses.CfnEmailIdentity(stack, "L1", email_identity="EXAMPLE.com")
    for number, role in enumerate([by_construct, by_name]):
        for letter, identity in zip("abc", (mine, "example.com", l1), strict=True):
            channel(stack, f"{letter}{number}", sending_role=role, identity=identity, configuration_set="here")
        channel(stack, f"Set{number}", sending_role=role, configuration_set=here)
        with pytest.raises(ValueError, match=r"^sending_role: .* does not cover arn:.*identity/\$\{exampleorg"):
            channel(stack, sending_role=role, identity=other, from_address="me@example.org")
        with pytest.raises(ValueError, match=r"^sending_role: .* does not cover arn:.*configuration-set/\$\{there"):
            channel(stack, sending_role=role, identity=mine, configuration_set=there)


def test_what_is_not_known_may_be_covered() -> None:
    stack = new_stack()
    name, given = token(stack), token(stack, "Application")
    unknown = ses.EmailIdentity(stack, "Unknown", identity=ses.Identity.domain(name))
    set_of_token = ses.ConfigurationSet(stack, "Set", configuration_set_name=name)
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"identities": [name]}, {}),
        ({"identities": ["example.org"]}, {"identity": name}),
        ({"identities": [unknown]}, {}),
        ({"from_addresses": [name]}, {}),
        ({"source_arns": [name]}, {}),
        ({"source_arns": [f"{name}{given}"]}, {}),
        ({"source_arns": [f"{APPS}/{name}"]}, {}),
        ({"source_arns": [f"{APPS}/{name}"]}, {"application": given}),
        ({"source_arns": [f"{APPS}/x"]}, {"application": given}),
        ({"configuration_sets": [name]}, {"configuration_set": "marketing"}),
        ({"configuration_sets": [set_of_token]}, {"configuration_set": "marketing"}),
        ({"configuration_sets": [set_of_token]}, {"configuration_set": name}),
    ]
    for number, (role, arguments) in enumerate(cases):
        channel(stack, f"Channel{number}", sending_role=sending_role(stack, f"Role{number}", **role), **arguments)
    both = ["example.com", f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com"]
    there = sending_role(stack, identities=both, source_arns=[f"{APPS}/{name}".replace("us-east-1", OTHER_REGION)])
    with pytest.raises(ValueError, match=r"is for other projects: .*eu-west-1.*apps/\$\{Name\}"):
        channel(stack, sending_role=there, application=given)


@in_each_form
def test_projects_that_are_constructs_are_told_apart(form: As) -> None:
    stack = new_stack()
    mine, other = (pinpoint.CfnApp(stack, name, name="the same") for name in ("Mine", "Other"))
    role = form(sending_role(stack, source_arns=[mine]))
    by_ref = form(sending_role(stack, "ByRef", source_arns=[f"{APPS}/{mine.ref}"]))
    for number, given in enumerate([role, by_ref]):
        for letter, project in zip("abc", (mine, mine.ref, token(stack, f"Token{number}")), strict=True):
            channel(stack, f"{letter}{number}", application=project, sending_role=given)
        for wrong in (other, other.ref):
            with pytest.raises(ValueError, match=r"is for other projects: .*\$\{Mine"):
                channel(stack, application=wrong, sending_role=given)


def test_a_role_of_another_account_is_refused_and_of_an_unknown_one_taken() -> None:
    stack = new_stack()
    identity = f"{SES}:identity/example.com"
    theirs = sending_role(other_stack(stack, "Elsewhere", account=OTHER_ACCOUNT), identities=[identity])
    refused = rf"^sending_role: 'Elsewhere/Role' is for account {OTHER_ACCOUNT}, but the channel is in {ACCOUNT}"
    with pytest.raises(ValueError, match=refused):
        channel(stack, sending_role=theirs)
    unknown = other_stack(stack, "Unknown", account=None, region=None)
    channel(stack, sending_role=sending_role(unknown, identities=[identity]))
    agnostic = agnostic_stack()
    project = pinpoint.CfnApp(agnostic, "Project", name="x")
    role = sending_role(agnostic, identities=["example.com"], configuration_sets=["m"], source_arns=[project])
    channel(agnostic, sending_role=role, application=project, configuration_set="m")
    with pytest.raises(ValueError, match=r"^sending_role: .* does not cover"):
        channel(agnostic, "Other", sending_role=role, identity="example.org", from_address="me@example.org")


@in_each_form
def test_the_two_roles_go_where_they_belong(form: As) -> None:
    stack = new_stack()
    sending = OrchestrationSendingRole(stack, "Sending")
    ours, theirs = OrchestrationSendingRole(stack, "Ours"), iam.Role(stack, "Theirs", assumed_by=PINPOINT)
    imported = iam.Role.from_role_arn(stack, "Imported", IMPORTED)
    for number, events in enumerate([form(ours), form(theirs), imported]):
        for letter, given in zip("abc", (form(sending), imported, None), strict=True):
            made = channel(stack, f"{letter}{number}", event_role=events, sending_role=given)
            assert stack.resolve(made.resource.role_arn) == stack.resolve(events.role_arn)
            used = (given or made.sending_role).role_arn
            assert stack.resolve(made.resource.orchestration_sending_role_arn) == stack.resolve(used)
    wrong = form(sending_role(stack, service=SendingService.SES_MAIL_MANAGER))
    with pytest.raises(ValueError, match=r"^event_role: 'Stack/Role' is for ses.amazonaws.com; accepted: a role that"):
        channel(stack, event_role=wrong)


def waits_for(stack: cdk.Stack) -> list[str]:
    """The types of all resources that the channel waits for, by reference or by dependency."""
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
    return sorted(template[name]["Type"].removeprefix("AWS::IAM::") for name in seen)


READ = iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"])


@in_each_form
@pytest.mark.parametrize("managed", [False, True])
def test_the_channel_waits_for_the_permissions_of_its_roles(form: As, managed: bool) -> None:
    stack = new_stack()
    channel(stack, sending_role=form(sending_role(stack, use_managed_policy=managed)))
    assert waits_for(stack) == (["ManagedPolicy", "Role"] if managed else ["Role"])
    later = new_stack()
    roles = [iam.Role(later, name, assumed_by=PINPOINT) for name in ("Send", "Event")]
    channel(later, sending_role=form(roles[0]), event_role=form(roles[1]))
    for role in roles:
        role.add_to_policy(READ)
    assert waits_for(later) == ["Policy", "Policy", "Role", "Role"]
    imported = new_stack()
    theirs = iam.Role.from_role_arn(imported, "Role", IMPORTED)
    channel(imported, sending_role=theirs)
    theirs.add_to_principal_policy(READ)
    assert waits_for(imported) == ["Policy"]


@jsii.implements(cdk.IAspect)
class GrantsLate:
    """Grants when it visits a construct elsewhere in the app."""

    def __init__(self, role: iam.Role) -> None:
        self._role, self._done = role, False

    def visit(self, node: Any) -> None:
        if not self._done and isinstance(node, s3.CfnBucket):
            self._done = True
            self._role.add_to_policy(READ)


@in_each_form
@pytest.mark.parametrize("before", [True, False], ids=["before the channel", "after the channel"])
@pytest.mark.parametrize("stabilization", [True, False])
def test_the_channel_waits_for_what_an_aspect_elsewhere_grants(form: As, before: bool, stabilization: bool) -> None:
    stack = new_stack(context={"@aws-cdk/core:aspectStabilization": stabilization})
    role = sending_role(stack)
    if before:
        s3.CfnBucket(stack, "Elsewhere")
    channel(stack, sending_role=form(role))
    if not before:
        s3.CfnBucket(stack, "Elsewhere")
    cdk.Aspects.of(stack).add(GrantsLate(role))  # type: ignore[arg-type]
    assert waits_for(stack) == ["Policy", "Role"]
