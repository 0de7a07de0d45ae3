"""CDK tokens: their values are not validated, but what synthesis already knows of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import jsii
import pytest

from pinpoint_role_construct import OrchestrationSendingRole
from tests.helpers import new_stack, resource_arns, roles


@jsii.implements(cdk.IStableAnyProducer)
class _Text:
    """Text that a token stands for."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def produce(self) -> str | None:
        return self.text


@pytest.mark.parametrize(
    "parameter", ["identities", "configuration_sets", "templates", "from_addresses", "source_arns"]
)
@pytest.mark.parametrize("conditional", [False, True], ids=["always", "on a condition"])
def test_a_value_that_cloudformation_would_remove_is_refused(parameter: str, conditional: bool) -> None:
    stack = new_stack()
    value = cdk.Aws.NO_VALUE
    if conditional:
        cdk.CfnCondition(stack, "Narrow")
        value = cdk.Fn.condition_if("Narrow", "news@example.com", cdk.Aws.NO_VALUE).to_string()
    arguments: dict[str, Any] = {parameter: [value]}
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .*AWS::NoValue.* may be AWS::NoValue.*accepted: "):
        OrchestrationSendingRole(stack, "Role", **arguments)


@pytest.mark.parametrize("parts", [["*", ""], ["exampl", "?.com"], ["${aws:username}", "@example.com"]])
def test_a_token_that_stands_for_a_pattern_is_refused(parts: list[str]) -> None:
    token = cdk.Token.as_string(cdk.Lazy.any(_Text("".join(parts))))
    with pytest.raises(
        ValueError, match=r"^identities\[0\]: .* stands for .*which IAM treats as a pattern or a variable"
    ):
        OrchestrationSendingRole(new_stack(), "Role", identities=[token])


EVERY_LIST = ["identities", "configuration_sets", "templates", "from_addresses", "source_arns"]


@pytest.mark.parametrize("parameter", EVERY_LIST)
@pytest.mark.parametrize("lazy", [False, True])
def test_a_token_that_stands_for_nothing_is_refused_as_it_would_take_the_condition_with_it(
    parameter: str, lazy: bool
) -> None:
    nothing = cdk.Token.as_string(cdk.Lazy.any(_Text(None)) if lazy else None)
    arguments: dict[str, Any] = {parameter: [nothing]}
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .* stands for nothing: .*accepted: "):
        OrchestrationSendingRole(new_stack(), "Role", **arguments)


@pytest.mark.parametrize("end", ["", "@example.com", cdk.Aws.REGION], ids=["alone", "before text", "before a token"])
@pytest.mark.parametrize("parameter", EVERY_LIST)
def test_a_variable_that_text_and_a_token_make_together_is_refused(parameter: str, end: str) -> None:
    name = cdk.Token.as_string(cdk.Lazy.any(_Text("{aws:username}")))
    arguments: dict[str, Any] = {parameter: [f"${name}{end}"]}
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .*which IAM treats as a pattern or a variable"):
        OrchestrationSendingRole(new_stack(), "Role", **arguments)


@pytest.mark.parametrize("parameter", EVERY_LIST)
def test_a_variable_that_text_and_an_intrinsic_function_make_together_is_refused(parameter: str) -> None:
    arguments: dict[str, Any] = {parameter: ["$" + cdk.Fn.sub("{aws:username}")]}
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .*which IAM treats as a pattern or a variable"):
        OrchestrationSendingRole(new_stack(), "Role", **arguments)


def test_a_token_that_stands_for_a_name_passes_and_stays_a_token() -> None:
    stack = new_stack()
    token = cdk.Token.as_string(cdk.Lazy.any(_Text("example.com")))
    role = OrchestrationSendingRole(stack, "Role", identities=[token], configuration_sets=[])
    assert role.identity_arns[0].endswith(token)
    assert resource_arns(stack)[0].endswith("identity/example.com")


@jsii.implements(cdk.IStableAnyProducer)
class _NotYet:
    """What is known once the app is complete."""

    complete = False

    def produce(self) -> str:
        if not self.complete:
            raise RuntimeError("ask later")
        return "example.com"


def test_a_token_that_only_synthesis_can_resolve_passes() -> None:
    stack = new_stack()
    name = _NotYet()
    identity = cdk.Token.as_string(cdk.Lazy.any(name))
    OrchestrationSendingRole(stack, "Role", identities=[identity], configuration_sets=[])
    name.complete = True
    assert resource_arns(stack)[0].endswith("identity/example.com")


PATTERNS: dict[str, Callable[[], str]] = {
    "sub": lambda: cdk.Fn.sub("*"),
    "sub with values": lambda: cdk.Fn.sub("${a}-x", {"a": "*"}),
    "join": lambda: cdk.Fn.join("", ["*", cdk.Aws.REGION]),
}


@pytest.mark.parametrize("make", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize("parameter", ["identities", "source_arns"])
def test_a_pattern_within_an_intrinsic_function_is_refused(parameter: str, make: Callable[[], str]) -> None:
    arguments: dict[str, Any] = {parameter: [make()]}
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .*stands for .*\*"):
        OrchestrationSendingRole(new_stack(), "Role", **arguments)


@pytest.mark.parametrize("text", ["${!aws:username}", "x-${Name}-${!aws:username}"])
def test_a_variable_that_sub_leaves_to_iam_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^identities\[0\]: .* stands for .*, which IAM treats as a pattern or a var"):
        OrchestrationSendingRole(new_stack(), "Role", identities=[cdk.Fn.sub(text)])


@pytest.mark.parametrize("values", [None, {"Domain": "example.com"}])
def test_a_variable_that_cloudformation_replaces_passes(values: dict[str, str] | None) -> None:
    stack = new_stack()
    cdk.CfnParameter(stack, "Domain")
    OrchestrationSendingRole(stack, "Role", identities=[cdk.Fn.sub("mail.${Domain}", values)], configuration_sets=[])
    assert "mail.${Domain}" in str(roles(stack))


class _Anywhere:
    """What looks like a construct of every account."""

    class configuration_set_ref:  # noqa: N801
        configuration_set_name = "marketing"

    class env:  # noqa: N801
        region, account = "us-east-1", "*"


def test_a_construct_of_no_one_account_is_refused() -> None:
    sets: Any = [_Anywhere()]
    with pytest.raises(ValueError, match=r"^configuration_sets\[0\]: .*'\*' for an account"):
        OrchestrationSendingRole(new_stack(), "Role", configuration_sets=sets)
