"""Whom a sending role lets in, and whether he is of its own account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.inventory_roles import (
    FOR_ANY,
    LAMBDA,
    OTHER,
    OWN,
    SCHEDULED,
    SCHEDULER,
    Json,
    allow,
    deployed,
    found,
    said,
    service,
    source_account,
    trust,
)

OWN_SERVICES = """
apigateway build.apprunner codebuild credentials.iot ec2 ecs-tasks edgelambda eks elasticbeanstalk elasticmapreduce glue
lambda pods.eks sagemaker ssm tasks.apprunner
""".split()  # noqa: SIM905


class TestOpen:
    """Roles that let in others than their own account."""

    @pytest.mark.parametrize(
        ("trusts", "code", "name", "stranger"),
        [
            (service("pinpoint"), "TRUST-ACCOUNT", "pinpoint.amazonaws.com", FOR_ANY),
            (service("scheduler"), "TRUST-ACCOUNT", "scheduler.amazonaws.com", FOR_ANY),
            (service("states"), "TRUST-ACCOUNT", "states.amazonaws.com", FOR_ANY),
            (service("states.eu-west-1"), "TRUST-ACCOUNT", "states.eu-west-1.amazonaws.com", FOR_ANY),
            (service("events"), "TRUST-ACCOUNT", "events.amazonaws.com", FOR_ANY),
            (service("codedeploying.us-east-1"), "TRUST-ACCOUNT", "codedeploying.us-east-1.amazonaws.com", FOR_ANY),
            (
                service("logs", {"StringLike": {"aws:SourceArn": f"arn:aws:logs:*:{OWN}:*"}}),
                "TRUST-ACCOUNT",
                "logs.amazonaws.com",
                FOR_ANY,
            ),
            (
                service("logs", {"StringLike": {"aws:SourceArn": [f"arn:aws:logs:us-east-1:{OWN}:*", "*"]}}),
                "TRUST-ACCOUNT",
                "logs.amazonaws.com",
                FOR_ANY,
            ),
            (service("ses", source_account(OTHER)), "TRUST-ACCOUNT", "ses.amazonaws.com", FOR_ANY),
            (
                service("ses", source_account("*", "StringLike")),
                "TRUST-ACCOUNT",
                "ses.amazonaws.com",
                FOR_ANY,
            ),
            (
                service("ses", source_account(operator="StringEqualsIfExists")),
                "TRUST-ACCOUNT",
                "ses.amazonaws.com",
                FOR_ANY,
            ),
            (
                service("scheduler", {"StringEquals": {"aws:SourceOrgID": "o-1"}}),
                "TRUST-ACCOUNT",
                "scheduler.amazonaws.com",
                FOR_ANY,
            ),
            (trust({"AWS": OTHER}), "TRUST-PRINCIPAL", OTHER, "another account"),
            (trust({"AWS": f"arn:aws:iam::{OTHER}:root"}), "TRUST-PRINCIPAL", OTHER, "another account"),
            (
                trust({"AWS": [OWN, f"arn:aws:iam::{OTHER}:role/x"]}),
                "TRUST-PRINCIPAL",
                f"arn:aws:iam::{OTHER}:role/x",
                "another account",
            ),
            (
                trust({"AWS": OTHER}, {"StringEquals": {"sts:ExternalId": "secret"}}),
                "TRUST-PRINCIPAL",
                OTHER,
                "another account with sts:ExternalId",
            ),
            (trust("*"), "TRUST-PRINCIPAL", "anyone", "anyone"),
            (trust({"AWS": "*"}), "TRUST-PRINCIPAL", "anyone", "anyone"),
            (trust({"AWS": "*"}, action="*"), "TRUST-PRINCIPAL", "anyone", "anyone"),
            (trust({"AWS": "*"}, action="sts:*"), "TRUST-PRINCIPAL", "anyone", "anyone"),
            (
                {"Effect": "Allow", "NotPrincipal": {"AWS": OTHER}, "Action": "sts:AssumeRole"},
                "TRUST-PRINCIPAL",
                "anyone",
                "anyone",
            ),
            (
                {"Effect": "Allow", "Principal": "*", "NotAction": "sts:TagSession"},
                "TRUST-PRINCIPAL",
                "anyone",
                "anyone",
            ),
            (
                trust("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
                "TRUST-PRINCIPAL",
                "anyone",
                "anyone with aws:PrincipalOrgID o-1",
            ),
            (
                trust("*", {"StringNotEquals": {"aws:PrincipalAccount": OTHER}}),
                "TRUST-PRINCIPAL",
                "anyone",
                "anyone",
            ),
            (
                trust("*", {"StringEquals": {"aws:PrincipalAccount": [OWN, OTHER]}}),
                "TRUST-PRINCIPAL",
                "anyone",
                f"anyone with aws:PrincipalAccount {OWN}, {OTHER}",
            ),
            (
                trust("*", {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{OWN}:role/x", "arn:aws:iam::*:role/x"]}}),
                "TRUST-PRINCIPAL",
                "anyone",
                f"anyone with aws:PrincipalArn arn:aws:iam::{OWN}:role/x, arn:aws:iam::*:role/x",
            ),
        ],
    )
    def test_somebody_else_gets_in(self, trusts: Json, code: str, name: str, stranger: str) -> None:
        listed = found(deployed(trusts, allow()))
        assert listed.verdict == "open"
        assert code in [finding.code for finding in listed.findings]
        assert (name, stranger) in [(assumer.name, assumer.stranger) for assumer in listed.assumed_by]

    @pytest.mark.parametrize(
        "trusts",
        [
            [service(name) for name in OWN_SERVICES],
            [trust({"Service": "ec2.amazonaws.com.cn"})],
            [service("events", source_account())],
            [service("events", source_account(operator="StringLike"))],
            [service("events", {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{OWN}:rule/*"}})],
            [service("events"), trust("*", source_account(operator="StringNotEquals"), Effect="Deny")],
            [service("logs", {"StringLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{OWN}:*"}})],
            [service(name) for name in ("codedeploy.us-east-1", "lambda.eu-west-1")],
            [trust({"Service": "ec2.cn-north-1.amazonaws.com.cn"})],
            [trust({"AWS": OWN})],
            [trust({"AWS": f"arn:aws:iam::{OWN}:root"})],
            [trust({"AWS": f"arn:aws:iam::{OWN}:role/x"})],
            [trust({"AWS": "AIDACKCEVSQ6C2EXAMPLE"})],
            [trust("*", {"StringEquals": {"aws:PrincipalAccount": OWN}})],
            [trust("*", {"StringLike": {"aws:PrincipalAccount": OWN}})],
            [trust("*", {"StringEqualsIgnoreCase": {"aws:PrincipalAccount": OWN}})],
            [trust("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}})],
            [trust("*"), {**trust("*"), "Effect": "Deny"}],
            [trust({"AWS": OTHER}), {**trust({"AWS": OTHER}, action="sts:*"), "Effect": "Deny"}],
            [trust({"AWS": OTHER}, {"StringEquals": {"aws:PrincipalAccount": OWN}})],
            [trust({"AWS": OTHER}, action="sts:TagSession"), LAMBDA],
        ],
    )  # fmt: skip
    def test_nobody_else_gets_in(self, trusts: list[Json]) -> None:
        assert said(deployed(trusts, allow())) == ("right", [])

    def test_what_a_denial_keeps_out_a_sending_service_does_not_let_in(self) -> None:
        own = trust("*", source_account(operator="StringNotEquals"), Effect="Deny")
        assert said(deployed([service("pinpoint"), own], allow())) == ("retire", ["SERVICE-ENDED"])
        groups = SCHEDULER["ArnLike"]
        sources = trust("*", {"ArnNotLike": groups}, Effect="Deny")
        assert said(deployed([service("scheduler", source_account()), sources], allow())) == ("right", [])
        assert said(deployed([service("scheduler", source_account()), own], allow())) == ("too wide", ["TRUST-SOURCE"])
        assert said(deployed([SCHEDULED, sources], allow())) == ("right", [])

    @pytest.mark.parametrize(
        "denial",
        [
            {**trust({"AWS": OWN}), "Effect": "Deny"},
            {**trust("*", action="sts:AssumeRoleWithSAML"), "Effect": "Deny"},
            {**trust("*", {"StringEquals": {"aws:PrincipalAccount": OWN}}), "Effect": "Deny"},
            {**trust("*", {"StringNotEquals": {"aws:PrincipalAccount": OWN, "aws:x": "y"}}), "Effect": "Deny"},
            {**trust("*", {"StringNotEquals": {"aws:PrincipalTag/team": "y"}}), "Effect": "Deny"},
        ],
    )
    def test_a_denial_that_leaves_others_in_is_no_help(self, denial: Json) -> None:
        assert said(deployed([trust({"AWS": OTHER}), denial], allow())) == ("open", ["TRUST-PRINCIPAL"])

    def test_one_statement_that_lets_others_in_is_enough(self) -> None:
        trusts = [service("events"), service("events", source_account())]
        for order in (trusts, trusts[::-1]):
            (assumer,) = found(deployed(order, allow())).assumed_by
            assert assumer.stranger == "for any account"

    def test_messages_name_the_statement_and_the_condition(self) -> None:
        trusts = [trust({"AWS": OWN}), service("events", Sid="Events"), trust({"AWS": OTHER})]
        account, principal = found(deployed(trusts, allow())).findings
        assert account.message == (
            "In the trust policy, statement Events lets events.amazonaws.com assume the role on behalf of other "
            f'accounts: add the condition StringEquals "aws:SourceAccount": "{OWN}".'
        )
        assert f"statement 3 lets account {OTHER} assume the role and send as account {OWN}: " in principal.message

    def test_messages_call_a_statement_the_only_one_if_it_is(self) -> None:
        (finding,) = found(deployed(trust({"AWS": OTHER}), allow())).findings
        assert finding.message.startswith("In the trust policy, the only statement lets account")

    def test_messages_do_not_repeat_an_account(self) -> None:
        condition = {"StringEquals": {"sts:ExternalId": "secret", "aws:PrincipalOrgID": "o-1"}}
        arn = f"arn:aws:iam::{OTHER}:role/x"
        for principal, who in (
            (OTHER, f"lets account {OTHER} with sts:ExternalId and aws:PrincipalOrgID o-1 assume the role and send"),
            (arn, f"lets {arn} with sts:ExternalId and aws:PrincipalOrgID o-1, of another account, assume the role"),
        ):
            listed = found(deployed(trust({"AWS": principal}, condition), allow()))
            (finding,), (assumer,) = listed.findings, listed.assumed_by
            assert who in finding.message
            assert assumer.stranger == "another account with sts:ExternalId and aws:PrincipalOrgID o-1"
            assert "secret" not in finding.message + assumer.stranger

    def test_a_role_that_is_open_but_may_not_send_says_so_too(self) -> None:
        assert said(deployed(service("states"), allow("lambda:*", "*"))) == ("open", ["TRUST-ACCOUNT"])

    def test_what_the_single_check_says_is_not_said_twice(self) -> None:
        assert said(deployed([service("scheduler"), trust({"AWS": OTHER})], allow())) == (
            "open",
            ["TRUST-PRINCIPAL", "TRUST-ACCOUNT", "TRUST-SOURCE"],
        )


GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"


def federated(provider: str, **conditions: Json) -> Json:
    return trust({"Federated": provider}, conditions, "sts:AssumeRoleWithWebIdentity")


class TestIdentityProviders:
    """Whom identity providers let in."""

    @pytest.mark.parametrize(
        "statement",
        [
            federated(GITHUB),
            federated(GITHUB, StringEquals={"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}),
            federated(GITHUB, StringLike={"token.actions.githubusercontent.com:sub": "*"}),
            federated(GITHUB, StringLike={"token.actions.githubusercontent.com:sub": "repo:*"}),
            federated(GITHUB, StringNotLike={"token.actions.githubusercontent.com:sub": "repo:org/*"}),
            federated(GITHUB, StringEquals={"gitlab.com:sub": "project_path:org/repo"}),
            federated("cognito-identity.amazonaws.com"),
            federated("accounts.google.com", StringLike={"accounts.google.com:aud": "*"}),
            federated(f"arn:aws:iam::{OWN}:oidc-provider/gitlab.com", StringLike={"gitlab.com:sub": "project_path:*"}),
            federated(f"arn:aws:iam::{OWN}:oidc-provider/app.terraform.io", StringLike={"app.terraform.io:sub": "o*"}),
        ],
    )
    def test_everybody(self, statement: Json) -> None:
        listed = found(deployed(statement, allow()))
        assert (listed.verdict, [finding.code for finding in listed.findings]) == ("open", ["TRUST-PRINCIPAL"])
        assert "everybody whom" in listed.findings[0].message

    @pytest.mark.parametrize(
        "statement",
        [
            federated(GITHUB, StringLike={"token.actions.githubusercontent.com:sub": "repo:org/*"}),
            federated(GITHUB, StringEquals={"TOKEN.actions.githubusercontent.com:repository": "org/repo"}),
            federated("accounts.google.com", StringEquals={"accounts.google.com:aud": "app"}),
            federated(f"arn:aws:iam::{OWN}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"),
            trust({"Federated": f"arn:aws:iam::{OWN}:saml-provider/Okta"}, None, "sts:AssumeRoleWithSAML"),
        ],
    )  # fmt: skip
    def test_those_who_are_named(self, statement: Json) -> None:
        role = deployed(statement, allow())
        assert said(role) == ("right", [])
        assert [assumer.name for assumer in found(role).assumed_by] == [statement["Principal"]["Federated"]]

    @pytest.mark.parametrize(
        "amr",
        [
            {},
            {"ForAnyValue:StringLike": "unauthenticated"},
            {"ForAnyValue:StringLike": ["authenticated", "unauthenticated"]},
            {"ForAnyValue:StringLike": "*"},
            {"ForAnyValue:StringNotLike": "authenticated"},
            {"ForAnyValue:StringLikeIfExists": "authenticated"},
        ],
    )
    @pytest.mark.parametrize("provider", ["cognito-identity.amazonaws.com", "cognito-identity-us-gov.amazonaws.com"])
    def test_guests_of_an_identity_pool(self, provider: str, amr: dict[str, Any]) -> None:
        conditions = {operator: {f"{provider}:amr": values} for operator, values in amr.items()}
        pool = {"StringEquals": {f"{provider}:aud": "us-east-1:x"}}
        role = deployed(federated(provider, **pool, **conditions), allow())
        assert said(role) == ("open", ["TRUST-PRINCIPAL"])
        message = found(role).findings[0].message
        assert message.endswith(f'add the condition ForAnyValue:StringLike "{provider}:amr": "authenticated".')

    @pytest.mark.parametrize("claim", ["amr", "sub"])
    def test_who_signed_in_to_an_identity_pool(self, claim: str) -> None:
        provider = "cognito-identity.amazonaws.com"
        pool = {"StringEquals": {f"{provider}:aud": "us-east-1:x"}}
        named = {"ForAnyValue:StringLike": {f"{provider}:{claim}": "authenticated"}}
        assert said(deployed(federated(provider, **pool, **named), allow())) == ("right", [])

    def test_a_denial_must_be_of_the_way_that_they_come_in(self) -> None:
        for action, verdict in (("sts:AssumeRole", "open"), ("sts:AssumeRoleWith*", "right"), ("sts:*", "right")):
            denial = trust("*", action=action, Effect="Deny")
            assert said(deployed([federated(GITHUB), denial], allow()))[0] == verdict

    def test_the_condition_that_is_missing_is_named(self) -> None:
        assert (
            "token.actions.githubusercontent.com:sub" in found(deployed(federated(GITHUB), allow())).findings[0].message
        )
        google = found(deployed(federated("accounts.google.com"), allow()))
        assert "a condition on accounts.google.com:aud" in google.findings[0].message

    def test_a_denial_of_what_providers_do_counts(self) -> None:
        denial = {**trust("*", action="sts:AssumeRole*"), "Effect": "Deny"}
        assert found(deployed([federated(GITHUB), LAMBDA, denial], allow())).assumed_by == ()
        denial["Action"] = "sts:AssumeRoleWithWebIdentity"
        assert said(deployed([federated(GITHUB), denial], allow()))[0] == "open"  # not by SAML
