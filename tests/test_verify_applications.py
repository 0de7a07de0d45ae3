"""`sending-role-verify`: roles that are for no sending service, such as a Lambda function's or an administrator's."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pinpoint_role_construct.services import known_services
from pinpoint_role_construct.verify.deployed import DeployedRole
from pinpoint_role_construct.verify.expectation import Arguments, expect
from pinpoint_role_construct.verify.notes import notes
from tests import inventory_roles
from tests.sending_roles import (
    ACCOUNT,
    IDENTITY,
    OTHER_ACCOUNT,
    REGION,
    SCHEDULER,
    SET,
    Document,
    codes,
    document,
    findings,
    role_of,
    statement,
    trust_statement,
)
from tests.test_verify_soundness import may_assume

OWN = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
OF_OWN = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
EXCEPT_OWN = {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}
NOT_OTHER = {"NotPrincipal": {"AWS": OTHER_ACCOUNT}}
NO_SID = statement(Sid=None)
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SUB = "token.actions.githubusercontent.com:sub"


def by(principal: Any, condition: Any = None, effect: str = "Allow", action: str = "sts:AssumeRole") -> Document:
    kind = principal if isinstance(principal, dict) and "NotPrincipal" in principal else {"Principal": principal}
    return {"Effect": effect, "Action": action, **kind, **({"Condition": condition} if condition else {})}


LAMBDA = by({"Service": "lambda.amazonaws.com"})


def said_of(role: DeployedRole, **arguments: Any) -> list[str]:
    return notes(role, expect(role, Arguments(region=REGION, **arguments)))


class TestTrust:
    """Who may assume it: nothing demands a sending service, and nobody else's account gets in."""

    @pytest.mark.parametrize(
        "trust",
        [
            [LAMBDA],
            [by({"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]})],
            [by({"Service": "ecs-tasks.amazonaws.com"}, OWN)],
            [by({"Service": "events.amazonaws.com"}, OWN)],
            [by({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})],
            [by("*", OF_OWN)],
            [by({"Federated": GITHUB}, {"StringLike": {SUB: "repo:org/*"}}, action="sts:AssumeRoleWithWebIdentity")],
            [by({"Federated": GITHUB}, {"StringLike": {SUB: "somebody"}}, action="sts:AssumeRoleWithWebIdentity")],
        ],
        ids=str,
    )
    def test_a_role_of_this_account_matches(self, trust: list[Document]) -> None:
        assert findings(role_of(NO_SID, trust=trust)) == []
        assert findings(role_of(NO_SID, trust=trust), identities=["example.com"]) == []
        (note,) = said_of(role_of(NO_SID, trust=trust))
        assert "trusts no service that this command knows" in note
        assert all(name in note for name in known_services())

    def test_who_it_is_that_may_assume_it(self) -> None:
        (note,) = said_of(role_of(trust=[LAMBDA]))
        assert note.endswith(
            "compared all the same; whether lambda.amazonaws.com should assume it is for you to judge."
        )
        assert said_of(role_of(trust=[])) == []

    @pytest.mark.parametrize(
        ("trust", "code"),
        [
            ([by({"AWS": OTHER_ACCOUNT})], "TRUST-PRINCIPAL"),
            ([LAMBDA, by({"AWS": OTHER_ACCOUNT})], "TRUST-PRINCIPAL"),
            ([by({"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:role/x"})], "TRUST-PRINCIPAL"),
            ([by({"AWS": "arn:aws:iam::*:root"})], "TRUST-PRINCIPAL"),
            ([by({"AWS": OTHER_ACCOUNT}, {"StringEquals": {"sts:ExternalId": "x"}})], "TRUST-PRINCIPAL"),
            ([by("*")], "TRUST-PRINCIPAL"),
            ([by({"AWS": "*"})], "TRUST-PRINCIPAL"),
            ([by(NOT_OTHER)], "TRUST-PRINCIPAL"),
            ([by("*", {"StringLike": {"aws:PrincipalArn": f"arn:*:iam::{ACCOUNT}:role/*"}})], "TRUST-PRINCIPAL"),
            ([by({"Service": "events.amazonaws.com"})], "TRUST-ACCOUNT"),
            (
                [by({"AWS": OTHER_ACCOUNT}), by(NOT_OTHER, None, "Deny")],
                "TRUST-PRINCIPAL",
            ),
            (
                [by({"AWS": OTHER_ACCOUNT}), by(NOT_OTHER, EXCEPT_OWN, "Deny")],
                "TRUST-PRINCIPAL",
            ),
            *(
                ([by({"Federated": GITHUB}, condition, action="sts:AssumeRoleWithWebIdentity")], "TRUST-PRINCIPAL")
                for condition in (
                    None,
                    {"StringLike": {SUB: "repo:*:pull_request"}},
                    {"StringLike": {SUB: "repo:org*"}},
                    {"StringLike": {SUB: ["repo:org/*", "*"]}},
                    {"Null": {SUB: "false"}},
                    {"StringEquals": {SUB: "${saml:sub}"}},
                    {"StringEquals": {SUB.replace(":sub", ":ref"): "refs/heads/main"}},
                )
            ),
        ],
        ids=str,
    )
    def test_a_stranger_is_caught(self, trust: list[Document], code: str) -> None:
        assert codes(role_of(NO_SID, trust=trust)) == [code]

    def test_a_service_that_is_demanded_must_be_named(self) -> None:
        for service in known_services().values():
            assert codes(role_of(trust=[LAMBDA]), service=service) == ["TRUST-SERVICE"]
            assert not any("no service" in note for note in said_of(role_of(trust=[LAMBDA]), service=service))

    def test_a_known_service_beside_others_is_compared_as_ever(self) -> None:
        assert codes(role_of(trust=[trust_statement(SCHEDULER), LAMBDA])) == ["TRUST-PRINCIPAL"]
        regional = by({"Service": f"states.{REGION}.amazonaws.com"}, OWN)
        for trust in ([regional], [regional, LAMBDA]):
            ((code, message),) = findings(role_of(trust=trust))
            assert code == "TRUST-SERVICE"
            assert f"lets states.{REGION}.amazonaws.com" in message
            assert said_of(role_of(trust=trust)) == []

    def test_a_role_that_lets_nobody_in_never_matches(self) -> None:
        denial = by("*", None, "Deny")
        nobody: list[list[Document]] = [[], [denial], [LAMBDA, denial], [by("*", action="sts:TagSession")]]
        for trust in nobody:
            ((code, message),) = findings(role_of(trust=trust))
            assert code == "TRUST-SERVICE"
            assert "lets nobody assume the role" in message

    def test_matches_agrees_with_an_evaluator(self) -> None:
        """Whatever two statements say, a role that matches lets no principal or source of another account in."""
        principals: list[Any] = [
            {"Service": "lambda.amazonaws.com"},
            {"Service": "events.amazonaws.com"},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:role/x"},
            {"Service": "lambda.amazonaws.com", "AWS": OTHER_ACCOUNT},
            "*",
        ]
        conditions = [None, OWN, {"StringNotEquals": {"aws:SourceAccount": OTHER_ACCOUNT}}]
        statements = [
            by(principal, condition, effect)
            for principal in principals
            for condition in conditions
            for effect in ("Allow", "Deny")
        ]
        matched = 0
        for pair in itertools.combinations(statements, 2):
            if codes(role_of(NO_SID, trust=list(pair))):
                continue
            matched += 1
            trust = document(*pair)
            assert not may_assume(trust, f"arn:aws:iam::{OTHER_ACCOUNT}:role/x", OTHER_ACCOUNT, None), pair
            assert not may_assume(trust, "events.amazonaws.com", OTHER_ACCOUNT, None), pair
        assert 20 < matched < 400


class TestPermission:
    """What it may do is compared all the same."""

    def test_more_than_sending_is_caught(self) -> None:
        logs = role_of(NO_SID, statement(Sid=None, Action="logs:*", Resource="*"), trust=[LAMBDA])
        assert codes(logs) == ["PERMISSION-ACTION"]
        assert codes(logs, also_allow=["logs:*"]) == []
        assert codes(role_of(NO_SID, trust=[LAMBDA]), identities=["example.org"]) == [
            "PERMISSION-RESOURCE",
            "PERMISSION-MISSING",
        ]

    def test_it_is_not_sent_to_policies(self) -> None:
        ((_, message),) = findings(role_of(statement(Sid=None, Action="ses:SendEmail"), trust=[LAMBDA]))
        assert "--policies" not in message
        assert message == f"The role is not allowed ses:SendRawEmail on {IDENTITY} and {SET}: allow it."


class TestAdministrator:
    """A role that may do everything is not told to do nothing but send."""

    @pytest.mark.parametrize(
        ("element", "what"),
        [
            ({"Action": "*", "Resource": "*"}, "every action on *"),
            ({"Action": ["*"], "Resource": "arn:aws:*"}, "every action on arn:aws:*"),
            ({"Action": "*:*", "Resource": "*"}, "every action on *"),
            ({"NotAction": ["iam:*"], "Resource": "*"}, "every action but iam:* on *"),
            ({"Action": "*", "NotResource": "arn:aws:s3:::x"}, "every action on everything but arn:aws:s3:::x"),
        ],
    )
    def test_an_administrator(self, element: Document, what: str) -> None:
        for trust in (LAMBDA, by({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})):
            role = role_of({"Effect": "Allow", **element}, trust=[trust])
            found = dict(findings(role))
            assert "PERMISSION-ADMINISTRATOR" in found
            assert found["PERMISSION-ADMINISTRATOR"] == (
                f"The inline policy Sending allows {what}, so the role may send as every identity. If the role is "
                "meant for an administrator, change nothing; otherwise allow only what it needs."
            )
            listed = inventory_roles.found(role)
            assert (listed.verdict, [f.code for f in listed.findings]) == ("too wide", ["PERMISSION-ADMINISTRATOR"])

    def test_a_statement_for_other_services_too_is_not_to_lose_them(self) -> None:
        for element in (
            {"Action": ["ses:*", "s3:*"], "Resource": "*"},
            {"Action": "*", "Resource": IDENTITY},
            {"NotAction": "iam:*", "Resource": IDENTITY},
        ):
            role = role_of({"Effect": "Allow", **element}, trust=[LAMBDA])
            (finding,) = inventory_roles.found(role).findings
            assert finding.code in ("PERMISSION-WILDCARD", "PERMISSION-NEGATION")
            assert "allow sending in a statement of its own, ses:SendEmail" in finding.message
            assert finding.message.endswith(", and leave the rest of this one.")

    def test_a_statement_about_ses_alone_is_to_be_replaced(self) -> None:
        role = role_of(statement(Sid=None, Action="ses:*", Resource="*"), trust=[LAMBDA])
        ((code, message),) = findings(role)
        assert code == "PERMISSION-WILDCARD"
        assert "allow only ses:SendEmail and ses:SendRawEmail on" in message

    def test_the_role_of_a_sending_service_is_no_administrator(self) -> None:
        role = role_of(statement(Action="*", Resource="*"))
        assert "PERMISSION-ADMINISTRATOR" not in codes(role)
        assert "PERMISSION-WILDCARD" in codes(role)


class TestEndOfSupport:
    """A role of a service that AWS has ended matches, and that is said."""

    def test_it_is_noted(self) -> None:
        (note,) = said_of(role_of())
        assert note.startswith(
            "AWS ended support for pinpoint.amazonaws.com on 2026-10-30: make sure that nothing uses"
        )
        assert said_of(role_of(service=SCHEDULER)) == []
        assert len(said_of(role_of(trust=[trust_statement(), trust_statement(SCHEDULER)]))) == 1
