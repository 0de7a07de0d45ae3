"""Identities, configuration sets and templates: exactly what is listed, by name, ARN, token or construct."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_ses as ses
from aws_cdk.interfaces import ResourceEnvironment
from aws_cdk.interfaces.aws_ses import EmailIdentityReference, IEmailIdentityRef
from constructs import Construct

from tests.constructs.helpers import (
    ACCOUNT,
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
    roles,
    sending_role,
    token,
)

KINDS = {"identities": "identity", "configuration_sets": "configuration-set", "templates": "template"}
of_each_kind = pytest.mark.parametrize(("parameter", "kind"), KINDS.items(), ids=KINDS)
of_sets_and_templates = pytest.mark.parametrize(("parameter", "kind"), list(KINDS.items())[1:], ids=list(KINDS)[1:])
ELSEWHERE = f"arn:aws:ses:{OTHER_REGION}:{OTHER_ACCOUNT}"


def listed(stack: cdk.Stack, kind: str, **known: Any) -> list[str]:
    """The ARNs of a kind that the only statement of a stack is about."""
    return [arn for arn in resource_arns(stack, **known) if f":{kind}/" in arn]


def template(scope: cdk.Stack, id: str, name: str | None = None) -> ses.CfnTemplate:
    content = ses.CfnTemplate.TemplateProperty(template_name=name, subject_part="Hello")
    return ses.CfnTemplate(scope, id, template=content)


def domain(scope: cdk.Stack, id: str, name: str = "example.com") -> ses.EmailIdentity:
    return ses.EmailIdentity(scope, id, identity=ses.Identity.domain(name))


@in_every_way
def test_identities_by_name_and_arn(ask: Ask) -> None:
    stack = new_stack()
    given = ["example.com", "Me+news@Example.com", "o'neil/sales={x}@mail.example.com", "xn--bcher-kva.example"]
    given += [f"{ELSEWHERE}:identity/Example.ORG", "EXAMPLE.com", f"{SES}:identity/example.com", "me+news@Example.com"]
    ask(stack, identities=given)
    expected = [f"{SES}:identity/{name}" for name in given[:4]]
    expected += [f"{ELSEWHERE}:identity/example.org", f"{SES}:identity/me+news@Example.com"]
    assert listed(stack, "identity") == expected


@in_every_way
@of_sets_and_templates
def test_sets_and_templates_by_name_and_arn(ask: Ask, parameter: str, kind: str) -> None:
    stack = new_stack()
    foreign = f"arn:aws:ses:us-east-1:{OTHER_ACCOUNT}:{kind}/Shared_1"
    ask(stack, **{parameter: ["b-2", "A_1", foreign, "b-2", f"{SES}:{kind}/A_1", "a_1", "s" * 64]})
    expected = [f"{SES}:{kind}/{name}" for name in ("b-2", "A_1", "Shared_1", "a_1", "s" * 64)]
    expected[2] = foreign
    assert listed(stack, kind) == expected


def test_names_at_their_longest() -> None:
    stack = new_stack()
    label = "a" * 63
    name = f"{label}.{label}.{label}.{'b' * 61}"
    mailbox = f"{'m' * 64}@{name}"
    assert len(name) == 253
    sending_role(stack, identities=[name, mailbox])
    assert listed(stack, "identity") == [f"{SES}:identity/{name}", f"{SES}:identity/{mailbox}"]


@by_role_and_grant
@of_each_kind
def test_region_is_for_names_alone(ask: Ask, parameter: str, kind: str) -> None:
    stack = new_stack()
    names = ["one.example", "two.example"] if kind == "identity" else ["one", "two"]
    ask(stack, region=OTHER_REGION, **{parameter: [names[0], f"{SES}:{kind}/{names[1]}"]})
    expected = [f"{SES}:{kind}/{names[0]}".replace("us-east-1", OTHER_REGION), f"{SES}:{kind}/{names[1]}"]
    assert listed(stack, kind) == expected


@by_role_and_grant
def test_constructs_l1_l2_and_imported(ask: Ask) -> None:
    stack = new_stack()
    identity, configuration_set = domain(stack, "Identity"), ses.ConfigurationSet(stack, "Set")
    ask(
        stack,
        identities=[
            identity,
            identity,
            identity.node.default_child,
            ses.CfnEmailIdentity(stack, "L1", email_identity="example.org"),
            ses.EmailIdentity.from_email_identity_name(stack, "Imported", "Me@example.net"),
            ses.EmailIdentity.from_email_identity_arn(stack, "ByArn", f"{ELSEWHERE}:identity/example.edu"),
        ],
        configuration_sets=[
            configuration_set,
            configuration_set.node.default_child,
            ses.CfnConfigurationSet(stack, "L1Set", name="given"),
            ses.ConfigurationSet.from_configuration_set_name(stack, "ImportedSet", "imported"),
        ],
        templates=[template(stack, "One", "welcome"), template(stack, "Two")],
    )
    elements = [child for child in stack.node.find_all() if isinstance(child, cdk.CfnElement)]
    refs = {stack.get_logical_id(element): element.node.path for element in elements}
    refs |= {"One.Id": "Stack/One", "Two.Id": "Stack/Two"}
    assert resource_arns(stack, refs=refs) == [
        f"{SES}:identity/Stack/Identity/Resource",
        f"{SES}:identity/Stack/L1",
        f"{SES}:identity/Me@example.net",
        f"{ELSEWHERE}:identity/example.edu",
        f"{SES}:configuration-set/Stack/Set/Resource",
        f"{SES}:configuration-set/Stack/L1Set",
        f"{SES}:configuration-set/imported",
        f"{SES}:template/Stack/One",
        f"{SES}:template/Stack/Two",
    ]


@by_role_and_grant
def test_a_construct_keeps_its_own_account_and_region(ask: Ask) -> None:
    stack = new_stack()
    owner = other_stack(stack, "Owner", account=OTHER_ACCOUNT, region=OTHER_REGION)
    identity = ses.EmailIdentity.from_email_identity_name(owner, "Identity", "example.com")
    configuration_set = ses.ConfigurationSet.from_configuration_set_name(owner, "Set", "shared")
    ask(stack, identities=[identity], region="us-west-2", configuration_sets=[configuration_set])
    assert resource_arns(stack) == [f"{ELSEWHERE}:identity/example.com", f"{ELSEWHERE}:configuration-set/shared"]


def test_constructs_of_another_stack_make_a_reference_and_a_dependency() -> None:
    app = cdk.App(analytics_reporting=False)
    owner, stack = cdk.Stack(app, "Owner"), cdk.Stack(app, "Stack")
    sending_role(stack, identities=[domain(owner, "Identity")], configuration_sets=[])
    (role,) = roles(stack)
    join = role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"]["Fn::Join"][1]
    assert list(join[-1]) == ["Fn::ImportValue"]
    assert [dependency.node.path for dependency in stack.dependencies] == ["Owner"]


@jsii.implements(IEmailIdentityRef)
class OwnIdentity(Construct):
    """An identity that a user's own construct makes: no more than the interface demands."""

    @property
    def env(self) -> ResourceEnvironment:
        return ResourceEnvironment(account=ACCOUNT, region="us-east-1")

    @property
    def email_identity_ref(self) -> EmailIdentityReference:
        return EmailIdentityReference(email_identity="example.com")


def test_a_reference_of_a_users_own_is_taken() -> None:
    stack = new_stack()
    own: Any = OwnIdentity(stack, "Own")
    sending_role(stack, identities=[own])
    assert listed(stack, "identity") == [f"{SES}:identity/example.com"]


def test_a_domain_has_no_capitals_and_a_mailbox_keeps_its_own_however_it_is_given() -> None:
    stack = new_stack()
    made = ses.EmailIdentity(stack, "Mailbox", identity=ses.Identity.email("Me@Example.com"))
    identities = [
        domain(stack, "L2", "A.Example.COM"),
        ses.CfnEmailIdentity(stack, "L1", email_identity="B.Example.COM"),
        ses.EmailIdentity.from_email_identity_name(stack, "Name", "C.Example.COM"),
        ses.EmailIdentity.from_email_identity_arn(stack, "Arn", f"{SES}:identity/D.Example.COM"),
        "E.Example.COM",
        f"{SES}:identity/F.Example.COM",
        made,
        ses.EmailIdentity.from_email_identity_name(stack, "ImportedMailbox", "You@Example.com"),
        "Us@Example.com",
    ]
    sending_role(stack, identities=identities, configuration_sets=[])
    refs = {stack.get_logical_id(made.node.default_child): "Me@Example.com"}  # type: ignore[arg-type]
    expected = [f"{letter}.example.com" for letter in "abcdef"] + [
        "Me@Example.com",
        "You@Example.com",
        "Us@Example.com",
    ]
    assert resource_arns(stack, refs=refs) == [f"{SES}:identity/{name}" for name in expected]


@by_role_and_grant
@of_each_kind
def test_tokens_pass(ask: Ask, parameter: str, kind: str) -> None:
    stack = agnostic_stack()
    name = token(stack)
    given = [name, f"mail.{name}" if kind == "identity" else f"{name}-2", f"arn:aws:ses:{name}:{name}:{kind}/{name}"]
    ask(stack, **{parameter: given}, region=name)
    found = listed(stack, kind, refs={"Name": "X"})
    prefix = f"arn:aws:ses:X:{ACCOUNT}:{kind}"
    assert found == [f"{prefix}/X", f"{prefix}/{given[1].replace(name, 'X')}", f"arn:aws:ses:X:X:{kind}/X"]


BAD_IDENTITIES = {
    "empty": ("", "is empty"),
    "star": ("*", r"has \*"),
    "star in a mailbox": ("a*@example.com", r"has \*"),
    "question mark": ("exampl?.com", r"has \*, \?"),
    "variable": ("${aws:username}@example.com", r"\$\{"),
    "space": ("exa mple.com", "white space"),
    "newline at the end": ("example.com\n", "white space or control"),
    "delete": ("exam\x7fple.com", "control"),
    "non-ASCII": ("bücher.example", "punycode"),
    "full-width": ("\uff45xample.com", "punycode"),
    "display name": ("Me <me@example.com>", "has a display name"),
    "URL": ("https://example.com", "is a URL"),
    "one label": ("localhost", "two or more labels"),
    "empty label": ("example..com", "no valid domain"),
    "dot at the end": ("example.com.", "no valid domain"),
    "hyphen first": ("-example.com", "no valid domain"),
    "hyphen last": ("example-.com", "no valid domain"),
    "underscore": ("_dmarc.example.com", "no valid domain"),
    "label of 64": (f"{'a' * 64}.com", "no valid domain"),
    "domain of 254": (f"{'a.' * 125}abcd", "no valid domain"),
    "no local part": ("@example.com", "local part"),
    "local part of 65": (f"{'a' * 65}@example.com", "local part"),
    "two at signs": ("a@b@example.com", "local part"),
    "dot first": (".a@example.com", "local part"),
    "quoted": ('"a"@example.com', "local part"),
    "ARN of another kind": (f"{SES}:configuration-set/x", "which does not begin with 'identity/'"),
    "ARN of another partition": (f"arn:aws-cn:ses:cn-north-1:{ACCOUNT}:identity/example.com", "partition aws-cn"),
    "ARN of no Region": (f"arn:aws:ses::{ACCOUNT}:identity/example.com", "''"),
    "ARN of an unknown Region": (f"arn:aws:ses:us-east-99:{ACCOUNT}:identity/example.com", "us-east-99"),
    "ARN of a short account": ("arn:aws:ses:us-east-1:1234:identity/example.com", "'1234' for an account"),
    "ARN of a pattern": (f"{SES}:identity/*.example.com", r"has \*"),
    "ARN cut short": ("arn:aws:ses:us-east-1", "not a complete ARN"),
}
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
    "65 characters": ("s" * 65, "1-64 letters"),
    "non-ASCII": ("é", "has non-ASCII characters;"),
    "digits of another script": ("set\u0661", "non-ASCII"),
    "ARN of an identity": (f"{SES}:identity/example.com", "which does not begin with '{kind}/'"),
    "ARN of another service": (f"arn:aws:s3:us-east-1:{OTHER_ACCOUNT}:x/y", "'s3', not 'ses'"),
    "ARN of any Region": (f"arn:aws:ses:*:{OTHER_ACCOUNT}:{{kind}}/x", r"'\*' for a Region"),
    "ARN of any account": ("arn:aws:ses:us-east-1:*:{kind}/x", r"'\*' for an account"),
    "ARN of every one": (f"{SES}:{{kind}}/*", r"has \*"),
    "ARN with a variable": (f"{SES}:{{kind}}/${{aws:x}}", r"\$\{"),
    "ARN of nothing": (f"{SES}:{{kind}}/", "is empty"),
    "ARN of something within": (f"{SES}:{{kind}}/a/b", "1-64 letters"),
    "ARN of another partition": (f"arn:aws-cn:ses:us-east-1:{OTHER_ACCOUNT}:{{kind}}/x", "partition 'aws-cn'"),
    "partition that is a pattern": (f"arn:*]}}:ses:us-east-1:{OTHER_ACCOUNT}:{{kind}}/x", "partition"),
    "account in another script": (f"arn:aws:ses:us-east-1:{chr(0x661) * 12}:{{kind}}/x", "for an account"),
}
ACCEPTED = {
    "identities": "a domain (example.com), an email address, an SES identity ARN or construct",
    "configuration_sets": "a configuration set's name, ARN or construct",
    "templates": "an email template's name, ARN or construct",
}


def check_refused(ask: Ask, parameter: str, good: str, bad: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^{parameter}\[1\].*{why}") as refusal:
        ask(new_stack(), **{parameter: [good, bad]})
    assert repr(bad) in str(refusal.value)
    assert str(refusal.value).endswith(f"; accepted: {ACCEPTED[parameter]}")


@by_role_and_grant
@pytest.mark.parametrize(("bad", "why"), BAD_IDENTITIES.values(), ids=BAD_IDENTITIES)
def test_what_is_not_an_identity_is_refused(ask: Ask, bad: str, why: str) -> None:
    check_refused(ask, "identities", "example.com", bad, why)


@of_sets_and_templates
@pytest.mark.parametrize(("bad", "why"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_what_is_not_a_name_is_refused(parameter: str, kind: str, bad: str, why: str) -> None:
    check_refused(sending_role, parameter, "good", bad.replace("{kind}", kind), why.replace("{kind}", kind))


@of_each_kind
def test_constructs_of_another_kind_or_partition_are_refused(parameter: str, kind: str) -> None:
    stack = new_stack()
    china = other_stack(stack, "China", region="cn-north-1")
    made: dict[str, list[Any]] = {
        "identities": [ses.CfnEmailIdentity(china, "L1", email_identity="example.cn"), domain(china, "L2")],
        "configuration_sets": [
            ses.CfnConfigurationSet(china, "Set"),
            ses.ConfigurationSet.from_configuration_set_name(china, "Imported", "x"),
        ],
        "templates": [template(china, "Template")],
    }
    for construct in made[parameter]:
        with pytest.raises(
            ValueError, match=rf"^{parameter}\[0\]: '.* is in partition aws-cn, but the stack is in aws"
        ):
            sending_role(stack, **{parameter: [construct]})
    wrong = ses.CfnConfigurationSet(stack, "Wrong") if kind != "configuration-set" else template(stack, "Wrong")
    with pytest.raises(TypeError, match=rf"^{parameter}\[0\]: .*{type(wrong).__name__}; accepted: an? "):
        sending_role(stack, **{parameter: [wrong]})


def test_a_pattern_in_the_name_of_an_imported_construct_is_refused() -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match=r"^identities\[0\]: .*identity/\*' has \*, \? or .*, next to a token"):
        sending_role(stack, identities=[ses.EmailIdentity.from_email_identity_name(stack, "Imported", "*")])


def test_a_refusal_leaves_nothing_behind() -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match="identities"):
        sending_role(stack, identities=["*"])
    assert not stack.node.children
