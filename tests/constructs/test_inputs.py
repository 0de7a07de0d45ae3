"""Input of other types, text that is not plain text, and stacks that share nothing."""

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

from pinpoint_role_construct import EmailChannel, SendingService, SesSendingRole, grant_send_email
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    new_stack,
    plain_role,
    resource_arns,
    resources,
    roles,
    sending_role,
    statements,
    trust,
)


class Text(str, Enum):
    """Names as some write them down: an f-string of one says `Text.REGION`."""

    REGION = "eu-west-1"
    IDENTITY = "example.com"
    SET = "marketing"
    TEMPLATE = "welcome"
    ADDRESS = "me@example.com"
    TENANT = "acme"
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
        recipients=[Text.ADDRESS],
        tenants=[Text.TENANT],
        region=Text.REGION,
    )
    names = ["identity/example.com", "configuration-set/marketing", "template/welcome"]
    (statement,) = statements(stack)
    assert statement["Resource"] == [f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:{name}" for name in names]
    assert statement["Condition"] == {
        "StringEquals": {"ses:FromAddress": "me@example.com", "ses:TenantName": "acme"},
        "ForAllValues:StringLike": {"ses:Recipients": "me@example.com"},
        "Null": {"ses:Recipients": "false"},
    }


def test_a_source_and_a_channels_text_of_an_enum_are_their_values() -> None:
    stack = new_stack()
    sending_role(stack, region=Text.REGION, source_arns=[Text.SOURCE])
    assert trust(stack)["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": Text.SOURCE.value}
    other = new_stack()
    given: dict[str, Any] = {"application": Text.PROJECT, "identity": Text.IDENTITY, "from_address": Text.ADDRESS}
    EmailChannel(other, "Channel", **given, configuration_set=Text.SET)
    (found,) = resources(other, "Pinpoint::EmailChannel").values()
    assert [found[name] for name in ("ApplicationId", "FromAddress", "ConfigurationSet")] == [
        "a1b2c3",
        "me@example.com",
        "marketing",
    ]
    assert resource_arns(other) == [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"]


def test_text_that_says_something_else_when_printed_is_what_it_is() -> None:
    stack = new_stack()
    given = [Phrase("example.com"), Phrase(f"{SES}:identity/example.org")]
    sending_role(stack, identities=given, configuration_sets=[Phrase("marketing")])
    names = ["identity/example.com", "identity/example.org", "configuration-set/marketing"]
    assert resource_arns(stack) == [f"{SES}:{name}" for name in names]


SHARED = ["identities", "configuration_sets", "templates", "from_addresses", "recipients", "tenants"]


class LooksLikeOne:
    email_identity_ref = configuration_set_ref = template_ref = tenant_ref = 1


@pytest.mark.parametrize("element", [LooksLikeOne(), None, 1, b"example.com", True, ["x"], {}, iam, iam.Role])
@pytest.mark.parametrize("parameter", [*SHARED, "source_arns"])
def test_an_element_of_another_type_is_refused(parameter: str, element: object) -> None:
    with pytest.raises(TypeError, match=rf"^{parameter}\[0\]: .* is of type .*accepted: an? "):
        sending_role(new_stack(), **{parameter: [element]})


@pytest.mark.parametrize("values", ["example.com", b"x", {"example.com"}, {"a": 1}, 1, iter(["a"])])
@pytest.mark.parametrize("parameter", [*SHARED, "source_arns"])
def test_what_is_not_a_list_is_refused(parameter: str, values: object) -> None:
    with pytest.raises(TypeError, match=rf"^{parameter}: .* is of type .*accepted: a list, each element an? "):
        sending_role(new_stack(), **{parameter: values})


@by_role_and_grant
def test_no_identity_at_all_is_refused(ask: Ask) -> None:
    with pytest.raises(ValueError, match=r"^identities: \[\] is empty; accepted: None for every identity, or a list"):
        ask(new_stack(), identities=[])


@pytest.mark.parametrize("value", ["pinpoint", None, 1, SendingService, {}])
def test_what_is_not_a_service_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^service: .* is of type .*; accepted: a SendingService, such as"):
        SesSendingRole(new_stack(), "Role", service=value)


def test_a_choice_that_is_text_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^use_managed_policy: 'false' is of type str; accepted: True or False"):
        sending_role(new_stack(), use_managed_policy="false")


NOT_BOUNDARIES: dict[str, Callable[[cdk.Stack], Any]] = {
    "L1": lambda stack: iam.CfnManagedPolicy(stack, "Boundary", policy_document={}),
    "inline policy": lambda stack: iam.Policy(stack, "Boundary"),
    "stack": lambda stack: stack,
    "class": lambda _: iam.ManagedPolicy,
    "ARN": lambda _: "arn:aws:iam::aws:policy/PowerUserAccess",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("make", NOT_BOUNDARIES.values(), ids=NOT_BOUNDARIES)
def test_a_permissions_boundary_that_is_not_a_managed_policy_is_refused(make: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()
    with pytest.raises(TypeError, match=r"^permissions_boundary: .*accepted: a managed policy, such as "):
        sending_role(stack, permissions_boundary=make(stack))


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


class EqualStack(cdk.Stack):
    """A stack that equals every other of its class."""

    def __eq__(self, other: object) -> bool:  # noqa: D105
        return isinstance(other, EqualStack)

    def __hash__(self) -> int:  # noqa: D105
        return 1


def test_stacks_that_compare_equal_share_no_account_or_region() -> None:
    app = cdk.App(analytics_reporting=False)
    places = [(ACCOUNT, "us-east-1"), (OTHER_ACCOUNT, OTHER_REGION), (ACCOUNT, "cn-north-1"), (None, None)] * 2
    services = [SendingService.PINPOINT, SendingService.EVENTBRIDGE_SCHEDULER, SendingService.PINPOINT]
    stacks = [
        EqualStack(app, f"Stack{number}", env=cdk.Environment(account=account, region=region))
        for number, (account, region) in enumerate(places)
    ]
    for stack in stacks:
        for number, service in enumerate(services):
            sending_role(stack, f"Role{number}", service=service)
        grant_send_email(plain_role(stack), identities=None)
    for stack in stacks:
        own = stack.resolve(stack.format_arn(service="ses", resource="identity", resource_name="*"))
        made = roles(stack)[:3]
        policies = [policy for role in made for policy in role["Policies"]]
        assert [policy["PolicyName"] for policy in policies] == [service.permission_sid for service in services]
        policies += resources(stack, "IAM::Policy").values()
        assert [policy["PolicyDocument"]["Statement"][0]["Resource"][0] for policy in policies] == [own] * 4
        trusts = [role["AssumeRolePolicyDocument"]["Statement"][0] for role in made]
        accounts = [statement["Condition"]["StringEquals"]["aws:SourceAccount"] for statement in trusts]
        assert accounts == [stack.resolve(stack.account)] * 3


def test_no_cache_of_a_module_knows_a_stack() -> None:
    sending_role(agnostic_stack(), identities=["example.com"], tenants=["a"])
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
