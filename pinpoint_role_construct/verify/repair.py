"""The documents that a role should have, for `--policies`."""

from __future__ import annotations

import shlex
from dataclasses import replace

from ..names import CONFIGURATION_SET, IDENTITY, ResourceKind, parse_address
from ..policies import ACTIONS_WITHOUT_SENDER, FROM_ADDRESS, SENDING_ACTIONS, SendingPolicy
from ..policy_language import parse_statements
from ..wildcards import overlaps
from .deployed import DeployedRole
from .expectation import Expectation, option, within_source
from .sending import Rule, Sending
from .trust_statements import SOURCE_ACCOUNT, SOURCE_ARN, parse_trust

_SENDING = [action.lower() for action in SENDING_ACTIONS]


def repaired(role: DeployedRole, expected: Expectation) -> SendingPolicy:
    """Return the policy that a role should have: what was given, and for the rest what the role has of it.

    Raises:
        ValueError: Nothing says which service may assume the role.
    """
    policy = expected.policy
    if policy.service is None:
        raise ValueError("the trust policy names no known service, or several: say which with --service")
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
        if overlaps(arn, f"*:{kind.resource}/?*")
    ]
    return tuple(dict.fromkeys(arns))


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


def losses(role: DeployedRole, expected: Expectation, policy: SendingPolicy) -> list[str]:
    """Return what the role's policies have and the documents leave out, a phrase each."""
    return [*_lost_conditions(role, expected, policy), *_lost_statements(role), *_lost_trust(role, policy)]


def _lost_conditions(role: DeployedRole, expected: Expectation, policy: SendingPolicy) -> list[str]:
    rules = [rule for rule in Sending(role, expected).rules if rule.sends and rule.comparisons]
    kept = set(policy.from_addresses)
    return [
        f"the condition {comparison.written} {comparison.key} ({rule.label})"
        for rule in rules
        for comparison in rule.comparisons
        if comparison.name != FROM_ADDRESS or not rule.allows or not set(comparison.values) <= kept or not kept
    ]


def _lost_statements(role: DeployedRole) -> list[str]:
    found: list[str] = []
    for label, policy in role.policies.items():
        for statement in parse_statements(policy):
            if statement.effect == "Deny" and not statement.conditions:
                found.append(f"a Deny statement in the {label}")
            if others := [action for action in statement.actions if action not in _SENDING]:
                found.append(f"{', '.join(others)} in the {label}")
            found += [f"the policy variable in {arn} ({label})" for arn in statement.resources if "${" in arn]
    return found


def _lost_trust(role: DeployedRole, policy: SendingPolicy) -> list[str]:
    found: list[str] = []
    for statement in parse_trust(role.trust):
        if not statement.allows:
            found.append("a Deny statement in the trust policy")
        for comparison in statement.comparisons:
            if comparison.name == SOURCE_ARN:
                lost = [value for value in comparison.values if value not in policy.source_arns]
                found += [f"the source {value} in the trust policy" for value in lost]
            elif comparison.name != SOURCE_ACCOUNT:
                found.append(f"the condition {comparison.written} {comparison.key} in the trust policy")
    return found


def commands(role: DeployedRole, policy: SendingPolicy) -> list[str]:
    """Return the AWS CLI commands that put the documents, saved as `policies.json`, into the account."""
    name = shlex.quote(role.arn.rpartition("/")[2])
    trust = f'aws iam update-assume-role-policy --role-name {name} --policy-document "$(jq .trust policies.json)"'
    managed = [label.removeprefix("managed policy ") for label in role.policies if label.startswith("managed")]
    inline = [label.removeprefix("inline policy ") for label in role.policies if label.startswith("inline")]
    own = [arn for arn in managed if f"::{role.account}:" in arn]
    if not inline and len(managed) == len(own) == 1:
        put = f"aws iam create-policy-version --policy-arn {own[0]} --set-as-default"
    else:
        sid = policy.service.permission_sid if policy.service else "Sending"
        put = f"aws iam put-role-policy --role-name {name} --policy-name {inline[0] if len(inline) == 1 else sid}"
    return [trust, f'{put} --policy-document "$(jq .permission policies.json)"']
