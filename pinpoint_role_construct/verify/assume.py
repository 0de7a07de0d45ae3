"""Who can assume a role, and who of them is not of the role's own account.

A service that runs the account's own code (`_OWN_SERVICES`) acts for the account that passed it the role. Any other may
act for whoever tells it the role's ARN, unless `aws:SourceAccount` or `aws:SourceArn` says for whom (confused deputy).
For an OpenID Connect issuer that everyone shares (`_SHARED_ISSUERS`), a condition must say who is meant; for any other,
the audience is enough. A SAML provider and an EKS cluster are the account's own.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..policy_language import Condition, Statement, is_pattern, matches, matches_action, overlaps
from .read import Entity, Finding, finding

_ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_OWN_SERVICES = re.compile(
    r"(apigateway|build.apprunner|cloudformation|codebuild|codedeploy|codepipeline|credentials.iot|ec2|ecs-tasks|"
    "edgelambda|eks|elasticbeanstalk|elasticmapreduce|glue|lambda|pods.eks|sagemaker|ssm|tasks.apprunner)"
    r"(\.[a-z]{2}(-[a-z]+)+-[0-9])?\.amazonaws\.com(\.cn)?"
)
_SHARED_ISSUERS = {  # and the claims, beside `sub`, that say who is meant
    "token.actions.githubusercontent.com": r"job_workflow_ref|(repository|repository_owner|enterprise)(_id)?",
    "gitlab.com": r"(namespace|project|user)_(id|path)",
    "app.terraform.io": r"terraform_(organization|workspace|project)_(id|name)",
    "agent.buildkite.com": r"organization_(id|slug)",
    "cognito-identity.amazonaws.com": r"aud",
}
_OWNER_OF = (
    r"(repo|job_workflow|enterprise|organization|project|namespace|account|group)\w*:"  # how such a `sub` begins
)
_EQUALS = ("stringequals", "stringequalsignorecase", "stringlike")
_ARN_EQUALS = (*_EQUALS, "arnlike", "arnequals")


class Assumer(NamedTuple):
    """A principal that can assume a role.

    Attributes:
        name: Service principal, account, ARN, or `anyone`.
        outsider: Who from another account can assume the role this way. Default: no one.
        finding: What is wrong with that, and what to do. Default: nothing.
    """

    name: str
    outsider: str = ""
    finding: Finding | None = None


def assumers(entity: Entity, trust_accounts: Sequence[str] = ()) -> list[Assumer]:
    """Who can assume a role, each once; an unconditional `Deny` takes away the principals that it lists."""
    found: dict[str, Assumer] = {}
    denials = [s for s in entity.trust_statements if not s.allows and not s.conditions]
    for statement in entity.trust_statements:
        allowed = statement.principals if statement.allows and can_assume(statement) else ()
        for kind, name in allowed:
            actions = [a for a in (_ASSUME[1:] if kind == "Federated" else _ASSUME[:1]) if statement.has_action(a)]
            about = [d for d in denials if {(kind, name), ("AWS", "*")} & set(d.principals)]
            assumer = _assumer(kind, name, statement, entity, trust_accounts)
            denied = any(all(map(denial.has_action, actions)) for denial in about)
            if not denied and (assumer.name not in found or assumer.outsider):
                found[assumer.name] = assumer
    return list(found.values())


def can_assume(statement: Statement) -> bool:
    """Whether a statement of a trust policy is about assuming the role."""
    if statement.not_actions:
        return not all(any(matches_action(p, action) for p in statement.not_actions) for action in _ASSUME)
    return any(overlaps(pattern.lower(), action.lower()) for pattern in statement.actions for action in _ASSUME)


def is_for(account: str, conditions: Sequence[Condition], of: str = "source") -> bool:
    """Whether conditions demand that the source, or the principal, is of an account."""
    accounts = [set(c.values) for c in conditions if c.name == f"aws:{of}account" and c.comparison in _EQUALS]
    if accounts:
        return {account} in accounts and all(account in values for values in accounts)
    for condition in conditions:
        operator = condition.comparison.removeprefix("foranyvalue:")
        if condition.name == f"aws:{of}arn" and operator in _ARN_EQUALS and condition.values:
            arns = [value.split(":", 5) for value in condition.values]
            whole = operator != "stringlike" or not any(is_pattern(":".join(arn[:5])) for arn in arns)  # `*` takes `:`
            if whole and all(len(arn) == 6 and arn[4] == account for arn in arns):
                return True
    return False


def _assumer(kind: str, name: str, statement: Statement, entity: Entity, trust_accounts: Sequence[str]) -> Assumer:
    if kind == "Service":
        return _service(name, statement, entity)
    if kind == "Federated":
        return _federated(name, statement)
    arn = name.split(":")
    owner = arn[4] if len(arn) == 6 else name
    shown = "anyone" if name == "*" else owner if len(arn) < 6 or arn[5] == "root" else name
    deleted = re.fullmatch(r"A[A-Z0-9]{15,}", name)  # IAM then shows the id that the principal had
    accepted = owner in (entity.account, *trust_accounts)
    if deleted or accepted or is_for(entity.account, statement.conditions, "principal"):
        return Assumer(entity.account if name == "*" else shown)
    if name == "*" and is_for(entity.account, statement.conditions):
        what = (
            f"every AWS service to assume the role on behalf of account {entity.account}, not one: replace the "
            'principal "*" by the one service that sends'
        )
        return Assumer("every service", "", finding("TRUST-PRINCIPAL", statement, what))
    within = "".join(f", with {condition.name}" for condition in statement.conditions)
    what = (
        f"{f'account {owner}' if shown == owner else shown}, outside the role's account{within}, to assume the role: "
        "if this is meant, pass --trust-account; if not, allow principals of the own account instead"
    )
    return Assumer(shown, f"another account{within}", finding("TRUST-PRINCIPAL", statement, what))


def _service(name: str, statement: Statement, entity: Entity) -> Assumer:
    own = _OWN_SERVICES.fullmatch(name.lower())
    if own or entity.is_service_linked or is_for(entity.account, statement.conditions):
        return Assumer(name)
    right = f'StringEquals "aws:SourceAccount": "{entity.account}"'
    what = f"{name} to assume the role on behalf of other accounts: add the condition {right}"
    return Assumer(name, "for any account", finding("TRUST-ACCOUNT", statement, what))


def _federated(provider: str, statement: Statement) -> Assumer:
    host = provider.partition(":oidc-provider/")[2] or provider
    if ":saml-provider/" in provider or host.startswith("oidc.eks."):
        return Assumer(provider)
    claims = [
        (c.name.removeprefix(f"{host.lower()}:"), c.values)
        for c in statement.conditions
        if c.name.startswith(f"{host.lower()}:") and c.comparison.removeprefix("foranyvalue:") in _EQUALS
    ]
    who = _SHARED_ISSUERS.get(host, ".*")
    limited = any(
        all(map(_is_of_one, values))
        and (re.fullmatch(who, claim) or (claim == "sub" and all(re.match(_OWNER_OF, value) for value in values)))
        for claim, values in claims
    )
    claim = f"{host}:{'sub' if host in _SHARED_ISSUERS else 'aud'}"
    if host.startswith("cognito-identity"):  # a pool may admit guests, who have not signed in
        claim = f'{host}:aud, and ForAnyValue:StringLike "{host}:amr": "authenticated",'
        signed_in = [v for name, v in claims if name == "amr" and not any(matches(p, "unauthenticated") for p in v)]
        limited = limited and bool(signed_in)
    if limited:
        return Assumer(provider)
    what = f"everyone with an account at {host} to assume the role: add a condition on {claim} that says who may"
    return Assumer(provider, f"everyone at {host}", finding("TRUST-PRINCIPAL", statement, what))


def _is_of_one(pattern: str) -> bool:
    """Whether a pattern has the whole name of an owner, as `repo:org/*` has and `repo:org*` has not."""
    literal, *wild = re.split(r"[*?]|\$\{", pattern, maxsplit=1)
    return not wild or re.match(r"[^:/]+[:/]", re.sub(r"^\w+:", "", literal)) is not None
