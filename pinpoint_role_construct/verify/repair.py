"""The documents that a role should have, for `--policies`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..names import CONFIGURATION_SET, IDENTITY, ResourceKind, parse_address
from ..policies import (
    ACTIONS_WITHOUT_SENDER,
    FROM_ADDRESS,
    INLINE_LIMIT,
    MANAGED_LIMIT,
    TRUST_LIMIT,
    SendingPolicy,
    may_be_sent_with,
    size,
)
from ..policy_language import narrower
from ..services import known_services
from .deployed import DeployedRole
from .expectation import Expectation, option, within_source
from .sending import Rule, Sending, parse_rules
from .trust_statements import SOURCE_ACCOUNT, SOURCE_ARN, parse_trust
from .wording import listed

_INLINE = "inline policy "  # what messages call an inline policy begins with


def repaired(role: DeployedRole, expected: Expectation) -> SendingPolicy:
    """Return the policy that a role should have: what was given, and for the rest what the role has of it.

    Raises:
        ValueError: Nothing says which of the services that send may assume the role.
    """
    policy = expected.policy
    if policy.service is None:
        names = ", ".join(known_services())
        raise ValueError(
            f"--policies is for the roles of {names}, and this role's trust policy names none of them: to give it such "
            "a trust policy, name the service with --service"
            if expected.unknown_service
            else "the trust policy names several services: say which with --service"
        )
    sending = Sending(role, expected)
    identities, sets = _kept(sending, expected, IDENTITY), _kept(sending, expected, CONFIGURATION_SET)
    return replace(
        policy,
        identity_arns=identities or policy.identity_arns,
        configuration_set_arns=sets if identities else policy.configuration_set_arns,
        from_addresses=policy.from_addresses or _kept_addresses(sending),
        source_arns=_kept_sources(role, expected) or policy.source_arns,
    )


def _kept(sending: Sending, expected: Expectation, kind: ResourceKind) -> tuple[str, ...]:
    limits = expected.limits(kind)
    if option(kind) in expected.given:
        return limits
    arns = [
        arn
        for message in map(sending.easiest, [*sending.addresses, *_kept_addresses(sending)])
        for action in sending.actions
        for arn in sending.granted(action, limits[0], message, True, False)
    ]
    heads = [(arn.partition("/")[0], kind.name_in(arn)) for arn in arns]
    return tuple(dict.fromkeys(f"{head}/{name}" for head, name in heads if name))


def _kept_addresses(sending: Sending) -> tuple[str, ...]:
    rules = [rule for rule in sending.rules if rule.allows and set(rule.sends) - set(ACTIONS_WITHOUT_SENDER)]
    addresses = [_exact_addresses(rule) for rule in rules]
    return tuple(dict.fromkeys(a for found in addresses for a in found)) if all(addresses) else ()


def _exact_addresses(rule: Rule) -> tuple[str, ...]:
    for comparison in rule.comparisons:
        if comparison.name == FROM_ADDRESS and comparison.only_values:
            return tuple(value for value in comparison.only_values if _is_address(value))
    return ()


def _is_address(value: str) -> bool:
    try:
        return bool(parse_address("", value))
    except ValueError:
        return False


def _kept_sources(role: DeployedRole, expected: Expectation) -> tuple[str, ...]:
    service = expected.policy.service
    if service is None or "--source-arn" in expected.given:
        return ()
    found = [
        value
        for statement in parse_trust(role.trust)
        if statement.allows and service.principal in statement.services
        for comparison in statement.about(SOURCE_ARN)
        for value in comparison.values
        if comparison.demands and within_source(service, role, expected.region, value)
    ]
    return tuple(dict.fromkeys(found))


def moved(role: DeployedRole, region: str, to: str) -> DeployedRole:
    """Return a role with the ARNs of a Region, in its policies and its trust policy, as those of another."""

    def in_place(document: Mapping[str, Any]) -> Any:
        return json.loads(re.sub(rf'("arn:[^:"]*:[^:"]*:){region}:', rf"\g<1>{to}:", json.dumps(document)))

    policies = {name: in_place(policy) for name, policy in role.policies.items()}
    return replace(role, policies=policies, trust=in_place(role.trust))


def losses(role: DeployedRole, policy: SendingPolicy) -> list[str]:
    """Return what the role's policies have and the documents leave out, a phrase each."""
    rules = parse_rules(role.policies)
    return [*_lost_conditions(rules, policy), *_lost_statements(rules, policy), *_lost_trust(role, policy)]


def _lost_conditions(rules: list[Rule], policy: SendingPolicy) -> list[str]:
    kept = set(policy.from_addresses)
    return [
        f"the condition {comparison.written} {comparison.key} ({rule.label})"
        for rule in rules
        if rule.sends
        for comparison in rule.comparisons
        if comparison.name != FROM_ADDRESS or not rule.allows or not set(comparison.values) <= kept
    ]


def _lost_statements(rules: list[Rule], policy: SendingPolicy) -> list[str]:
    actions = [action.lower() for action in policy.actions]
    found: list[str] = []
    for rule in rules:
        statement, label = rule.statement, rule.label
        if not rule.allows and not rule.comparisons:
            found.append(f"a Deny statement ({label})")
        if rule.allows and statement.not_actions:
            found.append(f"every action but {listed(rule.written)} ({label})")
        if others := [action for action in statement.actions if action not in actions]:
            found.append(f"{listed(others)} ({label})")
        if rule.allows and rule.sends and statement.not_resources:
            found.append(f"the exclusion of {listed(statement.not_resources)} ({label})")
        found += [f"the policy variable in {arn} ({label})" for arn in statement.resources if "${" in arn]
        sent_with = [arn for arn in statement.resources if rule.allows and rule.sends and may_be_sent_with(arn)]
        if lost := [arn for arn in sent_with if not any(narrower(arn, kept) for kept in policy.resources)]:
            found.append(f"sending with {listed(lost)} ({label})")
    return found


def _lost_trust(role: DeployedRole, policy: SendingPolicy) -> list[str]:
    found: list[str] = []
    own = policy.service.principal if policy.service else ""
    for statement in parse_trust(role.trust):
        if not statement.allows:
            found.append("a Deny statement in the trust policy")
        elif others := [name for name in (*statement.services, *statement.others) if name != own]:
            found.append(f"{listed(others)} in the trust policy")
        for comparison in statement.comparisons:
            if comparison.name == SOURCE_ARN:
                lost = [value for value in comparison.values if value not in policy.source_arns]
                found += [f"the source {value} in the trust policy" for value in lost]
            elif comparison.name != SOURCE_ACCOUNT:
                found.append(f"the condition {comparison.written} {comparison.key} in the trust policy")
    return found


def past_limits(role: DeployedRole, policy: SendingPolicy) -> list[str]:
    """Return a sentence for each document that exceeds IAM's quota for what it is put into."""
    limit = MANAGED_LIMIT if _own_managed_policy(role) else INLINE_LIMIT
    documents = {
        "trust": (size(policy.trust_document()), TRUST_LIMIT),
        "permission": (size(policy.permission_document()), limit),
    }
    return [
        f"The {kind} policy has {characters} characters, past IAM's limit of {limit}"
        for kind, (characters, limit) in documents.items()
        if characters > limit
    ]


def commands(role: DeployedRole, policy: SendingPolicy) -> list[str]:
    """Return the AWS CLI commands that put the documents, saved as `policies.json`, into the account.

    The permission policy replaces the one policy that lets the role send. If there are several, or if it is AWS's own
    or another account's, the permission policy is added, and a comment names each policy to remove sending from.
    """
    name = shlex.quote(role.arn.rpartition("/")[2])
    trust = f'aws iam update-assume-role-policy --role-name {name} --policy-document "$(jq .trust policies.json)"'
    labels = _sending_policies(role)
    if arn := _own_managed_policy(role):
        put, kept = f"aws iam create-policy-version --policy-arn {shlex.quote(arn)} --set-as-default", labels[0]
    else:
        sid = policy.service.permission_sid if policy.service else "Sending"
        inline = len(labels) == 1 and labels[0].startswith(_INLINE)
        kept = labels[0] if inline else _INLINE + sid
        policy_name = shlex.quote(kept.removeprefix(_INLINE))
        put = f"aws iam put-role-policy --role-name {name} --policy-name {policy_name}"
    others = [label for label in labels if label != kept]
    comments = [f"# Then remove sending from the {label}, or remove it from the role" for label in others]
    return [trust, f'{put} --policy-document "$(jq .permission policies.json)"', *comments]


def _sending_policies(role: DeployedRole) -> list[str]:
    """Return what messages call the policies that let the role send."""
    return list(dict.fromkeys(rule.policy for rule in parse_rules(role.policies) if rule.allows and rule.sends))


def _own_managed_policy(role: DeployedRole) -> str:
    """Return the ARN of the one policy that lets the role send, if it is a managed policy of the role's account."""
    labels = _sending_policies(role)
    arn = labels[0].removeprefix("managed policy ") if len(labels) == 1 else ""
    return arn if f"::{role.account}:" in arn else ""
