"""Least privilege: exactly what is named, and a clear refusal of what cannot be."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk.assertions import Template
from aws_cdk.interfaces import ResourceEnvironment
from aws_cdk.interfaces.aws_ses import EmailIdentityReference, IEmailIdentityRef
from constructs import Construct

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole
from tests.documents import ACCOUNT, permission_policy
from tests.helpers import new_stack, resolve, resource_arns, roles

SES = f"arn:aws:ses:us-east-1:{ACCOUNT}"


def sent_with(**arguments: Any) -> list[str]:
    stack = new_stack()
    OrchestrationSendingRole(stack, "Role", **arguments)
    return resource_arns(stack)


def test_names_and_arns() -> None:
    assert sent_with(
        identities=[
            "example.com",
            "Me+news@Example.com",
            "o'neil/sales={x}@mail.example.com",
            "arn:aws:ses:eu-west-1:444455556666:identity/Example.ORG",
            "xn--bcher-kva.example",
        ],
        configuration_sets=["marketing", "arn:aws:ses:us-east-1:444455556666:configuration-set/Shared_1"],
    ) == [
        f"{SES}:identity/example.com",
        f"{SES}:identity/Me+news@Example.com",
        f"{SES}:identity/o'neil/sales={{x}}@mail.example.com",
        "arn:aws:ses:eu-west-1:444455556666:identity/example.org",
        f"{SES}:identity/xn--bcher-kva.example",
        f"{SES}:configuration-set/marketing",
        "arn:aws:ses:us-east-1:444455556666:configuration-set/Shared_1",
    ]


def test_names_at_their_longest() -> None:
    label = "a" * 63
    domain = f"{label}.{label}.{label}.{'b' * 61}"
    mailbox = f"{'m' * 64}@{domain}"
    assert len(domain) == 253
    assert sent_with(identities=[domain, mailbox], configuration_sets=["s" * 64]) == [
        f"{SES}:identity/{domain}",
        f"{SES}:identity/{mailbox}",
        f"{SES}:configuration-set/{'s' * 64}",
    ]


@pytest.mark.parametrize(
    "context", [{}, {"@aws-cdk/aws-iam:minimizePolicies": True}], ids=["no-flags", "minimize-policies"]
)
def test_duplicates_count_once_and_order_is_kept(context: dict[str, Any]) -> None:
    stack = new_stack(context=context)
    role = OrchestrationSendingRole(
        stack,
        "Role",
        identities=[
            "b.example.com",
            "a@example.com",
            "B.EXAMPLE.com",
            f"{SES}:identity/b.example.com",
            "A@example.com",
        ],
        configuration_sets=["two", "one", "two"],
    )
    expected = [f"{SES}:identity/{name}" for name in ("b.example.com", "a@example.com", "A@example.com")]
    expected += [f"{SES}:configuration-set/two", f"{SES}:configuration-set/one"]
    assert resource_arns(stack) == expected
    assert [resolve(stack.resolve(arn)) for arn in role.identity_arns + role.configuration_set_arns] == expected
    assert (len(role.identity_arns), len(role.configuration_set_arns)) == (3, 2)


def test_order_is_kept_in_a_managed_policy() -> None:
    stack = new_stack(context={"@aws-cdk/aws-iam:minimizePolicies": True})
    names = ["b.example.com", "a.example.com"]
    OrchestrationSendingRole(stack, "Role", identities=names, configuration_sets=[], use_managed_policy=True)
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::ManagedPolicy").values()
    document = resolve(policy["Properties"]["PolicyDocument"])
    assert document == permission_policy([f"{SES}:identity/{name}" for name in names])


def test_constructs_l1_l2_and_imported() -> None:
    stack = new_stack()
    identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
    l1_of_identity: Any = identity.node.default_child
    resource = ses.CfnEmailIdentity(stack, "L1", email_identity="example.org")
    configuration_set = ses.ConfigurationSet(stack, "Set")
    OrchestrationSendingRole(
        stack,
        "Role",
        identities=[
            identity,
            identity,
            l1_of_identity,
            resource,
            ses.EmailIdentity.from_email_identity_name(stack, "Imported", "Me@example.net"),
        ],
        configuration_sets=[
            configuration_set,
            ses.CfnConfigurationSet(stack, "L1Set"),
            ses.ConfigurationSet.from_configuration_set_name(stack, "ImportedSet", "imported"),
        ],
    )
    elements = [child for child in stack.node.find_all() if isinstance(child, cdk.CfnElement)]
    refs = {stack.get_logical_id(element): element.node.path for element in elements}
    assert resource_arns(stack, refs=refs) == [
        f"{SES}:identity/Stack/Identity/Resource",
        f"{SES}:identity/Stack/L1",
        f"{SES}:identity/Me@example.net",
        f"{SES}:configuration-set/Stack/Set/Resource",
        f"{SES}:configuration-set/Stack/L1Set",
        f"{SES}:configuration-set/imported",
    ]


def test_a_construct_keeps_its_own_account_and_region() -> None:
    app = cdk.App(analytics_reporting=False)
    owner = cdk.Stack(app, "Owner", env=cdk.Environment(account="444455556666", region="eu-west-1"))
    identity = ses.EmailIdentity.from_email_identity_name(owner, "Identity", "example.com")
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account=ACCOUNT, region="us-east-1"))
    OrchestrationSendingRole(stack, "Role", identities=[identity], configuration_sets=[], region="us-west-2")
    assert resource_arns(stack) == ["arn:aws:ses:eu-west-1:444455556666:identity/example.com"]


def test_an_imported_construct_keeps_its_arn() -> None:
    stack = new_stack()
    arn = "arn:aws:ses:eu-west-1:444455556666:identity/example.com"
    identity = ses.EmailIdentity.from_email_identity_arn(stack, "Identity", arn)
    OrchestrationSendingRole(stack, "Role", identities=[identity], configuration_sets=[])
    assert resource_arns(stack) == [arn]


def test_the_name_within_an_arn_that_is_a_token() -> None:
    stack = new_stack()
    arn = cdk.CfnParameter(stack, "Arn").value_as_string
    OrchestrationSendingRole(
        stack, "Role", identities=[cdk.Fn.select(1, cdk.Fn.split("/", arn))], configuration_sets=[]
    )
    parts = roles(stack)[0]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"]["Fn::Join"][1]
    assert parts[-1] == {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Arn"}]}]}


def test_constructs_of_another_stack_make_a_reference_and_a_dependency() -> None:
    app = cdk.App(analytics_reporting=False)
    owner, stack = cdk.Stack(app, "Owner"), cdk.Stack(app, "Stack")
    identity = ses.EmailIdentity(owner, "Identity", identity=ses.Identity.domain("example.com"))
    OrchestrationSendingRole(stack, "Role", identities=[identity], configuration_sets=[])
    (role,) = roles(stack)
    join = role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"]["Fn::Join"][1]
    assert list(join[-1]) == ["Fn::ImportValue"]
    assert [dependency.node.path for dependency in stack.dependencies] == ["Owner"]


def test_tokens_pass() -> None:
    stack = new_stack(account=None, region=None)
    name = cdk.CfnParameter(stack, "Name").value_as_string
    OrchestrationSendingRole(
        stack,
        "Role",
        identities=[name, f"mail.{name}", f"arn:aws:ses:{name}:{name}:identity/{name}"],
        configuration_sets=[name],
        region=name,
    )
    prefix = f"arn:aws:ses:X:{ACCOUNT}"
    assert resource_arns(stack, refs={"Name": "X"}) == [
        f"{prefix}:identity/X",
        f"{prefix}:identity/mail.X",
        "arn:aws:ses:X:X:identity/X",
        f"{prefix}:configuration-set/X",
    ]


BAD_NAMES = {
    "empty": ("", "is empty"),
    "star": ("*", r"\*"),
    "star in a mailbox": ("a*@example.com", r"\*"),
    "question mark": ("exampl?.com", r"\?"),
    "variable": ("${aws:username}@example.com", r"\$\{"),
    "space": ("exa mple.com", "white space"),
    "leading space": (" example.com", "white space"),
    "newline at the end": ("example.com\n", "white space or control"),
    "control character": ("exam\x00ple.com", "control"),
    "delete": ("exam\x7fple.com", "control"),
    "non-ASCII": ("bücher.example", "punycode"),
    "full-width": ("\uff45xample.com", "punycode"),
    "display name": ("Me <me@example.com>", "white space"),
    "display name without space": ("<me@example.com>", "display name"),
    "URL": ("https://example.com", "URL"),
    "one label": ("localhost", "two or more labels"),
    "empty label": ("example..com", "domain"),
    "dot at the end": ("example.com.", "domain"),
    "hyphen first": ("-example.com", "domain"),
    "hyphen last": ("example-.com", "domain"),
    "underscore": ("_dmarc.example.com", "domain"),
    "label of 64": (f"{'a' * 64}.com", "domain"),
    "domain of 254": (f"{'a.' * 125}abcd", "domain"),
    "no local part": ("@example.com", "local part"),
    "local part of 65": (f"{'a' * 65}@example.com", "local part"),
    "two at signs": ("a@b@example.com", "local part"),
    "dot first": (".a@example.com", "local part"),
    "quoted": ('"a"@example.com', "local part"),
    "ARN of another service": ("arn:aws:s3:us-east-1:111122223333:identity/example.com", "'s3', not 'ses'"),
    "ARN of another kind": (f"{SES}:configuration-set/x", "'configuration-set', not 'identity'"),
    "ARN of another partition": (f"arn:aws-cn:ses:cn-north-1:{ACCOUNT}:identity/example.com", "partition aws-cn"),
    "ARN with a foreign partition": (f"arn:aws-cn:ses:us-east-1:{ACCOUNT}:identity/example.com", "partition 'aws-cn'"),
    "ARN of no Region": (f"arn:aws:ses::{ACCOUNT}:identity/example.com", "''"),
    "ARN of an unknown Region": (f"arn:aws:ses:us-east-99:{ACCOUNT}:identity/example.com", "us-east-99"),
    "ARN of any Region": (f"arn:aws:ses:*:{ACCOUNT}:identity/example.com", r"'\*' for a Region"),
    "ARN of any account": ("arn:aws:ses:us-east-1:*:identity/example.com", r"'\*' for an account"),
    "ARN of a short account": ("arn:aws:ses:us-east-1:1234:identity/example.com", "'1234' for an account"),
    "ARN of every identity": (f"{SES}:identity/*", r"\*"),
    "ARN of a pattern": (f"{SES}:identity/*.example.com", r"\*"),
    "ARN with a variable": (f"{SES}:identity/${{aws:username}}@example.com", r"\$\{"),
    "ARN of nothing": (f"{SES}:identity/", "is empty"),
    "ARN cut short": ("arn:aws:ses:us-east-1", "not a whole ARN"),
    "text like a token": ("${Token[example.1]}", "looks like a CDK token"),
}


@pytest.mark.parametrize(("name", "why"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_what_is_no_identity_is_refused(name: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^identities\[1\].*{why}.*accepted: ") as refusal:
        OrchestrationSendingRole(new_stack(), "Role", identities=["example.com", name])
    assert repr(name) in str(refusal.value)


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
    assert OrchestrationSendingRole(stack, "Role", identities=[own]).identity_arns[0].endswith(":identity/example.com")


@pytest.mark.parametrize("kind", ["imported set", "L1 set", "L1 identity", "L2 identity"])
def test_a_construct_of_another_partition_is_refused(kind: str) -> None:
    stack = new_stack()
    china = cdk.Stack(cdk.App.of(stack), "China", env=cdk.Environment(account=ACCOUNT, region="cn-north-1"))
    arguments: dict[str, dict[str, Any]] = {
        "imported set": {"configuration_sets": [ses.ConfigurationSet.from_configuration_set_name(china, "X", "x")]},
        "L1 set": {"configuration_sets": [ses.CfnConfigurationSet(china, "Set", name="x")]},
        "L1 identity": {"identities": [ses.CfnEmailIdentity(china, "L1", email_identity="example.cn")]},
        "L2 identity": {"identities": [ses.EmailIdentity(china, "L2", identity=ses.Identity.domain("example.cn"))]},
    }
    with pytest.raises(ValueError, match=r"^\w+\[0\]: '.*(China/|\{L2).* is in partition aws-cn, but the stack"):
        OrchestrationSendingRole(stack, "Role", **arguments[kind])


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("identities", ["*.{token}"]),
        ("identities", ["{token}*"]),
        ("identities", ["arn:aws:ses:{token}*:111122223333:identity/example.com"]),
        ("identities", ["arn:aws:ses:us-east-1:{token}?:identity/example.com"]),
        ("identities", ["arn:{token}*:ses:us-east-1:111122223333:identity/example.com"]),
        ("identities", ["arn:aws:ses:us-east-1:111122223333:{token}/*"]),
        ("identities", ["arn:aws:ses:us-east-1:111122223333:identity/{token}*"]),
        ("configuration_sets", ["{token}?"]),
        ("region", "{token}*"),
        ("region", "{token}:x"),
        ("source_arns", ["{token}*"]),
        ("source_arns", ["arn:aws:mobiletargeting:{token}*:111122223333:apps/x"]),
    ],
)
def test_a_pattern_beside_a_token_is_refused(parameter: str, value: Any) -> None:
    stack = new_stack(account=None, region=None)
    token = cdk.CfnParameter(stack, "Name").value_as_string
    given: Any = value.format(token=token) if isinstance(value, str) else [text.format(token=token) for text in value]
    with pytest.raises(ValueError, match=rf"^{parameter}.*(has \*, \? or|beside a token)"):
        OrchestrationSendingRole(stack, "Role", **{parameter: given})


def test_a_pattern_in_the_name_of_an_imported_construct_is_refused() -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match=r"identities\[0\]: .*identity/\*' has a character beside a token"):
        OrchestrationSendingRole(
            stack, "Role", identities=[ses.EmailIdentity.from_email_identity_name(stack, "Imported", "*")]
        )


def test_a_list_token_is_refused() -> None:
    stack = new_stack()
    names = cdk.CfnParameter(stack, "Names", type="CommaDelimitedList").value_as_list
    with pytest.raises(ValueError, match=r"identities: .* is a list token"):
        OrchestrationSendingRole(stack, "Role", identities=names)


class LooksLikeOne:
    email_identity_ref = configuration_set_ref = 1


@pytest.mark.parametrize(
    "element", [LooksLikeOne(), None, 1, 1.5, b"example.com", True, object(), ["example.com"], {}, iam, iam.Role]
)
@pytest.mark.parametrize("parameter", ["identities", "configuration_sets"])
def test_an_element_of_another_type_is_refused(parameter: str, element: object) -> None:
    with pytest.raises(TypeError, match=rf"^{parameter}\[0\]: .* is of type .*accepted: "):
        SesSendingRole(new_stack(), "Role", service=SendingService.PINPOINT, **{parameter: [element]})  # type: ignore[arg-type]


def test_a_construct_of_another_kind_is_refused() -> None:
    stack = new_stack()
    with pytest.raises(TypeError, match=r"identities\[0\]: .*ConfigurationSet"):
        OrchestrationSendingRole(stack, "Role", identities=[ses.ConfigurationSet(stack, "Set")])  # type: ignore[list-item]


@pytest.mark.parametrize("values", ["example.com", b"x", {"example.com"}, {"example.com": 1}, 1, iter(["example.com"])])
@pytest.mark.parametrize("parameter", ["identities", "configuration_sets", "source_arns"])
def test_what_is_no_list_is_refused(parameter: str, values: object) -> None:
    with pytest.raises(TypeError, match=rf"^{parameter}: .*accepted: a list"):
        OrchestrationSendingRole(new_stack(), "Role", **{parameter: values})  # type: ignore[arg-type]


def test_no_identity_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^identities: \[\] is empty"):
        OrchestrationSendingRole(new_stack(), "Role", identities=[])


def test_a_refusal_leaves_nothing_behind() -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match="identities"):
        OrchestrationSendingRole(stack, "Role", identities=["*"])
    OrchestrationSendingRole(stack, "Role", identities=["example.com"])
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 1)
