"""Who in an account can send, and who can use that: the list of roles and users."""

from __future__ import annotations

from typing import Any

import pytest

from pinpoint_role_construct import policy_language
from pinpoint_role_construct.verify.listing import VERDICTS, take
from pinpoint_role_construct.verify.read import Account

from . import senders as s
from .conftest import Command
from .fake_iam import FakeIam
from .senders import ACCOUNT, ID, OTHER_ACCOUNT, SES, allow, by, deny, own_account, role, trusting, user

OWN_SERVICES = [
    "apigateway", "build.apprunner", "cloudformation", "codebuild", "codedeploy", "codepipeline", "credentials.iot",
    "ec2", "ecs-tasks", "edgelambda", "eks", "elasticbeanstalk", "elasticmapreduce", "glue", "lambda", "pods.eks",
    "sagemaker", "ssm", "tasks.apprunner", "codedeploy.us-east-1",
]  # fmt: skip
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/x"
OTHERS, OTHERS_ROLE = trusting({"AWS": OTHER_ACCOUNT}), trusting({"AWS": ROLE})
OF_OWN = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
OF_TWO = {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER_ACCOUNT]}}
GITHUB, POOL, OKTA = "token.actions.githubusercontent.com", "cognito-identity.amazonaws.com", "acme.okta.com"
EVENTS = f"arn:aws:events:*:{ACCOUNT}:rule/*"


def oidc(host: str, claim: str, value: Any, operator: str = "StringLike", **more: Any) -> s.Json:
    """A statement that trusts an OpenID Connect provider, under a condition on a claim, and on more claims."""
    conditions = {operator: {f"{host}:{claim}": value}, "StringEquals": {f"{host}:{x}": y for x, y in more.items()}}
    provider = host if host == POOL else f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
    return trusting({"Federated": provider}, conditions, "sts:AssumeRoleWithWebIdentity")


def source(arns: Any, operator: str = "ArnLike") -> s.Json:
    return by("logs", {operator: {"aws:SourceArn": arns}})


TRUSTS: list[tuple[Any, str]] = [  # statements, and who can use the role (of another account)
    (by("ses", own_account([ACCOUNT, OTHER_ACCOUNT])), "(for any account)"),
    (by("ses", own_account("*", "StringLike")), "(for any account)"),
    (by("ses", own_account(operator="StringEqualsIfExists")), "(for any account)"),
    (by("ses", own_account(operator="StringNotEquals")), "(for any account)"),
    (by("codedeploying"), "(for any account)"),
    (source(f"arn:aws:logs:*:{ACCOUNT}:*", "StringLike"), "(for any account)"),
    (source([EVENTS, EVENTS.replace(ACCOUNT, "*")]), "(for any account)"),
    (source(EVENTS, "ArnLikeIfExists"), "(for any account)"),
    ([by("logs"), source(EVENTS)], "(for any account)"),
    (trusting({"AWS": [ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:root"]}), f"{OTHER_ACCOUNT} (another account)"),
    (OTHERS_ROLE | {"Condition": OF_TWO}, f"{ROLE} (another account, with aws:principalaccount)"),
    (trusting({"AWS": "*"}, action="sts:Assume*"), "anyone (another account)"),
    (allow("sts:AssumeRole", None, NotPrincipal={"AWS": OTHER_ACCOUNT}), "anyone (another account)"),
    (allow(None, None, NotAction="sts:TagSession", Principal="*"), "anyone (another account)"),
    ([OTHERS_ROLE, *(deny(action, None, c, Principal=who) for action, c, who in (
        ("sts:*", None, {"AWS": ACCOUNT}), ("sts:AssumeRoleWithSAML", None, "*"), ("sts:*", OF_OWN, "*"),
    ))], f"{ROLE} (another account)"),
    ([oidc(GITHUB, "aud", "x"), trusting("*", Effect="Deny")], f"(everyone at {GITHUB})"),
    *((oidc(GITHUB, "sub", owner), f"(everyone at {GITHUB})") for owner in ("repo:*", "repo:org*", "repo:${x}/*")),
    (oidc(GITHUB, "sub", ["repo:org/*", "*"]), f"(everyone at {GITHUB})"),
    (oidc(GITHUB, "sub", "repo:org/*", "StringNotLike"), f"(everyone at {GITHUB})"),
    (oidc("gitlab.com", "sub", "project_path:*"), "(everyone at gitlab.com)"),
    (oidc("app.terraform.io", "sub", "o*"), "(everyone at app.terraform.io)"),
    (oidc(OKTA, "aud", "*"), f"(everyone at {OKTA})"),
    (oidc(POOL, "aud", "us-east-1:x"), f"(everyone at {POOL})"),
    (oidc(POOL, "amr", "authenticated", "ForAnyValue:StringLike"), f"(everyone at {POOL})"),
    *((oidc(POOL, "amr", value, "ForAnyValue:StringLike", aud="x"), f"(everyone at {POOL})") for value in ("un*", "*")),
    *((by(name), "") for name in OWN_SERVICES),
    (trusting({"Service": "EC2.amazonaws.com.cn"}), ""),
    (by("events", own_account(operator="StringLike")), ""),
    (source(EVENTS, "ForAnyValue:ArnEquals"), ""),
    (source(f"arn:aws:logs:us-east-1:{ACCOUNT}:*", "StringLike"), ""),
    (trusting({"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/x", "AIDACKCEVSQ6C2EXAMPLE"]}), " AIDACKCEVSQ6C2EXAMPLE"),
    (trusting("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}), f" {ACCOUNT}"),
    (OTHERS | {"Condition": OF_OWN}, ""),
    ([trusting("*"), trusting("*", Effect="Deny")], ""),
    ([OTHERS_ROLE, trusting({"AWS": ROLE}, None, "sts:*", Effect="Deny")], ""),
    ([oidc(GITHUB, "aud", "x"), trusting("*", None, "sts:AssumeRoleWith*", Effect="Deny")], ""),
    ([oidc(GITHUB, "aud", "x"), trusting("*", None, "sts:AssumeRoleWithWebIdentity", Effect="Deny")], ""),
    ([OTHERS | {"Action": "sts:TagSession"}, allow(None, None, NotAction="sts:*", Principal={"AWS": ROLE})], ""),
    (oidc(GITHUB, "sub", "repo:org/*", "ForAnyValue:StringLike"), ""),
    (oidc(GITHUB, "repository_owner", "org"), ""),
    (oidc("app.terraform.io", "sub", "organization:o:*"), ""),
    (oidc("gitlab.com", "project_path", "org/*"), ""),
    (oidc("oidc.eks.us-east-1.amazonaws.com/id/ABC", "aud", "*"), ""),
    (oidc(POOL, "amr", "authenticated", "ForAnyValue:StringLike", aud="x"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("trust", "who"), TRUSTS)
def test_who_of_another_account_can_use_a_role(command: Command, trust: Any, who: str) -> None:
    code = f" TRUST-{'ACCOUNT' if 'any account' in who else 'PRINCIPAL'}\n"
    listed = command([role(allow(), trust=trust)]).out
    assert f"\n  verdict     {'open' if '(' in who else 'right'}\n" in listed
    assert (f"{who}\n" in listed, listed.count(code)) == (True, "(" in who)


def test_principals_of_an_account_that_is_passed_can_use_it(command: Command) -> None:
    for account, verdict in ((OTHER_ACCOUNT, "right"), ("777788889999", "open")):
        answer = command([role(allow(), trust=OTHERS_ROLE)], "--json", "--trust-account", account)
        assert answer.verdicts == {"sender": verdict}


NEWS = f"{SES}:identity/news.example.com"
ELSEWHERE = [allow(resource=s.CS), allow(s.BOTH, "arn:aws:s3:::*"), allow(None, NotAction="ses:*")]
NOT_ALL = [deny("ses:SendRawEmail"), deny(resource=NEWS), deny(None, NotAction="ses:*"), deny(conditions=OF_OWN)]
SENDS: list[tuple[list[s.Json], list[s.Json], list[str]]] = [  # statements, boundary, what it sends as
    ([allow("ses:SendEmail", ID), allow("ses:SendRawEmail", [NEWS, ID])], [], [ID, NEWS]),
    ([allow("SES:send*mail", f"{SES}:*")], [], [f"{SES}:*"]),
    ([allow(None, ID, NotAction="iam:*")], [], [ID]),
    ([allow(resource=None, NotResource="arn:aws:s3:::*")], [], ["arn:aws:ses:*:*:identity/*"]),
    ([allow(resource=None, NotResource="arn:aws:ses:*")], [], []),
    ([allow(resource=s.THEIRS, conditions=OF_OWN)], [], [s.THEIRS]),
    (ELSEWHERE, [], []),
    ([allow(), *NOT_ALL], [], [ID]),
    ([allow(resource=s.EVERY), deny(resource=ID)], [], [s.EVERY[0]]),
    ([allow(resource=[ID, NEWS]), deny(resource=f"{SES}:identity/news.*")], [], [ID]),
    ([allow("ses:SendEmail"), deny("ses:Send*", f"{SES}:identity/*")], [], []),
    ([allow(), deny(None, NotAction="s3:*")], [], []),
    ([allow(), deny("ses:*", None, NotResource=s.CS)], [], []),
    ([allow(resource="*")], [allow("ses:*", s.EVERY)], [s.EVERY[0]]),
    ([allow(resource=s.EVERY)], [allow("*", "arn:aws:ses:*:*:identity/example.com")], [s.EVERY[0]]),
    ([allow()], [allow("ses:SendEmail", "*"), *NOT_ALL], [ID]),
    ([allow()], [allow("ses:*", None, NotResource=NEWS)], [ID]),
    ([allow()], [allow("ses:*", None, NotResource=ID)], []),
    ([allow()], [allow("s3:*", "*"), allow("ses:*", NEWS)], []),
    ([allow()], [allow("*", "*"), deny()], []),
]


@pytest.mark.parametrize(("statements", "boundary", "sends"), SENDS)
def test_who_may_send_is_listed(command: Command, statements: Any, boundary: list[s.Json], sends: list[str]) -> None:
    answer = command.list(role(*statements, boundary=boundary))
    assert [listed["identities"] for listed in answer.json["roles"]] == ([sends] if sends else [])
    (ended,) = command.list(role(*statements, boundary=boundary, trust=s.PINPOINT)).json["roles"]
    assert (ended["identities"], bool(ended["configuration_sets"]) <= bool(sends)) == (sends, True)


VERDICT_OF: list[tuple[s.Sender, str]] = [
    (role(trust=[s.documented(s.PINPOINT, Effect="Deny"), by("pinpoint", action="sts:TagSession")]), ""),
    (role(trust=[by("pinpoint"), trusting("*", Effect="Deny")]), ""),
    (role(trust=by("pinpoint.us-east-1", own_account())), "retire"),
    (role(allow(resource=[*s.EVERY, *s.THERE]), allow(s.TEMPLATED, [ID, f"{SES}:template/*"])), "right"),
    (role(allow(resource="*"), name="aws-service-role/x/sender"), "right"),
]


def test_the_verdicts_are_listed_worst_first_then_by_arn(command: Command) -> None:
    for sender, verdict in VERDICT_OF:
        assert command.list(sender).verdicts == ({"sender": verdict} if verdict else {})
    everything, open_ = allow("*", "*"), {"trust": OTHERS}
    account = [
        user(allow(), name="f"), role(allow(), name="e"), role(everything, name="d"), user(everything, name="d"),
        role(allow(), trust=s.PINPOINT, name="c"), role(allow("ses:*", "*"), name="b"), role(name="none"),
        role(allow(), **open_, name="a2"), role(allow(), **open_, name="a1"),
    ]  # fmt: skip
    listed = command(account, "--json").json["roles"]
    order = ["role/a1", "role/a2", "role/b", "role/c", "role/d", "user/d", "role/e", "user/f"]
    assert [each["role"].rpartition(":")[2] for each in listed] == order
    assert [*dict.fromkeys(each["verdict"] for each in listed)] == list(VERDICTS)


def test_work_grows_no_faster_than_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, compare = [0], policy_language.fnmatchcase

    def counted(text: str, pattern: str) -> bool:
        calls[0] += 1
        return compare(text, pattern)

    monkeypatch.setattr(policy_language, "fnmatchcase", counted)
    statements = [allow(), allow("ses:*", s.EVERY), allow(resource="*"), allow("s3:*", "*"), allow("sqs:*", "*")]
    iam = FakeIam(*(role(statements[i % 5], name=f"r{i}", trust=s.SCHEDULER) for i in range(5000)), page_size=500)
    assert len(take(Account(iam.client()).entities())) == 3000
    assert {arguments["MaxItems"] for _, arguments in iam.calls} == {1000}
    assert len(iam.calls) <= 24
    assert calls[0] <= 150 * 5000
