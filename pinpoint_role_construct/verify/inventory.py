"""Every role of an account that may send email through SES, or that a sending service may assume.

The verdicts, worst first:

| verdict | the role |
| --- | --- |
| `open` | lets another account in, itself or through a service, as `assumers.py` tells them apart |
| `too wide` | allows more than the single check accepts of a role of which nothing is demanded |
| `retire` | is for a service that AWS has ended |
| `right` | is none of these; AWS's documented role is right, and so is a role that AWS itself made for its service |

What is asked is who may do too much. Whether a role works, the single check says: findings about that are left out, but
that a sending service's role may not send at all; such a role is `right` with a finding.
What nobody is there to name is accepted: the templates that a role names, and, if no sending service may assume it (it
is a Lambda function's, or a person's), the Regions that it names, every template there, and all else that it may do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ..names import TEMPLATE
from ..policies import SENDING_ACTIONS, SendingPolicy, ses_arn
from ..policy_language import Statement, allowed_within, as_list, parse_statements
from ..services import SendingService
from .account import RETRIES, Account
from .assumers import Assumer, assumers, is_service_linked
from .compare import compare
from .deployed import DeployedRole, Finding
from .expectation import Arguments, expect, option, regions_of
from .notes import ended_support
from .permission import compare_permission
from .trust_statements import known_among
from .wording import listed

VERDICTS = ("open", "too wide", "retire", "right")
_DOES_NOT_WORK = (
    *("REGION", "TRUST-CONDITION", "TRUST-DENY", "PERMISSION-MISSING", "PERMISSION-CONDITION", "PERMISSION-DENY"),
    "PERMISSION-BOUNDARY",
)


@dataclass(frozen=True)
class SendingRole:
    """A role that is listed.

    Attributes:
        arn: ARN of the role.
        verdict: One of `VERDICTS`.
        assumed_by: Who may assume it.
        identities: Patterns of the identities that it may send as.
        configuration_sets: Patterns of the configuration sets that it may use.
        last_used: Day on which it was last used. Default: not in the last 400 days, which is what IAM records.
        findings: What is not as it should be.
    """

    arn: str
    verdict: str
    assumed_by: tuple[Assumer, ...]
    identities: tuple[str, ...]
    configuration_sets: tuple[str, ...]
    last_used: date | None
    findings: tuple[Finding, ...]


def judge(role: DeployedRole, region: str, also_allow: Sequence[str] = ()) -> SendingRole | None:
    """Return what there is to say of a role, if it is listed.

    Args:
        role: The role.
        region: Region that sends, for a role whose policies name none.
        also_allow: Actions that the role of a sending service may have besides.
    """
    who = assumers(role)
    identities = _may_use(role, "identity/*")
    ended = [service for service in _senders(who) if service.end_of_support]
    if not identities and not _senders(who):
        return None
    findings = _findings(role, who, bool(identities), region, also_allow)
    is_open = any(assumer.stranger for assumer in who)
    verdict = "open" if is_open else "too wide" if findings else "retire" if ended else "right"
    findings += [] if identities else _cannot_send(role, who)
    return SendingRole(
        arn=role.arn,
        verdict=verdict,
        assumed_by=tuple(who),
        identities=identities,
        configuration_sets=_may_use(role, "configuration-set/*") if identities else (),
        last_used=role.last_used,
        findings=(*findings, *(Finding("SERVICE-ENDED", ended_support(service, role.last_used)) for service in ended)),
    )


def take(roles: Iterable[DeployedRole], region: str, also_allow: Sequence[str] = ()) -> list[SendingRole]:
    """Return the roles that are listed, worst first; none of the others is kept."""
    judged = [found for role in roles if (found := judge(role, region, also_allow))]
    return sorted(judged, key=lambda found: (VERDICTS.index(found.verdict), found.arn))


def _senders(who: Sequence[Assumer]) -> list[SendingService]:
    """Return the sending services among those who may assume a role; by their principal of a Region too."""
    return known_among(assumer.name for assumer in who)


def _may_use(role: DeployedRole, resource: str) -> tuple[str, ...]:
    """Return patterns of the SES resources of a kind that a role may send with."""
    pattern = ses_arn(role.partition, "*", "*", resource)
    statements = role.statements
    boundary = None if role.boundary is None else parse_statements(role.boundary)
    found = [arn for action in SENDING_ACTIONS for arn in allowed_within(statements, action, pattern, boundary)]
    return tuple(dict.fromkeys(found))


def _findings(
    role: DeployedRole, who: Sequence[Assumer], sends: bool, region: str, also_allow: Sequence[str]
) -> list[Finding]:
    strangers = [assumer.finding for assumer in who if assumer.finding]
    if not sends or is_service_linked(role):
        return strangers
    expected = expect(role, Arguments(templates=_templates(role), also_allow=also_allow), region)
    if _senders(who):
        found = compare(role, expected)
    else:
        policy, given = _any_region(role, expected.policy), expected.given | {option(TEMPLATE)}
        expected = replace(expected, policy=policy, given=given, also_allow=("*",))
        found = [*compare_permission(_about_sending(role), expected)]
    found = [finding for finding in found if finding.code not in _DOES_NOT_WORK]
    said = {finding.code for finding in found}
    return [*(finding for finding in strangers if finding.code not in said), *found]


def _cannot_send(role: DeployedRole, who: Sequence[Assumer]) -> list[Finding]:
    """Return that the role of a sending service cannot send, if sending is all that it is for.

    What a state machine or a schedule does is often not sending: a role that allows something else is none of that.
    """
    services = [service.principal for service in _senders(who) if not service.end_of_support]
    allowed = [statement for statement in role.statements if statement.effect == "Allow"]
    sends = any(not s.not_actions and "*" not in s.actions and _names_sending(s) for s in allowed)
    if not services or is_service_linked(role) or (allowed and not sends):
        return []
    name = role.arn.rpartition("/")[2]
    message = (
        f"{listed(services)} may assume the role, which is not allowed to send "
        f"as any identity: sending-role-verify {name} says what it lacks."
    )
    return [Finding("PERMISSION-MISSING", message)]


def _names_sending(statement: Statement) -> bool:
    return any(statement.has_action(action) for action in SENDING_ACTIONS)


def _templates(role: DeployedRole) -> list[str] | None:
    """Return the templates of its account that a role names."""
    name = rf"arn:{role.partition}:ses:[a-z0-9-]+:{role.account}:{TEMPLATE.resource}/[A-Za-z0-9_-]{{1,64}}"
    allowed = [statement for statement in role.statements if statement.effect == "Allow"]
    named = [arn for statement in allowed for arn in statement.resources if re.fullmatch(name, arn)]
    return named or None


def _any_region(role: DeployedRole, policy: SendingPolicy) -> SendingPolicy:
    """Return the policy for every Region that a role names, and for every template there."""
    regions = [name for name in regions_of(role) if re.fullmatch(r"[a-z0-9-]+", name)]
    arns = {
        kind: [ses_arn(role.partition, region, role.account, f"{kind}/*") for region in regions]
        for kind in ("identity", "configuration-set", "template")
    }
    return replace(
        policy,
        identity_arns=tuple(dict.fromkeys([*policy.identity_arns, *arns["identity"]])),
        configuration_set_arns=tuple(dict.fromkeys([*policy.configuration_set_arns, *arns["configuration-set"]])),
        template_arns=tuple(dict.fromkeys([*policy.template_arns, *arns["template"]])),
    )


def _about_sending(role: DeployedRole) -> DeployedRole:
    """Return a role with its statements emptied that do not let it send; they keep their place and `Sid`."""

    def emptied(statement: dict[str, Any]) -> dict[str, Any]:
        sends = _names_sending(Statement.parse(statement))
        return statement if sends else {"Sid": statement.get("Sid"), "Effect": "Deny"}

    policies = {
        name: {**policy, "Statement": [emptied(statement) for statement in as_list(policy.get("Statement"))]}
        for name, policy in role.policies.items()
    }
    return replace(role, policies=policies)


def main(session: Any, options: Any) -> int:
    """List the sending roles of an account.

    Args:
        session: boto3 session.
        options: The command's arguments, of which `json`, `region` and `also_allow` count.

    Returns:
        0 if nothing was found in any role, 1 if something was.

    Raises:
        BotoCoreError: No request could be made.
        ClientError: IAM refused a request: see `Account` for the permissions that it needs.
        ValueError: An argument is not accepted.
    """
    from .inventory_report import as_json, counted, show

    region = options.region or session.region_name or "us-east-1"
    account = Account(session.client("iam", region_name=region, config=RETRIES))
    roles = take(counted(account.roles()), region, options.also_allow or ())
    number = account.number or session.client("sts", region_name=region).get_caller_identity()["Account"]
    if options.json:
        print(as_json(number, roles))
    else:
        show(number, roles)
    return int(any(role.findings for role in roles))
