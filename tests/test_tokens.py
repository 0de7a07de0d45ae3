"""CDK tokens: their values are not validated, but what synthesis already knows of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import jsii
import pytest

from pinpoint_role_construct import OrchestrationSendingRole
from tests.helpers import new_stack, resource_arns


@jsii.implements(cdk.IStableAnyProducer)
class _Text:
    """Text that a token stands for."""

    def __init__(self, text: str) -> None:
        self.text = text

    def produce(self) -> str:
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


@pytest.mark.parametrize(
    "make", [lambda: cdk.Fn.sub("*"), lambda: cdk.Fn.join("", ["*", cdk.Aws.REGION])], ids=["sub", "join"]
)
@pytest.mark.parametrize("parameter", ["identities", "source_arns"])
def test_a_pattern_within_an_intrinsic_function_is_refused(parameter: str, make: Callable[[], str]) -> None:
    arguments: dict[str, Any] = {parameter: [make()]}
    with pytest.raises(ValueError, match=rf"^{parameter}\[0\]: .*stands for .*\*"):
        OrchestrationSendingRole(new_stack(), "Role", **arguments)


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
