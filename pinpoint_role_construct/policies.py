"""What the policies say: who sends what as whom, into the statements of the trust and the permission policy.

Text in, plain data out, without AWS CDK; the text may be CDK tokens. The constructs, the template and
`sending-role-verify` all read here what a policy should be.

https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .names import CONFIGURATION_SET, IDENTITY, TEMPLATE
from .policy_language import Statement, narrower, without_variables
from .services import SendingService
from .wildcards import contains

if TYPE_CHECKING:
    from .conditions import Comparison

ACTIONS = ("ses:SendEmail", "ses:SendRawEmail")
TEMPLATE_ACTIONS = ("ses:SendTemplatedEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail")
SENDING_ACTIONS = ACTIONS + TEMPLATE_ACTIONS
ACTIONS_WITHOUT_SENDER = ("ses:SendBulkEmail",)  # SES does not know ses:FromAddress for it
FROM_ADDRESS = "ses:fromaddress"  # in lower case, as a Comparison names its key

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
TRUST_LIMIT, INLINE_LIMIT, MANAGED_LIMIT, USER_LIMIT, GROUP_LIMIT = 2048, 10240, 6144, 2048, 5120

Document = dict[str, Any]


def ses_arn(partition: str, region: str, account: str, resource: str) -> str:
    """Return the ARN of an SES resource, such as `identity/example.com`, or a pattern of several."""
    return f"arn:{partition}:ses:{region}:{account}:{resource}"


@dataclass(frozen=True, slots=True)
class SendingPolicy:
    """Who may send what, from which addresses.

    Attributes:
        account: Account on whose behalf `service` may assume the role.
        identity_arns: Identities that may be sent as; the pattern `identity/*` for every one.
        configuration_set_arns: Configuration sets that may be used; the pattern `configuration-set/*` for every one.
        template_arns: Templates that may be sent. Default: no templated email.
        from_addresses: Addresses that may be sent from. Default: every address of the identities.
        source_arns: Patterns of what `service` may act on behalf of. Default: no `aws:SourceArn` condition.
        service: Service that may assume the role. Default: none, for a permission without a trust of its own.
    """

    account: str
    identity_arns: tuple[str, ...]
    configuration_set_arns: tuple[str, ...]
    template_arns: tuple[str, ...] = ()
    from_addresses: tuple[str, ...] = ()
    source_arns: tuple[str, ...] = ()
    service: SendingService | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """Return the actions that the policy allows."""
        return SENDING_ACTIONS if self.template_arns else ACTIONS

    @property
    def resources(self) -> tuple[str, ...]:
        """Return the ARNs that the policy allows the actions on."""
        return self.identity_arns + self.configuration_set_arns + self.template_arns

    def permission_statements(self) -> list[Document]:
        """Return the statements of the permission policy, with a `Sid` if there is a service."""
        sid = self.service.permission_sid if self.service else None
        if not self.from_addresses:
            return [self._permission_statement(sid, self.actions)]
        condition = {"StringEquals": {"ses:FromAddress": _one_or_list(self.from_addresses)}}
        with_sender = [action for action in self.actions if action not in ACTIONS_WITHOUT_SENDER]
        statements = [self._permission_statement(sid, with_sender) | {"Condition": condition}]
        if self.template_arns:
            statements.append(self._permission_statement(sid and f"{sid}InBulk", ACTIONS_WITHOUT_SENDER))
        return statements

    def _permission_statement(self, sid: str | None, actions: Sequence[str]) -> Document:
        statement: Document = {"Sid": sid} if sid else {}
        return statement | {
            "Effect": "Allow",
            "Action": _one_or_list(actions),
            "Resource": _one_or_list(self.resources),
        }

    def trust_statement(self) -> Document:
        """Return the statement of the trust policy."""
        if self.service is None:
            raise ValueError("a permission without a service has no trust policy")
        return {
            "Sid": self.service.trust_sid,
            "Effect": "Allow",
            "Principal": {"Service": self.service.principal},
            "Action": "sts:AssumeRole",
            "Condition": self.trust_conditions(),
        }

    def trust_conditions(self) -> dict[str, dict[str, Any]]:
        """Return the conditions that keep out other accounts, and what is not a source."""
        conditions: dict[str, dict[str, Any]] = {"StringEquals": {"aws:SourceAccount": self.account}}
        if self.source_arns:
            conditions["ArnLike"] = {"aws:SourceArn": _one_or_list(self.source_arns)}
        return conditions

    def permission_document(self) -> Document:
        """Return the permission policy."""
        return document(self.permission_statements())

    def trust_document(self) -> Document:
        """Return the trust policy."""
        return document([self.trust_statement()])

    def excess(self, statement: Mapping[str, Any]) -> list[str]:
        """Return the resources on which a statement allows sending that this policy does not allow.

        Args:
            statement: A statement of a policy, as JSON.
        """
        from .conditions import parse_conditions  # loaded when a statement is added, not with the package

        found = Statement.parse(statement)
        actions = [action for action in SENDING_ACTIONS if found.has_action(action)]
        if found.effect != "Allow" or not actions:
            return []
        if found.not_resources:
            return [f"all but {', '.join(found.not_resources)}"]
        may_send = set(actions) <= set(self.actions) and self.keeps_senders(actions, parse_conditions(found.conditions))
        return [arn for arn in found.resources if may_be_sent_with(arn) and not (may_send and self.covers(arn))]

    def covers(self, arn: str) -> bool:
        """Return whether the policy allows sending with all that an ARN, or a pattern of ARNs, matches."""
        return any(contains(pattern, arn) for pattern in self.resources)

    def keeps_senders(self, actions: Sequence[str], comparisons: Iterable[Comparison]) -> bool:
        """Return whether a statement allows actions from the policy's own addresses only.

        Args:
            actions: The sending actions of the statement.
            comparisons: Its conditions.
        """
        if not self.from_addresses or set(actions) <= set(ACTIONS_WITHOUT_SENDER):
            return True
        only = [comparison.only_values for comparison in comparisons if comparison.name == FROM_ADDRESS]
        return any(values and set(values) <= set(self.from_addresses) for values in only)


def may_be_sent_with(arn: str) -> bool:
    """Return whether a resource may be one of those that SES checks when it sends; one that is no ARN may be."""
    text = without_variables(arn)  # a token or variable may be anything
    limits = [ses_arn("*", "*", "*", f"{kind.resource}/*") for kind in (IDENTITY, CONFIGURATION_SET, TEMPLATE)]
    return not text.startswith("arn:") or any(narrower(text, limit) for limit in limits)


def _one_or_list(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def document(statements: list[Document]) -> Document:
    """Return a policy of these statements."""
    return {"Version": "2012-10-17", "Statement": statements}


def size(policy: Document) -> int:
    """Return the size of a policy as IAM counts it: in characters, without white space."""
    return len(json.dumps(policy, separators=(",", ":")))
