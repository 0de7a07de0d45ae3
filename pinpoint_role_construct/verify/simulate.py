"""Ask IAM's policy simulator for a second opinion.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE
from ..policies import FROM_ADDRESS, SENDING_ACTIONS, document, ses_arn
from ..wildcards import contains
from .deployed import DeployedRole, Finding
from .expectation import Expectation, option
from .sending import Sending
from .wording import listed

_OTHER_ACTIONS = ("ses:CreateEmailIdentity", "iam:PassRole", "sts:AssumeRole", "s3:GetObject")
_EXPLAINS_DENIALS = ("PERMISSION-MISSING", "PERMISSION-CONDITION", "PERMISSION-DENY", "PERMISSION-BOUNDARY")
_NOT_NAMED = {
    IDENTITY: "identity/not-named.invalid",
    CONFIGURATION_SET: "configuration-set/not-named-by-anyone",
    TEMPLATE: "template/not-named-by-anyone",
}


@dataclass(frozen=True)
class Question:
    """A request, and whether it should be allowed."""

    action: str
    resource: str
    should_be_allowed: bool
    context: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What the simulator said of a request."""

    question: Question
    allowed: bool

    @property
    def is_right(self) -> bool:
        """Return whether it said what it should."""
        return self.allowed == self.question.should_be_allowed


def questions(role: DeployedRole, expected: Expectation) -> list[Question]:
    """Return what to ask of a role: what it must be able to send, and some of what it must not."""
    sending = Sending(role, expected)
    asked: list[Question] = []

    def ask(action: str, arn: str, right: bool, message: Any) -> None:
        asked.append(Question(action, arn, right, sending.context(action, arn, message)))

    messages = [sending.easiest(address) for address in sending.addresses]
    first = ""
    for message in messages:
        for kind in (IDENTITY, CONFIGURATION_SET, TEMPLATE):
            limits = expected.limits(kind)
            if option(kind) not in expected.given:
                reached = [arn for arn in sending.reach(sending.actions[0], message) if f":{kind.resource}/" in arn]
                limits = tuple(reached) or (limits if kind is IDENTITY else ())
            for arn in limits:
                first = first or arn
                if message is messages[0] or arn == first:
                    for action in sending.actions:
                        ask(action, arn, True, message)

    others = (*(action for action in SENDING_ACTIONS if action not in sending.actions), *_OTHER_ACTIONS)
    for action in others:
        if not any(contains(pattern, action.lower()) for pattern in expected.also_allow):
            ask(action, first, False, messages[0])
    for kind, name in _NOT_NAMED.items():
        if option(kind) in expected.given:
            ask(sending.actions[0], ses_arn(role.partition, expected.region, role.account, name), False, messages[0])
    if expected.policy.from_addresses:
        ask(sending.actions[0], first, False, {**messages[0], FROM_ADDRESS: f"not-named-{messages[0][FROM_ADDRESS]}"})
    return list({(q.action, q.resource, q.should_be_allowed, str(q.context)): q for q in asked}.values())


def simulate(iam: Any, role: DeployedRole, asked: Iterable[Question]) -> list[Decision]:
    """Return what the simulator says.

    Args:
        iam: IAM client. It needs `iam:SimulatePrincipalPolicy`, and `iam:SimulateCustomPolicy` for a role with a
            permissions boundary or with conditions on what is sent.
        role: The role.
        asked: The requests.
    """
    asked = list(asked)
    if any(question.context for question in asked) and not _reads_context(iam):
        asked = [question for question in asked if not (question.context and question.should_be_allowed)]
    return [Decision(question, _is_allowed(iam, role, question)) for question in asked]


def _is_allowed(iam: Any, role: DeployedRole, question: Question) -> bool:
    """Ask for one resource, and of the boundary by itself: a local AWS reads no more of a request."""
    request = {
        "ActionNames": [question.action],
        "ResourceArns": [question.resource],
        "ContextEntries": [_entry(key, value) for key, value in question.context.items()],
    }
    answers = [iam.simulate_principal_policy(PolicySourceArn=role.arn, **request)]
    if role.boundary is not None:
        answers.append(iam.simulate_custom_policy(PolicyInputList=[json.dumps(role.boundary)], **request))
    return all(answer["EvaluationResults"][0]["EvalDecision"] == "allowed" for answer in answers)


def _reads_context(iam: Any) -> bool:
    """Return whether the simulator reads condition keys: that of a local AWS may not, and would deny what is right."""
    condition = {"StringEquals": {FROM_ADDRESS: "canary@example.com"}}
    statement = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*", "Condition": condition}
    answer = iam.simulate_custom_policy(
        PolicyInputList=[json.dumps(document([statement]))],
        ActionNames=["ses:SendEmail"],
        ContextEntries=[_entry(FROM_ADDRESS, "canary@example.com")],
    )
    return bool(answer["EvaluationResults"][0]["EvalDecision"] == "allowed")


def _entry(key: str, value: str) -> dict[str, Any]:
    kind = {"ses:recipients": "stringList", "aws:securetransport": "boolean"}.get(key, "string")
    return {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": kind}


def compare_decisions(decisions: Iterable[Decision], found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what the simulator says otherwise than the role's policies let expect.

    Args:
        decisions: What it says.
        found: What is known not to be as it should be, which explains decisions that are wrong.
    """
    codes = {finding.code for finding in found}
    wrong = [decision for decision in decisions if not decision.is_right]
    denied = [d.question for d in wrong if not d.allowed]
    if denied and not codes & set(_EXPLAINS_DENIALS):
        yield Finding(
            "SIMULATOR-DENIES",
            f"IAM's policy simulator denies {_named(denied)}, though the role's policies allow it: look for a service "
            "control policy or a resource control policy of the organization.",
        )
    allowed = [d.question for d in wrong if d.allowed]
    if allowed and not any(code.startswith("PERMISSION-") and code not in _EXPLAINS_DENIALS for code in codes):
        yield Finding(
            "SIMULATOR-ALLOWS",
            f"IAM's policy simulator allows {_named(allowed)}, which the role should not be allowed: look for a policy "
            "that was added in the meantime, and run the command again.",
        )


def _named(asked: list[Question]) -> str:
    return listed([f"{question.action} on {question.resource}" for question in asked])
