"""CDK tokens: their values are not validated, but what would make a role silently wider is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ssm as ssm

from pinpoint_role_construct import EmailChannel, SendingService
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    new_stack,
    other_stack,
    resource_arns,
    roles,
    sending_role,
    statements,
    token,
)

SHARED = ["identities", "configuration_sets", "templates", "from_addresses", "recipients", "tenants"]
LISTS = [*SHARED, "source_arns"]
EVERY = [*LISTS, "region"]
CHANNEL = {"application": "a1", "from_address": "me@example.com", "identity": "example.com"}


def raised(make: Callable[[], object], *errors: type[Exception]) -> str:
    with pytest.raises(errors or (TypeError, ValueError)) as refusal:
        make()
    return str(refusal.value)


def refusal_of(parameter: str, value: Any) -> str:
    """The message with which a value, in a list where there is one, is refused."""
    given = {parameter: value if parameter == "region" else [value]}
    message = raised(lambda: sending_role(new_stack(), **given), ValueError)
    assert message.startswith("region: " if parameter == "region" else f"{parameter}[0]: ")
    assert "; accepted: " in message
    return message


@jsii.implements(cdk.IStableAnyProducer)
class _Text:
    """Text that a token stands for; before synthesis it may be unknown."""

    def __init__(self, text: str | None, *, known: bool = True) -> None:
        self.text, self.known = text, known

    def produce(self) -> str | None:
        if not self.known:
            raise RuntimeError("ask later")
        return self.text


def lazy(text: str | None) -> str:
    return cdk.Token.as_string(cdk.Lazy.any(_Text(text)))


NOTHING: dict[str, Callable[[], str]] = {
    "AWS::NoValue": lambda: cdk.Aws.NO_VALUE,
    "on a condition": lambda: cdk.Fn.condition_if("Narrow", "news@example.com", cdk.Aws.NO_VALUE).to_string(),
    "lazy": lambda: lazy(None),
    "None": lambda: cdk.Token.as_string(None),
}
PATTERNS: dict[str, Callable[[], str]] = {
    "star": lambda: lazy("*"),
    "star in a name": lambda: lazy("a*@example.com"),
    "question mark": lambda: lazy("exampl?.com"),
    "variable": lambda: lazy("${aws:username}@example.com"),
    "sub": lambda: cdk.Fn.sub("*"),
    "sub with values": lambda: cdk.Fn.sub("${a}-x", {"a": "*"}),
    "join": lambda: cdk.Fn.join("", ["*", cdk.Aws.REGION]),
    "variable that sub leaves to IAM": lambda: cdk.Fn.sub("${!aws:username}"),
    "variable beside CloudFormation's": lambda: cdk.Fn.sub("x-${Name}-${!aws:username}"),
}


@pytest.mark.parametrize("parameter", EVERY)
@pytest.mark.parametrize("make", NOTHING.values(), ids=NOTHING)
def test_a_token_that_may_stand_for_nothing_is_refused(parameter: str, make: Callable[[], str]) -> None:
    assert "can resolve to nothing, which would remove the value" in refusal_of(parameter, make())


@pytest.mark.parametrize("parameter", EVERY)
@pytest.mark.parametrize("make", PATTERNS.values(), ids=PATTERNS)
def test_a_token_that_stands_for_a_pattern_or_a_variable_is_refused(parameter: str, make: Callable[[], str]) -> None:
    message = refusal_of(parameter, make())
    assert " resolves to " in message
    assert "which IAM treats as a pattern or a variable" in message


@pytest.mark.parametrize("parameter", EVERY)
@pytest.mark.parametrize("text", ["{}?", "x {}", "$" + "{aws:x}{}", "{}\n", "${}", "{}*"])
def test_text_beside_a_token_is_checked(parameter: str, text: str) -> None:
    if text == "{}*" and parameter in ("recipients", "tenants"):
        return
    stack = new_stack()
    given: Any = text.replace("{}", token(stack))
    message = raised(lambda: sending_role(stack, **{parameter: given if parameter == "region" else [given]}))
    assert message.startswith(parameter)
    assert "${Name}" in message
    assert "Token[" not in message
    assert ", next to a token" in message or "is not a complete ARN" in message


IN_ARNS = [
    "arn:aws:ses:{}*:111122223333:identity/example.com",
    "arn:aws:ses:us-east-1:{}?:identity/example.com",
    "arn:{}*:ses:us-east-1:111122223333:identity/example.com",
    "arn:aws:ses:us-east-1:111122223333:{}/*",
    "arn:aws:ses:us-east-1:111122223333:identity/{}*",
    "arn:aws:ses:us-east-1:111122223333:identity/$" + "{}",
]


@pytest.mark.parametrize("text", IN_ARNS)
def test_text_beside_a_token_in_an_arn_is_checked(text: str) -> None:
    stack = agnostic_stack()
    given = text.replace("{}", token(stack))
    with pytest.raises(ValueError, match=r"^identities\[0\]: .*has \*, \? or .*, next to a token; accepted"):
        sending_role(stack, identities=[given])


@by_role_and_grant
@pytest.mark.parametrize("parameter", [*SHARED, "region"])
@pytest.mark.parametrize("text", ["[{}", "{}]", "]{}[", "{{{}}}", "({})", "]}}{}"])
def test_brackets_beside_a_token_end_in_no_traceback(ask: Ask, parameter: str, text: str) -> None:
    stack = agnostic_stack()
    given = text.format(token(stack))
    try:
        ask(stack, **{parameter: given if parameter == "region" else [given]})
    except ValueError as refusal:
        assert str(refusal).startswith(parameter)  # noqa: PT017
        assert "Token[" not in str(refusal)  # noqa: PT017


@pytest.mark.parametrize("values", [None, {"Domain": "example.com"}])
def test_a_variable_that_cloudformation_replaces_passes(values: dict[str, str] | None) -> None:
    stack = new_stack()
    cdk.CfnParameter(stack, "Domain")
    names = [cdk.Fn.sub("mail.${Domain}", values), cdk.Fn.sub("${AWS::StackName}.example.com")]
    sending_role(stack, identities=names, configuration_sets=[])
    assert "mail.${Domain}" in str(roles(stack))


def test_a_token_of_text_stays_a_token_and_one_that_only_synthesis_can_resolve_passes() -> None:
    stack = new_stack()
    later = _Text("b.example", known=False)
    names = [lazy("a.example"), cdk.Token.as_string(cdk.Lazy.any(later))]
    role = sending_role(stack, identities=names, configuration_sets=[])
    assert [arn.partition("/")[2] for arn in role.identity_arns] == names
    later.known = True
    assert resource_arns(stack) == [f"{SES}:identity/a.example", f"{SES}:identity/b.example"]


def test_the_name_within_an_arn_that_is_a_token() -> None:
    stack = new_stack()
    name = cdk.Fn.select(1, cdk.Fn.split("/", token(stack, "Arn")))
    sending_role(stack, identities=[name], configuration_sets=[])
    parts = roles(stack)[0]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"]["Fn::Join"][1]
    assert parts[-1] == {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Arn"}]}]}


def test_a_look_ups_stand_in_is_a_token_wherever_it_is() -> None:
    stack = new_stack()
    name = ssm.StringParameter.value_from_lookup(stack, "/mail/domain")
    assert name == "dummy-value-for-/mail/domain"
    identities: list[Any] = [name, f"mail.{name}", f"{SES}:identity/{name}"]
    identities += [
        ses.EmailIdentity.from_email_identity_name(stack, "Imported", f"x.{name}"),
        ses.CfnEmailIdentity(stack, "L1", email_identity=f"y.{name}"),
    ]
    addresses = {"from_addresses": [f"me@{name}"], "recipients": [f"*@{name}", name]}
    names = {"configuration_sets": [name], "templates": [name], "tenants": [f"{name}*"], "region": None}
    sending_role(stack, identities=identities, **names, **addresses)
    found = [arn.partition("/")[2] for arn in resource_arns(stack, refs={"L1": "l1"})]
    assert found == [name, f"mail.{name}", name, f"x.{name}", "l1", name, name]
    (statement,) = statements(stack, refs={"L1": "l1"})
    assert statement["Condition"]["ForAllValues:StringLike"] == {"ses:Recipients": [f"*@{name}", name]}
    group = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/{name}"
    service = SendingService.EVENTBRIDGE_SCHEDULER
    sending_role(stack, "Source", service=service, source_arns=[group, name], region=name)
    EmailChannel(stack, "Channel", application=name, from_address=f"me@{name}", identity=name, configuration_set=name)
    with pytest.raises(ValueError, match="next to a token"):
        sending_role(stack, "Wide", identities=[f"*.{name}"])


@pytest.mark.parametrize("parameter", LISTS)
def test_no_message_shows_a_raw_token_and_a_list_token_gets_a_hint(parameter: str) -> None:
    stack = new_stack()
    name = token(stack)
    names = cdk.CfnParameter(stack, "Names", type="CommaDelimitedList").value_as_list
    bad: list[Any] = [name, {name}, {name: name}, [f"{name}?"], [[name]], [{name}], ["x?", name], [f"{name} x"]]
    for value in bad:
        message = raised(lambda value=value: sending_role(stack, **{parameter: value}))  # type: ignore[misc]
        assert message.startswith(parameter)
        assert "Token[" not in message
        assert "${Name}" in message or value == ["x?", name]
    for value, where in ((names, ""), ([names], "[0]"), (["x", names[0]], "[1]"), ([names[0], "x"], "[0]")):
        message = raised(lambda value=value: sending_role(stack, **{parameter: value}), ValueError)  # type: ignore[misc]
        assert message.startswith(f"{parameter}{where}: '${{Names}}' is a list token")
        assert "; accepted: its elements, by Fn.select(0, names) and so on; " in message


@pytest.mark.parametrize("parameter", ["application", "from_address", "identity", "configuration_set", "enabled"])
def test_no_message_of_the_channel_shows_a_raw_token(parameter: str) -> None:
    stack = new_stack()
    name = token(stack)
    for value in ([name], {name}, f"{name}*", f"{name} x<y>"):
        if parameter == "application" and isinstance(value, str):
            continue  # a token in an id passes unchecked
        arguments: dict[str, Any] = {**CHANNEL, parameter: value}
        message = raised(lambda arguments=arguments: EmailChannel(stack, "Channel", **arguments))  # type: ignore[misc]
        assert message.startswith(parameter)
        assert "Token[" not in message
        assert "${Name}" in message


@pytest.mark.parametrize("parameter", ["use_managed_policy", "service", "region", "permissions_boundary"])
def test_no_message_of_a_choice_shows_a_raw_token(parameter: str) -> None:
    stack = new_stack()
    message = raised(lambda: sending_role(stack, **{parameter: [token(stack)]}), TypeError)
    assert message.startswith(f"{parameter}: ['${{Name}}'] is of type list; accepted: ")


def test_a_resource_of_another_account_without_a_name_is_shown_by_its_path() -> None:
    stack = new_stack()
    group = scheduler.ScheduleGroup(other_stack(stack, "There", account=OTHER_ACCOUNT), "Group")
    message = raised(lambda: sending_role(stack, service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=[group]))
    assert message.startswith("source_arns[0]: '${There/Group/Resource}' belongs to account")


def test_text_that_only_looks_like_a_token_fails_at_synthesis_at_the_latest() -> None:
    stack = new_stack()
    text = "${Token[example.1]}"
    assert f"'*.{text}' has *" in raised(lambda: sending_role(stack, identities=[f"*.{text}"]))
    sending_role(stack, identities=[text])
    with pytest.raises(RuntimeError, match="Unrecognized token key"):
        resource_arns(stack)
