"""Input that slips through elsewhere: text that is no text, stacks that are equal, and what messages show."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Callable
from enum import Enum
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import EmailChannel, SendingService, SesSendingRole, grant_send_email
from tests.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    new_stack,
    plain_role,
    resolve,
    resource_arns,
    resources,
    roles,
    sending_role,
    statements,
    token,
    trust,
)


class Text(str, Enum):
    """Names as some write them down: an f-string of one says `Text.REGION`."""

    REGION = "eu-west-1"
    IDENTITY = "example.com"
    SET = "marketing"
    TEMPLATE = "welcome"
    ADDRESS = "me@example.com"
    PROJECT = "a1b2c3"
    SOURCE = "arn:aws:mobiletargeting:eu-west-1:111122223333:apps/a1b2c3"


class Phrase(str):
    """Text that says something else when it is printed."""

    def __str__(self) -> str:  # noqa: D105
        return "*"

    def __format__(self, spec: str) -> str:  # noqa: D105
        return "*"


@by_role_and_grant
def test_text_of_an_enum_is_its_value(ask: Ask) -> None:
    stack = new_stack()
    ask(
        stack,
        identities=[Text.IDENTITY],
        configuration_sets=[Text.SET],
        templates=[Text.TEMPLATE],
        from_addresses=[Text.ADDRESS],
        region=Text.REGION,
    )
    prefix = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}"
    names = ["identity/example.com", "configuration-set/marketing", "template/welcome"]
    with_sender, in_bulk = statements(stack)
    assert with_sender["Resource"] == in_bulk["Resource"] == [f"{prefix}:{name}" for name in names]
    assert with_sender["Condition"]["StringEquals"]["ses:FromAddress"] == "me@example.com"


def test_a_source_of_an_enum_is_its_value() -> None:
    stack = new_stack()
    sending_role(stack, region=Text.REGION, source_arns=[Text.SOURCE])
    assert trust(stack)["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": Text.SOURCE.value}


def test_a_channels_text_of_an_enum_is_its_value() -> None:
    stack = new_stack()
    EmailChannel(
        stack,
        "Channel",
        application=Text.PROJECT,
        identity=Text.IDENTITY,
        from_address=Text.ADDRESS,
        configuration_set=Text.SET,
    )
    (channel,) = resources(stack, "Pinpoint::EmailChannel").values()
    channel = resolve({key: value for key, value in channel.items() if "Role" not in key})
    assert channel == {
        "ApplicationId": "a1b2c3",
        "Identity": f"{SES}:identity/example.com",
        "FromAddress": "me@example.com",
        "ConfigurationSet": "marketing",
        "Enabled": True,
    }
    assert resource_arns(stack) == [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"]


def test_text_that_says_something_else_when_printed_is_what_it_is() -> None:
    stack = new_stack()
    given = [Phrase("example.com"), Phrase(f"{SES}:identity/example.org")]
    sending_role(stack, identities=given, configuration_sets=[Phrase("marketing")])
    names = ["identity/example.com", "identity/example.org", "configuration-set/marketing"]
    assert resource_arns(stack) == [f"{SES}:{name}" for name in names]


class EqualStack(cdk.Stack):
    """A stack that equals every other of its class."""

    def __eq__(self, other: object) -> bool:  # noqa: D105
        return isinstance(other, EqualStack)

    def __hash__(self) -> int:  # noqa: D105
        return 1


@pytest.mark.parametrize("ask", [sending_role, lambda stack: grant_send_email(plain_role(stack), identities=None)])
def test_stacks_that_compare_equal_share_no_account_or_region(ask: Callable[..., Any]) -> None:
    app = cdk.App(analytics_reporting=False)
    places = [(ACCOUNT, "us-east-1"), (OTHER_ACCOUNT, OTHER_REGION), (ACCOUNT, "cn-north-1")]
    stacks = [
        EqualStack(app, f"Stack{number}", env=cdk.Environment(account=account, region=region))
        for number, (account, region) in enumerate(places)
    ]
    for stack in stacks:
        ask(stack)
    for stack, (account, region) in zip(stacks, places, strict=True):
        assert resource_arns(stack)[0] == f"arn:aws:ses:{region}:{account}:identity/*"
    if ask is sending_role:
        accounts = [trust(stack)["Statement"][0]["Condition"]["StringEquals"] for stack in stacks]
        assert accounts == [{"aws:SourceAccount": account} for account, _ in places]


def test_no_cache_of_a_module_knows_a_stack() -> None:
    stack = new_stack()
    SesSendingRole(stack, "Role", service=SendingService.EVENTBRIDGE_SCHEDULER, identities=["example.com"])
    modules = [module for name, module in sys.modules.items() if name.startswith("pinpoint_role_construct")]
    seen: set[int] = set()
    todo: list[Any] = [value for module in modules for value in vars(module).values()]
    while todo:
        value = todo.pop()
        if id(value) in seen or isinstance(value, types.ModuleType):
            continue
        seen.add(id(value))
        assert not isinstance(value, cdk.Stack)
        ours = getattr(type(value), "__module__", "").startswith("pinpoint_role_construct")
        if isinstance(value, (dict, list, tuple, set, frozenset)) or ours or hasattr(value, "cache_info"):
            todo.extend(gc.get_referents(value))
    assert len(seen) > 50


def test_a_domain_has_no_capitals_however_it_is_named() -> None:
    stack = new_stack()
    identities = [
        ses.EmailIdentity(stack, "L2", identity=ses.Identity.domain("A.Example.COM")),
        ses.CfnEmailIdentity(stack, "L1", email_identity="B.Example.COM"),
        ses.EmailIdentity.from_email_identity_name(stack, "Name", "C.Example.COM"),
        ses.EmailIdentity.from_email_identity_arn(stack, "Arn", f"{SES}:identity/D.Example.COM"),
        "E.Example.COM",
        f"{SES}:identity/F.Example.COM",
    ]
    sending_role(stack, identities=identities, configuration_sets=[])
    assert resource_arns(stack) == [f"{SES}:identity/{letter}.example.com" for letter in "abcdef"]


def test_a_mailbox_keeps_its_case_however_it_is_named() -> None:
    stack = new_stack()
    made = ses.EmailIdentity(stack, "L2", identity=ses.Identity.email("Me@Example.com"))
    imported = ses.EmailIdentity.from_email_identity_name(stack, "Name", "You@Example.com")
    sending_role(stack, identities=[made, imported, "Us@Example.com"], configuration_sets=[])
    refs = {stack.get_logical_id(made.node.default_child): "Me@Example.com"}  # type: ignore[arg-type]
    expected = [f"{SES}:identity/{name}@Example.com" for name in ("Me", "You", "Us")]
    assert resource_arns(stack, refs=refs) == expected


@by_role_and_grant
def test_what_another_partition_has_of_the_same_name_is_no_duplicate_where_the_region_is_unknown(ask: Ask) -> None:
    stack = agnostic_stack()
    rest = f":ses:{token(stack)}:{ACCOUNT}:identity/example.com"
    given = [f"arn:aws{rest}", f"arn:aws-cn{rest}", f"arn:aws{rest}"]
    ask(stack, identities=given, configuration_sets=[])
    expected = [arn.replace(token_of(rest), "X") for arn in given[:2]]
    assert resource_arns(stack, refs={"Name": "X"}) == expected


def token_of(text: str) -> str:
    return text.split(":ses:")[1].split("]}")[0] + "]}"


@by_role_and_grant
def test_the_partition_that_a_region_has_is_no_second_name_for_the_same_thing(ask: Ask) -> None:
    stack = agnostic_stack()
    mine = ses.EmailIdentity.from_email_identity_name(stack, "Imported", "example.com")
    ask(
        stack,
        region="us-gov-west-1",
        identities=["example.com", f"arn:aws-us-gov:ses:us-gov-west-1:{cdk.Aws.ACCOUNT_ID}:identity/example.com", mine],
        configuration_sets=[],
    )
    found = resource_arns(stack, partition="aws-us-gov", region="us-gov-west-1")
    assert found[0] == f"arn:aws-us-gov:ses:us-gov-west-1:{ACCOUNT}:identity/example.com"
    assert len(found) == 2  # the construct is of the stack's Region, which is not known


@by_role_and_grant
@pytest.mark.parametrize(
    "text", ["[{token}", "{token}]", "]{token}[", "{{{token}}}", "({token})", "${token}", "]}}{token}"]
)
@pytest.mark.parametrize("parameter", ["identities", "configuration_sets", "templates", "from_addresses", "region"])
def test_brackets_beside_a_token_end_in_no_traceback(ask: Ask, parameter: str, text: str) -> None:
    stack = agnostic_stack()
    given = text.format(token=token(stack))
    try:
        ask(stack, **{parameter: given if parameter == "region" else [given]})
    except ValueError as refusal:
        assert str(refusal).startswith(parameter)  # noqa: PT017
        assert "Token[" not in str(refusal)  # noqa: PT017


LISTS = ["identities", "configuration_sets", "templates", "from_addresses", "source_arns"]


def raised(make: Callable[[], object]) -> str:
    with pytest.raises((TypeError, ValueError)) as refusal:
        make()
    return str(refusal.value)


@pytest.mark.parametrize("parameter", LISTS)
def test_no_message_shows_a_raw_token_of_a_list(parameter: str) -> None:
    stack = new_stack()
    name = token(stack)
    names = cdk.CfnParameter(stack, "Names", type="CommaDelimitedList").value_as_list
    bad = [
        name,
        {name},
        {name: name},
        names,
        [f"{name}*"],
        [f"x {name}"],
        [[name]],
        [{name}],
        [names],
        ["x*", name],
        [f"arn:aws:s3:us-east-1:{ACCOUNT}:{name}"],
        [f"arn:aws:ses:{name}:*:x/{name}"],
        [f"arn:{name}"],
    ]
    if parameter == "from_addresses":
        bad = bad[:-3]  # an address with a token and without @ may become one
    for value in bad:
        message = raised(lambda value=value: sending_role(stack, **{parameter: value}))  # type: ignore[misc]
        assert message.startswith(parameter)
        assert "Token[" not in message
        assert "${Name}" in message or value in (names, [names], ["x*", name])


@pytest.mark.parametrize("parameter", ["application", "from_address", "identity", "configuration_set", "region"])
def test_no_message_shows_a_raw_token_of_one_value(parameter: str) -> None:
    stack = new_stack()
    name = token(stack)
    for value in ([name], {name}, f"{name}*", f"{name} x<y>"):
        if parameter == "application" and isinstance(value, str):
            continue  # a token in an id passes unchecked
        arguments = {"application": "a1", "from_address": "me@example.com", "identity": "example.com", parameter: value}
        if parameter == "region":
            message = raised(lambda value=value: sending_role(stack, region=value))  # type: ignore[misc]
        else:
            message = raised(lambda arguments=arguments: EmailChannel(stack, "Channel", **arguments))  # type: ignore[misc]
        assert message.startswith(parameter)
        assert "Token[" not in message
        assert "${Name}" in message


NO_BOUNDARIES: dict[str, Callable[[cdk.Stack], object]] = {
    "L1": lambda stack: iam.CfnManagedPolicy(stack, "Boundary", policy_document={}),
    "inline policy": lambda stack: iam.Policy(stack, "Boundary"),
    "document": lambda _: iam.PolicyDocument(),
    "stack": lambda stack: stack,
    "class": lambda _: iam.ManagedPolicy,
    "ARN": lambda _: "arn:aws:iam::aws:policy/PowerUserAccess",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("make", NO_BOUNDARIES.values(), ids=NO_BOUNDARIES)
def test_a_permissions_boundary_that_is_no_managed_policy_is_refused_instead_of_left_out(
    make: Callable[[cdk.Stack], object],
) -> None:
    stack = new_stack()
    value: Any = make(stack)
    with pytest.raises(TypeError, match=r"^permissions_boundary: .*accepted: a managed policy, such as "):
        sending_role(stack, "Role", permissions_boundary=value)


def test_a_permissions_boundary_may_be_imported_or_of_the_app() -> None:
    stack = new_stack()
    boundaries = [
        iam.ManagedPolicy.from_aws_managed_policy_name("PowerUserAccess"),
        iam.ManagedPolicy.from_managed_policy_name(stack, "ByName", "limits"),
        iam.ManagedPolicy(stack, "Own", statements=[iam.PolicyStatement(actions=["ses:*"], resources=["*"])]),
    ]
    for i, boundary in enumerate(boundaries):
        sending_role(stack, f"Role{i}", permissions_boundary=boundary)
    assert [bool(role.get("PermissionsBoundary")) for role in roles(stack)] == [True] * 3


def test_no_message_shows_a_raw_token_of_a_choice() -> None:
    stack = new_stack()
    name = token(stack)
    for parameter in ("use_managed_policy", "service"):
        message = raised(lambda parameter=parameter: sending_role(stack, **{parameter: name}))  # type: ignore[misc]
        assert message.startswith(f"{parameter}: ")
        assert "Token[" not in message
    arguments: dict[str, Any] = {"application": "a1", "from_address": "me@example.com", "identity": "example.com"}
    message = raised(lambda: EmailChannel(stack, "Channel", **arguments, enabled=name))  # type: ignore[arg-type]
    assert "Token[" not in message


def test_a_resource_of_another_account_without_a_name_is_shown_by_its_path() -> None:
    stack = new_stack()
    there = cdk.Stack(cdk.App.of(stack), "There", env=cdk.Environment(account=OTHER_ACCOUNT, region="us-east-1"))
    group = scheduler.ScheduleGroup(there, "Group")
    message = raised(lambda: sending_role(stack, service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=[group]))
    assert message.startswith("source_arns[0]: '${There/Group/Resource}' belongs to account")


def test_text_that_looks_like_a_token_is_shown_as_it_was_given() -> None:
    message = raised(lambda: sending_role(new_stack(), identities=["${Token[example.1]}.example.com"]))
    assert "'${Token[example.1]}.example.com' looks like a CDK token but is not one" in message


EVERY_TEXT = ["identities", "configuration_sets", "templates", "from_addresses", "source_arns", "region"]


@pytest.mark.parametrize("parameter", EVERY_TEXT)
@pytest.mark.parametrize("hidden", ["*", "a*@example.com", "${aws:username}", "a?"])
def test_a_token_that_is_known_to_stand_for_a_pattern_is_refused(parameter: str, hidden: str) -> None:
    text = cdk.Token.as_string(hidden)
    given: Any = text if parameter == "region" else [text]
    with pytest.raises(ValueError, match=rf"^{parameter}.*accepted: "):
        sending_role(new_stack(), "Role", **{parameter: given})


@pytest.mark.parametrize("parameter", EVERY_TEXT)
def test_a_value_that_cloudformation_would_remove_is_refused(parameter: str) -> None:
    given: Any = cdk.Aws.NO_VALUE if parameter == "region" else [cdk.Aws.NO_VALUE]
    with pytest.raises(ValueError, match=rf"^{parameter}.*AWS::NoValue.*accepted: "):
        sending_role(new_stack(), "Role", **{parameter: given})
