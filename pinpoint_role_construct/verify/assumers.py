"""Who may assume a role, and who of them is not of the role's own account.

A service that runs the account's own code or jobs under the role, or deploys with it (`_OWN_SERVICES`: Lambda, ECS,
EC2, CloudFormation and the like), acts for the account that passed it the role, and for no other. Any other service may
act for anyone who tells it the role's ARN, unless `aws:SourceAccount` or `aws:SourceArn` says for whom (the confused
deputy).

An identity provider for OpenID Connect vouches for everybody who has an account with it, so it counts as the account's
own only with a condition on who: on `sub` and the like, or for a login provider on `aud`, the account's application.
An identity pool also needs one on `amr`, which keeps out those who did not sign in. A SAML provider and an EKS cluster
are the account's own.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..conditions import Comparison
from ..wildcards import matches, overlaps
from .deployed import DeployedRole, Finding
from .trust_statements import ANYONE, TrustStatement, parse_trust, without_region

_ASSUME = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_OWN_SERVICES = (
    *("apigateway", "build.apprunner", "cloudformation", "codebuild", "codedeploy", "codepipeline", "credentials.iot"),
    *("ec2", "ecs-tasks", "edgelambda", "eks"),
    *("elasticbeanstalk", "elasticmapreduce", "glue", "lambda", "pods.eks", "sagemaker", "ssm", "tasks.apprunner"),
)
_OWNERS = "actor|enterprise|group|namespace|organization|project|repository|user|workspace"
_WHO = re.compile(
    rf"sub|oaud|id|app_id|email|job_workflow_ref|(terraform_)?({_OWNERS})(_owner)?(_id|_name|_path|_slug)?"
)
_SERVICE_LINKED = re.compile(r"arn:[^:]*:iam::[0-9]*:role/aws-service-role/")


@dataclass(frozen=True)
class Assumer:
    """Somebody who may assume a role.

    Attributes:
        name: Service principal, account, ARN, or `anyone`.
        stranger: Who from another account can assume the role this way. Default: nobody.
        finding: What is wrong with that, and what to do. Default: nothing.
    """

    name: str
    stranger: str = ""
    finding: Finding | None = None


def is_service_linked(role: DeployedRole) -> bool:
    """Return whether AWS made the role for one of its services, and lets nobody change it."""
    return _SERVICE_LINKED.match(role.arn) is not None


def assumers(role: DeployedRole) -> list[Assumer]:
    """Return who may assume a role, each once; a condition of a kind that is not known here keeps nobody out."""
    found: dict[str, Assumer] = {}
    statements = parse_trust(role.trust)
    denials = [statement for statement in statements if not statement.allows]
    for statement in statements:
        if statement.allows and _lets_assume(statement):
            for assumer in _of(statement, denials, role):
                if assumer.name not in found or assumer.stranger:
                    found[assumer.name] = assumer
    return list(found.values())


def _lets_assume(statement: TrustStatement) -> bool:
    if statement.not_actions:
        return not all(any(matches(pattern, action) for pattern in statement.not_actions) for action in _ASSUME)
    return any(overlaps(pattern, action) for pattern in statement.actions for action in _ASSUME)


def _of(statement: TrustStatement, denials: list[TrustStatement], role: DeployedRole) -> Iterator[Assumer]:
    for name in (*statement.services, *statement.others):
        if any(_denies(denial, name) and not denial.comparisons for denial in denials):
            continue
        narrowed = replace(statement, comparisons=(*statement.comparisons, *left_by(denials, name)))
        if name in statement.services:
            yield _service(name, narrowed, role)
        else:
            yield _principal(name, narrowed, role.account)


def left_by(denials: list[TrustStatement], name: str) -> list[Comparison]:
    """Return what statements that deny leave to somebody: denied unless it equals is allowed only if it equals."""
    about = [denial for denial in denials if _denies(denial, name) and _is_but_for(denial)]
    return [replace(denial.comparisons[0], negated=False, if_exists=False) for denial in about]


def _denies(statement: TrustStatement, name: str) -> bool:
    """Return whether a statement that denies is about somebody, and about all by which he may assume the role."""
    actions = _ASSUME[1:] if name.startswith("Federated ") else _ASSUME[:1]
    about = name in (*statement.services, *statement.others) or ANYONE in statement.others
    return (
        about
        and not statement.spared
        and all(any(matches(pattern, action) for pattern in statement.actions) for action in actions)
    )


def _is_but_for(statement: TrustStatement) -> bool:
    if len(statement.comparisons) != 1:
        return False
    (comparison,) = statement.comparisons
    return comparison.negated and comparison.quantifier != "foranyvalue"  # which a request without the key never meets


def _service(name: str, statement: TrustStatement, role: DeployedRole) -> Assumer:
    own = re.sub(r"\.amazonaws\.com(\.cn)?$", "", without_region(name)) in _OWN_SERVICES
    if own or is_service_linked(role) or statement.keeps_accounts_out(role.account):
        return Assumer(name)
    message = (
        f"In the trust policy, {statement.label} lets {name} assume the role on behalf of other accounts: add the "
        f'condition StringEquals "aws:SourceAccount": "{role.account}".'
    )
    return Assumer(name, "for any account", Finding("TRUST-ACCOUNT", message))


def _principal(name: str, statement: TrustStatement, account: str) -> Assumer:
    kind, _, principal = name.partition(" ")
    if kind == "Federated":
        return _federated(principal, statement)
    if name == ANYONE:
        return _anyone(statement, account)
    arn = principal.split(":")
    owner = arn[4] if len(arn) == 6 else principal
    shown = owner if len(arn) < 6 or arn[5] == "root" else principal
    deleted = re.fullmatch(r"A[A-Z0-9]{15,}", principal)  # IAM then shows the id that it had
    if deleted or owner == account or _only_own(statement, account):
        return Assumer(shown)
    within = _within(statement)
    who = f"account {owner}{within}" if shown == owner else f"{shown}{within}, of another account,"
    message = (
        f"In the trust policy, {statement.label} lets {who} assume the role and send as account "
        f"{account}: let principals of account {account} assume it instead, or keep it if you gave them this access."
    )
    return Assumer(shown, f"another account{within}", Finding("TRUST-PRINCIPAL", message))


def _within(statement: TrustStatement) -> str:
    """Return what a statement demands of those whom it names, as messages say it; of an external id not its value."""
    demanded = [
        c.key if c.name == "sts:externalid" else f"{c.key} {', '.join(c.values)}"
        for c in statement.comparisons
        if c.demands
    ]
    return f" with {' and '.join(demanded)}" if demanded else ""


def _anyone(statement: TrustStatement, account: str) -> Assumer:
    if _only_own(statement, account):
        return Assumer(ANYONE)
    who = f"anyone{_within(statement)}"
    message = (
        f"In the trust policy, {statement.label} lets {who}, of any account, assume the role: name who may in its "
        "place, or remove the statement."
    )
    return Assumer(ANYONE, who, Finding("TRUST-PRINCIPAL", message))


def _only_own(statement: TrustStatement, account: str) -> bool:
    """Return whether the conditions let only principals of an account in."""
    by_principal = statement.keeps_accounts_out(account, "aws:principalaccount", "aws:principalarn")
    return by_principal or statement.keeps_accounts_out(account)


def _federated(provider: str, statement: TrustStatement) -> Assumer:
    host = provider.partition(":oidc-provider/")[2]
    if ":saml-provider/" in provider or host.startswith("oidc.eks."):
        return Assumer(provider)
    key = f"{host or provider}:".lower()
    about = [c for c in statement.comparisons if c.demands and c.name.startswith(key)]
    claims = [(c.name.removeprefix(key), c) for c in about]
    signed_in = any(claim != "aud" and c.met_by("unauthenticated") is False for claim, c in claims)
    if provider.startswith("cognito-identity") and "aud" in dict(claims) and not signed_in:
        return _guest(provider, statement)
    if any((_WHO.fullmatch(claim) or (claim == "aud" and not host)) and _names_who(c) for claim, c in claims):
        return Assumer(provider)
    claim = f"{host}:sub" if host else f"{provider}:aud"
    message = (
        f"In the trust policy, {statement.label} lets everybody whom {host or provider} vouches for assume the role: "
        f"add a condition on {claim} that names who may."
    )
    return Assumer(provider, f"everybody at {host or provider}", Finding("TRUST-PRINCIPAL", message))


def _guest(provider: str, statement: TrustStatement) -> Assumer:
    """Return that whoever knows an identity pool may assume a role, as far as the pool lets guests in.

    https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
    """
    message = (
        f"In the trust policy, {statement.label} lets anyone who knows the identity pool assume the role without "
        f'signing in: add the condition ForAnyValue:StringLike "{provider}:amr": "authenticated".'
    )
    return Assumer(provider, f"anyone, through {provider}", Finding("TRUST-PRINCIPAL", message))


def _names_who(comparison: Comparison) -> bool:
    """Return whether a claim can be that of those alone whom a comparison names."""
    if comparison.operator in ("stringequals", "stringequalsignorecase"):
        return not comparison.has_variable
    return comparison.operator == "stringlike" and all(map(_is_of_an_owner, comparison.values))


def _is_of_an_owner(pattern: str) -> bool:
    """Return whether a pattern has the whole name of an owner, as `repo:org/*` has, and `repo:org*` has not."""
    literal, *wild = re.split(r"[*?]|\$\{", pattern, maxsplit=1)
    return not wild or re.match(r"[^:/]+[:/]", re.sub(r"^\w+:", "", literal)) is not None
