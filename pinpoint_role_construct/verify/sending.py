"""What a role may send: its policies, less what they deny, within its permissions boundary, request by request."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..conditions import UNKNOWN, Comparison, Value, all_met, parse_conditions
from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, sends_from
from ..policies import ACTIONS_WITHOUT_SENDER, FROM_ADDRESS, SENDING_ACTIONS
from ..policy_language import Statement, as_list, parse_statements
from ..wildcards import contains
from .deployed import DeployedRole
from .expectation import Expectation, option

_OF_ADDRESSES = (FROM_ADDRESS, "ses:feedbackaddress", "ses:recipients")
OF_MESSAGES = (*_OF_ADDRESSES, "ses:fromdisplayname")  # the keys that SES does not know for ACTIONS_WITHOUT_SENDER
MAY_BE_ABSENT = ("ses:feedbackaddress", "ses:fromdisplayname", "ses:multiregionendpointid")
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
SES_KEYS = (*OF_MESSAGES, "ses:apiversion", "ses:multiregionendpointid")
_MOST_MESSAGES = 2000

Message = Mapping[str, str | None]  # what a request says of SES's condition keys
Refused = dict[str, list[str]]  # the resources that are refused, by action


@dataclass(frozen=True, eq=False)
class Rule:
    """A statement, its policy, what messages call it, its conditions, and its actions as the policy has them."""

    policy: str
    label: str
    statement: Statement
    comparisons: tuple[Comparison, ...]
    written: tuple[str, ...]

    @cached_property
    def certain(self) -> Statement:
        """Return what the statement says whatever its policy variables stand for."""
        return self.statement.without_variables()

    @property
    def allows(self) -> bool:
        """Return whether it allows, or denies."""
        return self.statement.effect == "Allow"

    @cached_property
    def sends(self) -> tuple[str, ...]:
        """Return the sending actions that it is about."""
        return tuple(action for action in SENDING_ACTIONS if self.statement.has_action(action))


def parse_rules(policies: Mapping[str, Mapping[str, object]]) -> list[Rule]:
    """Return the statements of policies."""
    rules = []
    for name, policy in policies.items():
        written = as_list(policy.get("Statement"))
        for number, (source, statement) in enumerate(zip(written, parse_statements(policy), strict=True), 1):
            label = f"{name}, statement {source.get('Sid') or number}" if len(written) > 1 else name
            actions = as_list(source.get("Action") or source.get("NotAction"))
            comparisons = tuple(parse_conditions(statement.conditions))
            rules.append(Rule(name, label, statement, comparisons, tuple(map(str, actions))))
    return rules


class Sending:
    """What a role may send, seen with what it should be.

    Attributes:
        rules: The statements of the role's policies.
        boundary: The statements of its permissions boundary; `None` without one.
        unclear: Those of `rules` that allow sending under conditions that no message meets (`False`), or that cannot be
            evaluated (`None`). They count as met.
    """

    def __init__(self, role: DeployedRole, expected: Expectation) -> None:
        """Read the role's policies."""
        self._role, self._expected = role, expected
        self.actions = expected.policy.actions
        self.rules = parse_rules(role.policies)
        self.boundary = None if role.boundary is None else parse_rules({"permissions boundary": role.boundary})
        about = [rule for rule in (*self.rules, *(self.boundary or [])) if rule.sends]
        self._comparisons = [comparison for rule in about for comparison in rule.comparisons]
        self.unclear: dict[Rule, bool | None] = {}
        arn = expected.policy.identity_arns[0]
        messages = [message for address in self.addresses for message in self._messages(address)]
        for rule in self.rules:
            if rule.allows and rule.sends:
                answers = {self.met(rule, action, arn, m) for action in rule.sends for m in messages}
                if True not in answers:
                    self.unclear[rule] = None if None in answers else False

    @property
    def addresses(self) -> Sequence[str | None]:
        """Return the addresses that must be able to send, one by one; `None` for any that can."""
        return self._expected.policy.from_addresses or (None,)

    def met(self, rule: Rule, action: str, arn: str, message: Message) -> bool | None:
        """Return whether a request meets the conditions of a statement; `None` if that cannot be told."""
        return all_met(rule.comparisons, self._request(action, arn, message))

    def _request(self, action: str, arn: str, message: Message) -> Callable[[str], Value]:
        _, _, _, region, account, _ = arn.split(":", 5)
        known = {
            "aws:requestedregion": region,
            "aws:resourceaccount": account,
            "aws:principalaccount": self._role.account,
            "aws:principalarn": self._role.arn,
            "aws:securetransport": "true",
        }

        def value(key: str) -> Value:
            if key.startswith("ses:"):
                return None if action in ACTIONS_WITHOUT_SENDER and key in OF_MESSAGES else message.get(key)
            return known.get(key, UNKNOWN)

        return value

    def _messages(self, address: str | None) -> Iterator[Message]:
        """Yield messages that differ in all that the conditions ask for."""
        asked = {comparison.name for comparison in self._comparisons}
        choices: dict[str, list[str | None]] = {} if address is None else {FROM_ADDRESS: [address]}
        choices |= {key: self._choices(key) for key in SES_KEYS if key in asked and key not in choices}
        for values in itertools.islice(itertools.product(*choices.values()), _MOST_MESSAGES):
            yield dict(zip(choices, values, strict=True))

    def _choices(self, key: str) -> list[str | None]:
        if key == "ses:apiversion":
            return ["1", "2"]
        names = self._identity_names()
        values: list[str | None] = ["not-named"]
        fillings = ["x"]
        if key in _OF_ADDRESSES:
            values = [name if "@" in name else f"not-named@{name}" for name in (*names, "not-named.invalid")]
            fillings += ["x@", *names, *(f"x@{name}" for name in names)]
        for comparison in self._comparisons:
            if comparison.name == key:
                for value in comparison.values:
                    _, at, domain = value.rpartition("@")
                    used = ["x"] if at and "*" not in domain else fillings
                    filled = [value.replace("*", f).replace("?", "x") for f in used if comparison.has_pattern]
                    values += [text for text in (value, *filled) if not set("*?") & set(text)]
        usable = [value for value in values if key not in _OF_ADDRESSES or str(value).count("@") == 1]
        usable += [None] if key in MAY_BE_ABSENT else []
        about = [comparison for comparison in self._comparisons if comparison.name == key]
        senders = names if key == FROM_ADDRESS else []

        def outcome(value: str | None) -> tuple[object, ...]:
            return *(c.met_by(value) for c in about), *(sends_from(name, str(value)) for name in senders)

        different: dict[object, str | None] = {}
        for value in usable:
            different.setdefault(outcome(value), value)
        return list(different.values())

    def _identity_names(self) -> list[str]:
        arns = [arn for rule in self.rules if rule.sends for arn in rule.statement.resources]
        names = [arn.partition(":identity/")[2] for arn in (*self._expected.policy.identity_arns, *arns)]
        return list(dict.fromkeys(name for name in names if name and not set("*?$") & set(name)))

    def granted(self, action: str, limit: str, message: Message, denials: bool, boundary: bool) -> list[str]:
        """Return patterns of the resources within `limit` on which a message may be sent.

        Args:
            action: The action.
            limit: An ARN, or a pattern.
            message: The message.
            denials: Whether the role's own denials count.
            boundary: Whether the permissions boundary counts.
        """
        found = [
            arn
            for rule in self.rules
            if rule.allows
            and rule.statement.has_action(action)
            and (rule in self.unclear or self.met(rule, action, limit, message))
            for arn in rule.certain.resources_within(limit)
        ]
        denied = [
            rule.statement
            for rule in self.rules
            if denials and not rule.allows and self.met(rule, action, limit, message)
        ]
        if boundary and self.boundary is not None:
            about = [
                (rule, self.met(rule, action, limit, message))
                for rule in self.boundary
                if rule.statement.has_action(action)
            ]
            bounds = [rule.certain for rule, met in about if rule.allows and met]
            found = [part for arn in found for bound in bounds for part in bound.resources_within(arn)]
            denied += [rule.statement for rule, met in about if not rule.allows and met is not False]
        return _less(list(dict.fromkeys(found)), [denial for denial in denied if denial.has_action(action)])

    def refused(self, message: Message, denials: bool = True, boundary: bool = True) -> Refused:
        """Return what the role should be able to send and cannot, with a message of this kind."""
        refused: Refused = {action: [] for action in self.actions}
        for kind in (IDENTITY, CONFIGURATION_SET, TEMPLATE):
            for limit in self._expected.limits(kind):
                granted = {a: self.granted(a, limit, message, denials, boundary) for a in self.actions}
                needed = list(dict.fromkeys(itertools.chain.from_iterable(granted.values())))
                sends = any((name := kind.name_in(arn)) and arn.endswith(f"/{name}") for arn in needed)
                if option(kind) in self._expected.given or (kind is IDENTITY and not sends):
                    needed = [limit]
                for action, arns in granted.items():
                    refused[action] += [arn for arn in needed if not any(contains(pattern, arn) for pattern in arns)]
        return {action: arns for action, arns in refused.items() if arns}

    def reach(self, action: str, message: Message) -> list[str]:
        """Return patterns of all the resources on which a message may be sent by an action."""
        limits = [limit for kind in (IDENTITY, CONFIGURATION_SET, TEMPLATE) for limit in self._expected.limits(kind)]
        return [arn for limit in limits for arn in self.granted(action, limit, message, True, True)]

    def context(self, action: str, arn: str, message: Message) -> dict[str, str]:
        """Return what a request says of the keys that the conditions ask for, as far as that is known."""
        request = self._request(action, arn, message)
        asked = dict.fromkeys(comparison.name for comparison in self._comparisons)
        values = {key: request(key) for key in {**asked, **dict.fromkeys(message)}}
        return {key: value for key, value in values.items() if isinstance(value, str)}

    def covers(self, message: Message) -> bool:
        """Return whether an identity that the role may send as is that of the sender, as far as both are known."""
        address = message.get(FROM_ADDRESS)
        arns = [arn for arn in self.reach(self.actions[0], message) if ":identity/" in arn]
        names = [arn.partition(":identity/")[2] for arn in arns]
        return address is None or not names or any(set("*?") & set(n) or sends_from(n, address) for n in names)

    def easiest(self, address: str | None) -> Message:
        """Return the message from an address, or from any, of which the least is refused."""
        best: tuple[tuple[int, int, bool, int], Message] | None = None
        for message in self._messages(address):
            refused = self.refused(message)
            doubtful = [r for r in self.rules if not r.allows and r.sends and self.doubts(r, message)]
            effort = len(refused), sum(map(len, refused.values())), not self.covers(message), len(doubtful)
            if best is None or effort < best[0]:
                best = effort, message
            if not any(effort):
                break
        assert best is not None
        return best[1]

    def doubts(self, rule: Rule, message: Message) -> bool:
        """Return whether it cannot be told if a message meets the conditions of a statement."""
        arn = self._expected.policy.identity_arns[0]
        return any(self.met(rule, action, arn, message) is None for action in rule.sends if action in self.actions)


def _less(arns: list[str], denials: list[Statement]) -> list[str]:
    """Return what of some resources denials leave, as patterns: of one that they take a part of, all."""
    for denial in denials:
        if denial.not_resources:
            kept = replace(denial, resources=denial.not_resources, not_resources=()).without_variables()
            arns = [part for arn in arns for part in kept.resources_within(arn)]
    return [arn for arn in arns if not any(denial.has_all_of(arn) for denial in denials)]
