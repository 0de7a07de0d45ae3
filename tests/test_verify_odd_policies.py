"""Odd policies and arguments that the command once judged wrongly, or that hung it."""

from __future__ import annotations

from typing import Any

import pytest

from pinpoint_role_construct.conditions import Comparison
from pinpoint_role_construct.policy_language import Statement
from pinpoint_role_construct.verify.expectation import Arguments, expect
from pinpoint_role_construct.verify.repair import losses, repaired
from pinpoint_role_construct.verify.sending import Sending
from pinpoint_role_construct.wildcards import contains, matches
from tests.inventory_roles import LAMBDA, OWN, SCHEDULED, allow, deny, deployed, said, trust
from tests.sending_roles import IDENTITY, SES, SET, STEP_FUNCTIONS, codes, policy_of, role_of, statement

EVERYTHING = [f"{SES}:identity/*", f"{SES}:configuration-set/*"]
EVIL = f"{SES}:identity/evil.com"
VARIABLE = f"{SES}:identity/${{aws:PrincipalTag/d}}"


def denial(**changes: Any) -> dict[str, Any]:
    return statement(Effect="Deny", Sid="D", Action="ses:*", **changes)


@pytest.mark.parametrize("compare", [matches, contains])
def test_a_pattern_of_many_wildcards_is_matched_at_once(compare: Any) -> None:
    assert not compare("*a" * 30 + "*b", "a" * 200)  # it took longer than anybody would wait
    assert compare("*a" * 30 + "*b", "a" * 200 + "b")


def test_a_denial_of_every_identity_that_has_a_name_stops_the_mail() -> None:
    assert "PERMISSION-DENY" in codes(role_of(statement(Resource=EVERYTHING), denial(Resource=f"{SES}:identity/?*")))


def test_a_denial_does_not_keep_out_what_a_policy_variable_may_spare() -> None:
    spares = [IDENTITY, SET, f"{SES}:identity/${{aws:PrincipalTag/d}}"]
    role = role_of(statement(), statement(Sid="B", Resource=EVIL), denial(Resource=None, NotResource=spares))
    assert codes(role, identities=["example.com"], configuration_sets=["marketing"]) != []


def test_a_denial_of_the_text_of_a_variable_does_not_hide_that_it_may_be_any() -> None:
    role = role_of(statement(), statement(Sid="X", Resource=VARIABLE), denial(Resource=f"{SES}:identity/$*"))
    assert codes(role, identities=["example.com"], configuration_sets=["marketing"]) == ["PERMISSION-RESOURCE"]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:*:identity/*",
        "arn:aws:*:identity/*",
        "arn:*:us-east-1:444455556666:identity/*",
        "arn:aws*:eu-west-1:111122223333:identity/*",
    ],
)
def test_a_wildcard_that_may_have_colons_is_not_taken_for_another_service(arn: str) -> None:
    both = statement(Action=["ses:SendEmail", "ses:SendRawEmail", "sqs:SendMessage"], Resource=[IDENTITY, SET, arn])
    assert codes(role_of(both), also_allow=["sqs:SendMessage"]) != []
    assert said(deployed(LAMBDA, allow(["ses:SendEmail", "s3:GetObject"], [arn])))[0] == "too wide"


def test_a_variable_that_may_have_colons_is_not_taken_for_another_service() -> None:
    arn = "arn:${aws:PrincipalTag/service}:*"
    both = statement(Action=["ses:SendEmail", "ses:SendRawEmail", "sqs:SendMessage"], Resource=[IDENTITY, SET, arn])
    assert codes(role_of(both), also_allow=["sqs:SendMessage"]) == ["PERMISSION-RESOURCE"]


@pytest.mark.parametrize("arn", ["arn:aws:sqs:*", "arn:*:sqs:us-east-1:111122223333:identity/x", "arn:aws:s3:::b/*"])
def test_a_resource_of_another_service_is_left_alone(arn: str) -> None:
    both = statement(Action=["ses:SendEmail", "ses:SendRawEmail", "sqs:SendMessage"], Resource=[IDENTITY, SET, arn])
    assert codes(role_of(both), also_allow=["sqs:SendMessage"]) == []


@pytest.mark.parametrize("resource", ["contact-list/news", "dedicated-ip-pool/*", "mailmanager-rule-set/*"])
def test_a_resource_of_ses_with_which_nothing_is_sent_is_left_alone(resource: str) -> None:
    arn = f"{SES}:{resource}"
    both = statement(Action=["ses:SendEmail", "ses:SendRawEmail", "ses:Get*"], Resource=[IDENTITY, SET, arn])
    assert codes(role_of(both), also_allow=["ses:Get*"]) == []
    assert said(deployed(LAMBDA, allow(["ses:SendEmail", "ses:Get*"], [IDENTITY, arn])))[0] == "right"


@pytest.mark.parametrize(
    ("more", "boundary", "code"),
    [
        ([denial(Resource=VARIABLE)], None, "PERMISSION-DENY"),
        ([denial(Resource=f"{SES}:${{aws:PrincipalTag/d}}*")], None, "PERMISSION-DENY"),
        ([denial(Resource=None, NotResource=[VARIABLE, SET])], None, "PERMISSION-DENY"),
        ([], [statement(Action="ses:*", Resource=[VARIABLE, SET])], "PERMISSION-BOUNDARY"),
        ([], [statement(Action="*", Resource=None, NotResource=VARIABLE)], "PERMISSION-BOUNDARY"),
        ([], [statement(Action="*", Resource="*"), denial(Resource=VARIABLE)], "PERMISSION-BOUNDARY"),
    ],
)
def test_a_policy_variable_may_stop_the_mail(more: list[Any], boundary: list[Any] | None, code: str) -> None:
    role = role_of(statement(), *more, boundary=boundary)
    assert set(codes(role, identities=["example.com"], configuration_sets=["marketing"])) == {code}


def test_a_policy_variable_under_a_condition_that_no_email_meets_stops_nothing() -> None:
    never = {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    role = role_of(statement(), denial(Resource=VARIABLE, Condition=never))
    assert codes(role, identities=["example.com"], configuration_sets=["marketing"]) == []


def test_a_policy_variable_may_be_any_name() -> None:
    assert Statement.parse(statement(Resource=VARIABLE)).resources_within(IDENTITY) == [IDENTITY]
    assert Statement.parse(statement(Resource=VARIABLE)).resources_within(SET) == []


def test_a_policy_variable_elsewhere_stops_nothing() -> None:
    elsewhere = f"{SES}:template/${{aws:PrincipalTag/d}}"
    boundary = [statement(Action="*", Resource="*"), denial(Resource=elsewhere)]
    role = role_of(statement(), denial(Resource=elsewhere), boundary=boundary)
    assert codes(role, identities=["example.com"], configuration_sets=["marketing"]) == []


def test_many_patterns_of_recipients_are_a_condition_that_can_be_met() -> None:
    recipients = [f"*@{number}.example" for number in range(205)]
    conditions = {
        "StringEquals": {"ses:FromAddress": "news@example.com", "ses:FeedbackAddress": "bounce@example.com"},
        "ForAllValues:StringLike": {"ses:Recipients": recipients},
    }
    assert codes(role_of(statement(Condition=conditions))) == []


def count_calls(patch: pytest.MonkeyPatch, owner: type, name: str) -> list[None]:
    """Return a list that gets an element for each call of a method, until the test ends."""
    method, calls = getattr(owner, name), list[None]()

    def counted(*arguments: Any) -> Any:
        calls.append(None)
        return method(*arguments)

    patch.setattr(owner, name, counted)
    return calls


def test_a_hundred_identities_and_senders_do_not_take_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.example" for number in range(100)]
    senders = [f"me@{name}" for name in names]
    arns = [f"{SES}:identity/{name}" for name in names]
    role = role_of(statement(Resource=[*arns, SET], Condition={"StringEquals": {"ses:FromAddress": senders}}))
    asked = count_calls(monkeypatch, Sending, "granted")
    assert codes(role, identities=names, configuration_sets=["marketing"], from_addresses=senders) == []
    assert len(asked) < 200_000


def test_a_role_of_many_tenants_does_not_take_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    tenants = [
        statement(
            Sid=f"Tenant{i}",
            Resource=[f"{SES}:identity/d{i}.com", f"{SES}:configuration-set/s{i}"],
            Condition={"StringLike": {"ses:FromAddress": f"*@d{i}.com"}},
        )
        for i in range(150)
    ]
    asked = count_calls(monkeypatch, Comparison, "met_by")
    assert codes(role_of(*tenants)) == []
    assert len(asked) < 500_000


@pytest.mark.parametrize("principal", ["states.amazonaws.com", "states.us-east-1.amazonaws.com"])
def test_a_sending_service_by_its_principal_of_a_region_is_judged_as_strictly(principal: str) -> None:
    account = {"StringEquals": {"aws:SourceAccount": OWN}}
    assert said(deployed(trust({"Service": principal}, account), allow()))[0] == "too wide"


def test_a_role_that_cloudformation_deploys_with_is_not_open() -> None:
    role = deployed(trust({"Service": "cloudformation.amazonaws.com"}), allow("*", "*"))
    assert said(role) == ("too wide", ["PERMISSION-ADMINISTRATOR"])


def test_a_source_given_may_be_in_any_region() -> None:
    source = "arn:aws:states:eu-west-1:111122223333:stateMachine:journey"
    policy = policy_of(STEP_FUNCTIONS, source_arns=(source,))
    role = role_of(trust=[policy.trust_statement()])
    assert codes(role, service=STEP_FUNCTIONS, source_arns=[source]) == []
    assert codes(role, service=STEP_FUNCTIONS, source_arns=[source.replace("journey", "other")]) != []
    assert codes(role, service=STEP_FUNCTIONS) == ["TRUST-SOURCE"]


@pytest.mark.parametrize("argument", ["identities", "configuration_sets", "templates"])
def test_the_region_is_that_of_the_arns_among_the_arguments(argument: str) -> None:
    kind = {"identities": "identity", "configuration_sets": "configuration-set", "templates": "template"}[argument]
    name = "example.com" if argument == "identities" else "marketing"
    values: dict[str, Any] = {argument: [f"arn:aws:ses:eu-west-1:111122223333:{kind}/{name}"]}
    expected = expect(role_of(), Arguments(**values), "us-east-1")
    assert expected.asked_region == "eu-west-1"


def test_an_address_is_no_identity_for_what_its_name_has_before_a_slash() -> None:
    mailbox = "identity/me@example.com"
    expected = expect(role_of(), Arguments(region="us-east-1", identities=[mailbox], from_addresses=[mailbox]))
    assert expected.policy.from_addresses == (mailbox,)


@pytest.mark.parametrize("operator", ["NumericGreaterThanEquals", "NumericLessThan", "DateGreaterThan", "Bool"])
@pytest.mark.parametrize("key", ["aws:PrincipalAccount", "aws:PrincipalArn"])
def test_only_a_comparison_of_text_keeps_other_accounts_out(operator: str, key: str) -> None:
    value = OWN if key == "aws:PrincipalAccount" else f"arn:aws:iam::{OWN}:role/x"
    assert said(deployed(trust({"AWS": "*"}, {operator: {key: value}}), allow()))[0] == "open"
    assert said(deployed(trust({"AWS": "*"}, {"StringEquals": {key: value}}), allow()))[0] == "right"


def test_a_denial_by_for_any_value_does_not_reach_a_request_without_the_key() -> None:
    lets_in = trust({"Service": "events.amazonaws.com"})
    denies = trust("*", {"ForAnyValue:StringNotEquals": {"aws:SourceAccount": OWN}}, Effect="Deny")
    assert said(deployed([lets_in, denies], allow()))[0] == "open"


def test_null_reads_true_in_any_case() -> None:
    assert codes(role_of(statement(Condition={"Null": {"ses:FromAddress": "True"}}))) == codes(
        role_of(statement(Condition={"Null": {"ses:FromAddress": "true"}}))
    )


def test_the_documents_printed_keep_what_is_sent_from_each_address() -> None:
    def part(domain: str) -> dict[str, Any]:
        sender = {"StringEquals": {"ses:FromAddress": f"x@{domain}"}}
        return statement(Sid=domain[0], Resource=[f"{SES}:identity/{domain}", SET], Condition=sender)

    role = role_of(part("a.com"), part("b.com"))
    policy = repaired(role, expect(role, Arguments(region="us-east-1")))
    assert policy.identity_arns == (f"{SES}:identity/a.com", f"{SES}:identity/b.com")


def test_the_documents_printed_keep_nothing_that_cannot_send() -> None:
    pattern = statement(
        Resource=[IDENTITY, f"{SES}:identity/", SET], Condition={"StringEquals": {"ses:FromAddress": "*@example.com"}}
    )
    role = role_of(pattern)
    expected = expect(role, Arguments(region="us-east-1"))
    policy = repaired(role, expected)
    assert (policy.identity_arns, policy.from_addresses) == ((IDENTITY,), ())
    assert codes(role_of(*policy.permission_statements())) == []
    assert any("StringEquals ses:FromAddress" in phrase for phrase in losses(role, policy))


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        (denial(Resource=EVIL), "a Deny statement (inline policy Sending, statement D)"),
        (statement(Sid="Q", Action="sqs:SendMessage", Resource="*"), "sqs:sendmessage (inline policy Sending, st"),
        (statement(Sid="V", Resource=f"{SES}:identity/${{aws:PrincipalTag/d}}"), "the policy variable in"),
    ],
)
def test_what_the_documents_printed_leave_out_is_said(more: dict[str, Any], lost: str) -> None:
    role = role_of(statement(), more)
    expected = expect(role, Arguments(region="us-east-1"))
    assert any(lost in phrase for phrase in losses(role, repaired(role, expected)))
    plain = role_of(statement())
    expected = expect(plain, Arguments(region="us-east-1"))
    assert losses(plain, repaired(plain, expected)) == []


@pytest.mark.parametrize("name", ["Example.COM", "not an identity", "example", "me@Example_.com"])
def test_what_is_no_name_of_an_identity_sends_nothing(name: str) -> None:
    role = role_of(statement(Resource=[f"{SES}:identity/{name}", SET]))
    assert set(codes(role)) == {"PERMISSION-MISSING"}
    assert codes(role_of(statement(Resource=[f"{SES}:identity/{name}", IDENTITY, SET]))) == []


def test_the_documents_name_a_domain_in_lower_case() -> None:
    role = role_of(statement(Resource=[f"{SES}:identity/{name}" for name in ("Example.COM", "x y")] + [SET]))
    policy = repaired(role, expect(role, Arguments(region="us-east-1")))
    assert policy.identity_arns == (IDENTITY,)


def test_a_denied_template_is_none_that_the_role_names() -> None:
    templated = allow(["ses:SendEmail", "ses:SendRawEmail", "ses:SendTemplatedEmail"])
    denied = deny(resource=f"{SES}:template/secret")
    assert said(deployed(SCHEDULED, templated)) == ("too wide", ["PERMISSION-TEMPLATE"])
    assert said(deployed(SCHEDULED, templated, denied)) == ("too wide", ["PERMISSION-TEMPLATE"])
