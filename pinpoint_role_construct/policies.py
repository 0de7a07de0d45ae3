"""What the trust policy and the permission policy say, and what of a statement is more than that.

Text in, plain data out, without AWS CDK; the text may be CDK tokens. The constructs, the template and
`sending-role-verify` all take from here what is right.

https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .names import CONFIGURATION_SET, IDENTITY, TEMPLATE
from .policy_language import Condition, Statement, contains, overlaps_arn
from .services import SendingService

ACTIONS = ("ses:SendEmail", "ses:SendRawEmail")
TEMPLATE_ACTIONS = ("ses:SendTemplatedEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail")
SENDING_ACTIONS = ACTIONS + TEMPLATE_ACTIONS

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
TRUST_LIMIT, INLINE_LIMIT, MANAGED_LIMIT, USER_LIMIT, GROUP_LIMIT = 2048, 10240, 6144, 2048, 5120

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """An argument that restricts messages by a condition key of SES.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html

    Attributes:
        argument: The argument of the constructs and the field of `SendingPolicy` that has its values.
        option: The same argument of `sending-role-verify`.
        key: The condition key.
        several: Whether a message has several values, each of which must be accepted.
        patterns: Whether a value may be a pattern.
        unknown_to: Sending actions for which SES does not know the key. A policy with this argument leaves them out.
    """

    argument: str
    option: str
    key: str
    several: bool = False
    patterns: bool = True
    unknown_to: tuple[str, ...] = ()

    def conditions(self, values: Sequence[str]) -> list[tuple[str, Any]]:
        """The operators and what they compare the key with."""
        if self.several:  # without the second, a message that lacks the key would pass the first
            return [("ForAllValues:StringLike", _one_or_list(values)), ("Null", "false")]
        operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
        return [(operator, _one_or_list(values))]

    def keeps(self, conditions: Sequence[Condition], values: Sequence[str]) -> bool:
        """Whether conditions accept no messages but those with these values."""
        about = [condition for condition in conditions if condition.name == self.key.lower()]
        demanded = any(c.comparison == "null" and {v.lower() for v in c.values} == {"false"} for c in about)
        for condition in about:
            quantifier, _, operator = condition.comparison.rpartition(":")
            name = operator.removesuffix("ifexists")
            must_match = quantifier == "forallvalues" if self.several else True
            must_be_there = demanded or (quantifier != "forallvalues" and name == operator)
            restricts = name in ("stringequals", "stringlike") and must_match and must_be_there
            if restricts and all(any(contains(value, found) for value in values) for found in condition.values):
                return True
        return False


FROM_ADDRESSES = Narrowing(
    "from_addresses", "--from-address", "ses:FromAddress", patterns=False, unknown_to=("ses:SendBulkEmail",)
)
RECIPIENTS = Narrowing("recipients", "--recipient", "ses:Recipients", several=True, unknown_to=("ses:SendBulkEmail",))
TENANTS = Narrowing("tenants", "--tenant", "ses:TenantName")
NARROWINGS = (FROM_ADDRESSES, RECIPIENTS, TENANTS)


def ses_arn(partition: str, region: str, account: str, resource: str) -> str:
    """The ARN of an SES resource, such as `identity/example.com`, or a pattern of several."""
    return f"arn:{partition}:ses:{region}:{account}:{resource}"


@dataclass(frozen=True, slots=True)
class SendingPolicy:
    """Who may send which messages.

    Attributes:
        account: Account on whose behalf `service` may assume the role.
        identity_arns: Identities that the policy allows; the pattern `identity/*` for every one.
        configuration_set_arns: Configuration sets; the pattern `configuration-set/*` for every one.
        template_arns: Templates. Default: no templated email.
        from_addresses: Senders. Default: every address of the identities.
        recipients: Recipients, which may be patterns. Default: anyone.
        tenants: Tenants, which may be patterns. Default: with or without a tenant.
        source_arns: Patterns of what `service` may act on behalf of. Default: no `aws:SourceArn` condition.
        service: Service that may assume the role. Default: none, for a permission without a trust policy.
    """

    account: str
    identity_arns: tuple[str, ...]
    configuration_set_arns: tuple[str, ...]
    template_arns: tuple[str, ...] = ()
    from_addresses: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    source_arns: tuple[str, ...] = ()
    service: SendingService | None = None

    @property
    def narrowings(self) -> list[tuple[Narrowing, tuple[str, ...]]]:
        """The arguments that restrict messages, with their values, as far as there are any."""
        given = [(narrowing, getattr(self, narrowing.argument)) for narrowing in NARROWINGS]
        return [(narrowing, values) for narrowing, values in given if values]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that the policy allows."""
        unknown = {action for narrowing, _ in self.narrowings for action in narrowing.unknown_to}
        actions = SENDING_ACTIONS if self.template_arns else ACTIONS
        return tuple(action for action in actions if action not in unknown)

    @property
    def resources(self) -> tuple[str, ...]:
        """The ARNs that the policy allows the actions on."""
        return self.identity_arns + self.configuration_set_arns + self.template_arns

    def permission_statement(self) -> Document:
        """The statement of the permission policy, with a `Sid` if there is a service."""
        statement: Document = {"Sid": self.service.permission_sid} if self.service else {}
        statement |= {"Effect": "Allow", "Action": list(self.actions), "Resource": _one_or_list(self.resources)}
        conditions: dict[str, dict[str, Any]] = {}
        for narrowing, values in self.narrowings:
            for operator, compared in narrowing.conditions(values):
                conditions.setdefault(operator, {})[narrowing.key] = compared
        return statement | ({"Condition": conditions} if conditions else {})

    def trust_statement(self) -> Document:
        """The statement of the trust policy; there must be a service."""
        assert self.service is not None
        return {
            "Sid": self.service.trust_sid,
            "Effect": "Allow",
            "Principal": {"Service": self.service.principal},
            "Action": "sts:AssumeRole",
            "Condition": self.trust_conditions(),
        }

    def trust_conditions(self) -> dict[str, dict[str, Any]]:
        """The conditions under which the service acts for this account, and for the sources, alone."""
        conditions: dict[str, dict[str, Any]] = {"StringEquals": {"aws:SourceAccount": self.account}}
        if self.source_arns:
            conditions["ArnLike"] = {"aws:SourceArn": _one_or_list(self.source_arns)}
        return conditions

    def permission_document(self) -> Document:
        """The permission policy."""
        return document([self.permission_statement()])

    def trust_document(self) -> Document:
        """The trust policy; there must be a service."""
        return document([self.trust_statement()])

    def covers(self, arn: str) -> bool:
        """Whether the policy allows sending with all that an ARN, or a pattern of ARNs, matches."""
        return any(contains(pattern, arn) for pattern in self.resources)


@dataclass(frozen=True, slots=True)
class Excess:
    """What a statement allows beyond a policy; without any it is false.

    Attributes:
        actions: Sending actions that the policy does not allow.
        resources: Resources that a message is sent with and that the policy does not allow, as the statement has them.
        all_but: Resources that the statement excludes where it allows all others (`NotResource`).
        narrowings: Arguments whose condition the statement lacks.
    """

    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    all_but: tuple[str, ...] = ()
    narrowings: tuple[Narrowing, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.actions or self.resources or self.all_but or self.narrowings)


def excess(statement: Statement, policy: SendingPolicy, covers: Callable[[str], bool] | None = None) -> Excess:
    """What a statement allows beyond a policy: actions, resources and messages.

    It is judged by form: a `Deny`, or a condition that no argument stands for, does not make a wide statement right.

    Args:
        statement: The statement.
        policy: All that is accepted.
        covers: Whether a resource, or a pattern, is accepted. Default: what the policy covers.
    """
    covers = covers or policy.covers
    actions = sending_actions(statement)
    if not statement.allows or not actions:
        return Excess()
    return Excess(
        actions=tuple(action for action in actions if action not in policy.actions),
        resources=tuple(arn for arn in statement.resources if may_be_sent_with(arn) and not covers(arn)),
        all_but=statement.not_resources,
        narrowings=tuple(
            narrowing
            for narrowing, values in policy.narrowings
            if not (set(actions) <= set(narrowing.unknown_to) or narrowing.keeps(statement.conditions, values))
        ),
    )


def sending_actions(statement: Statement) -> list[str]:
    """The sending actions that a statement is about, if it is about anything that a message is sent with."""
    if not (statement.not_resources or any(map(may_be_sent_with, statement.resources))):
        return []
    return [action for action in SENDING_ACTIONS if statement.has_action(action)]


_SENT_WITH = [ses_arn("*", "*", "*", f"{kind.resource}/*") for kind in (IDENTITY, CONFIGURATION_SET, TEMPLATE)]


def may_be_sent_with(arn: str) -> bool:
    """Whether an ARN, a pattern or a token may be one of the resources that SES checks when it sends."""
    return any(overlaps_arn(arn, pattern) for pattern in _SENT_WITH)


def document(statements: list[Document]) -> Document:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": statements}


def size(policy: Document) -> int:
    """The size of a policy as IAM counts it: in characters, without white space."""
    return len(json.dumps(policy, separators=(",", ":")))


def _one_or_list(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
