"""Configuration sets and templates: exactly what is named, by name, ARN, token or construct."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from tests.helpers import (
    OTHER_ACCOUNT,
    OTHER_REGION,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    in_every_way,
    new_stack,
    other_stack,
    resource_arns,
    sending_role,
    token,
)

KINDS = {"configuration_sets": "configuration-set", "templates": "template"}
of_each_kind = pytest.mark.parametrize(("parameter", "kind"), KINDS.items(), ids=KINDS)


def named(stack: cdk.Stack, kind: str, **known: Any) -> list[str]:
    """Return the ARNs of a kind that the only statement of a stack is about."""
    return [arn for arn in resource_arns(stack, **known) if f":{kind}/" in arn]


def template(scope: cdk.Stack, id: str, name: str | None = None) -> ses.CfnTemplate:
    return ses.CfnTemplate(
        scope, id, template=ses.CfnTemplate.TemplateProperty(template_name=name, subject_part="Hello")
    )


@in_every_way
@of_each_kind
def test_names_and_arns_count_once_in_the_order_given(ask: Ask, parameter: str, kind: str) -> None:
    stack = new_stack()
    foreign = f"arn:aws:ses:us-east-1:{OTHER_ACCOUNT}:{kind}/Shared_1"
    ask(stack, **{parameter: ["b-2", "A_1", foreign, "b-2", f"{SES}:{kind}/A_1", "a_1", "s" * 64]})
    names = ["b-2", "A_1", "Shared_1", "a_1", "s" * 64]
    expected = [f"{SES}:{kind}/{name}" for name in names]
    expected[2] = foreign
    assert named(stack, kind) == expected


@by_role_and_grant
@of_each_kind
def test_region_is_for_names_alone(ask: Ask, parameter: str, kind: str) -> None:
    stack = new_stack()
    ask(stack, region=OTHER_REGION, **{parameter: ["one", f"{SES}:{kind}/two"]})
    assert named(stack, kind) == [f"{SES}:{kind}/one".replace("us-east-1", OTHER_REGION), f"{SES}:{kind}/two"]


@by_role_and_grant
def test_sets_may_be_l1_l2_and_imported_constructs(ask: Ask) -> None:
    stack = new_stack()
    made = ses.ConfigurationSet(stack, "Set")
    l1 = ses.CfnConfigurationSet(stack, "L1", name="given")
    imported = ses.ConfigurationSet.from_configuration_set_name(stack, "Imported", "imported")
    ask(stack, configuration_sets=[made, made.node.default_child, l1, imported])
    refs = {stack.get_logical_id(made.node.default_child): "made", "L1": "l1"}  # type: ignore[arg-type]
    expected = [f"{SES}:configuration-set/{name}" for name in ("made", "l1", "imported")]
    assert named(stack, "configuration-set", refs=refs) == expected


@by_role_and_grant
def test_templates_may_be_constructs(ask: Ask) -> None:
    stack = new_stack()
    ask(stack, templates=[template(stack, "One", "welcome"), template(stack, "Two")])
    refs = {"One": "one", "One.Id": "one", "Two": "two", "Two.Id": "two"}
    assert named(stack, "template", refs=refs) == [f"{SES}:template/one", f"{SES}:template/two"]


@by_role_and_grant
def test_a_construct_keeps_its_own_account_and_region(ask: Ask) -> None:
    stack = new_stack()
    owner = other_stack(stack, "Owner", account=OTHER_ACCOUNT, region=OTHER_REGION)
    imported = ses.ConfigurationSet.from_configuration_set_name(owner, "Set", "shared")
    ask(stack, identities=["example.com"], region=OTHER_REGION, configuration_sets=[imported])
    expected = [f"arn:aws:ses:{OTHER_REGION}:{OTHER_ACCOUNT}:configuration-set/shared"]
    assert named(stack, "configuration-set") == expected


@by_role_and_grant
@of_each_kind
def test_tokens_pass(ask: Ask, parameter: str, kind: str) -> None:
    stack = agnostic_stack()
    name = token(stack)
    ask(stack, **{parameter: [name, f"{name}-2", f"arn:aws:ses:{name}:{name}:{kind}/{name}"]})
    found = named(stack, kind, refs={"Name": "X"})
    assert found == [f"{SES}:{kind}/X", f"{SES}:{kind}/X-2", f"arn:aws:ses:X:X:{kind}/X"]


BAD_NAMES = {
    "empty": ("", "is empty"),
    "star": ("*", r"has \*"),
    "star at the end": ("news*", r"has \*"),
    "question mark": ("new?", r"has \*, \?"),
    "variable": ("${aws:username}", r"has .*\$\{"),
    "space": ("a b", "white space"),
    "newline at the end": ("set\n", "control"),
    "dot": ("a.b", "1-64 letters"),
    "slash": ("a/b", "1-64 letters"),
    "at": ("a@example.com", "1-64 letters"),
    "65 characters": ("s" * 65, "1-64 letters"),
    "non-ASCII": ("é", "non-ASCII"),
    "digits of another script": ("set\u0661", "non-ASCII"),
    "ARN of an identity": (f"{SES}:identity/example.com", "names (a )?'identity', not"),
    "ARN of another service": (f"arn:aws:s3:us-east-1:{OTHER_ACCOUNT}:x/y", "'s3', not 'ses'"),
    "ARN of any Region": (f"arn:aws:ses:*:{OTHER_ACCOUNT}:{{kind}}/x", r"'\*' for a Region"),
    "ARN of any account": ("arn:aws:ses:us-east-1:*:{kind}/x", r"'\*' for an account"),
    "ARN of every one": (f"{SES}:{{kind}}/*", r"has \*"),
    "ARN of nothing": (f"{SES}:{{kind}}/", "is empty"),
    "ARN of something within": (f"{SES}:{{kind}}/a/b", "1-64 letters"),
    "ARN of another partition": (f"arn:aws-cn:ses:us-east-1:{OTHER_ACCOUNT}:{{kind}}/x", "partition 'aws-cn'"),
    "partition that is a pattern": (f"arn:*]}}}}:ses:us-east-1:{OTHER_ACCOUNT}:{{kind}}/x", "partition"),
    "account in another script": (f"arn:aws:ses:us-east-1:{chr(0x661) * 12}:{{kind}}/x", "for an account"),
    "text like a token": ("${Token[example.1]}", "looks like a CDK token"),
}


@by_role_and_grant
@of_each_kind
@pytest.mark.parametrize(("bad", "why"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_what_is_no_name_is_refused(ask: Ask, parameter: str, kind: str, bad: str, why: str) -> None:
    name = bad.replace("{kind}", kind).replace("}}", "}")
    singular = "a configuration set's name" if parameter == "configuration_sets" else "an email template's name"
    with pytest.raises(ValueError, match=rf"^{parameter}\[1\].*{why}.*accepted: {singular}, ARN or") as refusal:
        ask(new_stack(), **{parameter: ["good", name]})
    assert repr(name) in str(refusal.value)


def test_a_construct_of_the_other_kind_is_refused() -> None:
    stack = new_stack()
    configuration_set, made = ses.ConfigurationSet(stack, "Set"), template(stack, "Template")
    with pytest.raises(TypeError, match=r"^templates\[0\]: .*ConfigurationSet.* accepted: an email template's name"):
        sending_role(stack, templates=[configuration_set])
    with pytest.raises(TypeError, match=r"^configuration_sets\[0\]: .*CfnTemplate.* accepted: a configuration set's"):
        sending_role(stack, configuration_sets=[made])


@pytest.mark.parametrize("parameter", KINDS)
def test_a_construct_of_another_partition_is_refused(parameter: str) -> None:
    stack = new_stack()
    china = other_stack(stack, "China", region="cn-north-1")
    construct: Any = ses.CfnConfigurationSet(china, "Set") if parameter != "templates" else template(china, "Template")
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .* is in partition aws-cn, but the stack is in aws"):
        sending_role(stack, "Role", **{parameter: [construct]})
