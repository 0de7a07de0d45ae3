"""The two policies that `--policies` prints for the role of a sending service.

They are what the construct would make of the arguments and, for those not given, of what the role has. If they would
lose or add anything else, they are not printed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, ResourceKind
from ..policies import (
    NARROWINGS,
    TEMPLATE_ACTIONS,
    Document,
    Narrowing,
    SendingPolicy,
    may_be_sent_with,
    sending_actions,
)
from ..policy_language import Statement, as_list, contains, is_pattern, matches_action, overlaps
from ..services import known_services
from .assume import is_for
from .expect import KINDS, Expectation, option
from .trust import restricts_source


def propose(expected: Expectation) -> tuple[dict[str, Document], list[str]]:
    """The trust policy and the permission policy of a role, and the AWS CLI commands that install them.

    The permission policy replaces the role's only inline policy that sends, or is added; no managed policy is changed.
    """
    service, entity = expected.policy.service, expected.entity
    if service is None:
        raise ValueError(f"--policies is for the roles of {', '.join(known_services())}: pass one with --service")
    sending = [s for s in entity.statements if s.allows and sending_actions(s)]
    policy = _proposed(replace(expected, stated_region=expected.region), sending)
    regions = [region for arn in policy.source_arns for region in arn.split(":")[3:4]]
    elsewhere = regions and not any(overlaps(region, expected.region) for region in regions)
    if not expected.region or (expected.stated_region == "REGION" and elsewhere):
        raise ValueError("--region: nothing says which Region sends; accepted: one such as us-east-1")
    policies = list(dict.fromkeys(s.label.partition(", statement ")[0] for s in sending))
    inline = [name for name in policies if name.startswith("inline policy ")]
    kept = inline[0] if len(inline) == 1 else f"inline policy {service.permission_sid}"
    replaced = [s for s in entity.statements if s.label.partition(", statement ")[0] in (*policies, kept)]
    lost = [*_lost_trust(expected), *(loss for s in replaced for loss in _lost(s, expected, policy))]
    if problems := [*(f"lose {loss}" for loss in lost), *_added(expected, policy, sending)]:
        raise ValueError(f"--policies would {'; '.join(dict.fromkeys(problems))}")
    role, name = (shlex.quote(text) for text in (entity.arn.rpartition("/")[2], kept[14:]))
    commands = [
        f'aws iam update-assume-role-policy --role-name {role} --policy-document "$(jq .trust policies.json)"',
        f"aws iam put-role-policy --role-name {role} --policy-name {name} \\",
        '  --policy-document "$(jq .permission policies.json)"',
        *(f"# Then remove the {other} from the role: it allows sending too." for other in policies if other != kept),
    ]
    return {"trust": policy.trust_document(), "permission": policy.permission_document()}, commands


def _proposed(expected: Expectation, sending: list[Statement]) -> SendingPolicy:
    """What was given, and for the rest what the role has."""
    policy, service, trust = expected.policy, expected.policy.service, expected.entity.trust_statements
    assert service is not None
    sources = tuple(v for s in trust for c in s.conditions if restricts_source(c) for v in c.values)
    default = (expected.source_pattern(service),) if service.source_required else ()
    identities, sets, templates = (_kept(kind, expected, sending) for kind in KINDS)
    narrowed: dict[str, Any] = {n.argument: getattr(policy, n.argument) or _shared(n, sending) for n in NARROWINGS}
    return replace(
        policy,
        identity_arns=identities or (expected.pattern(IDENTITY),),
        configuration_set_arns=sets if identities or sets else (expected.pattern(CONFIGURATION_SET),),
        template_arns=templates,
        source_arns=policy.source_arns or tuple(dict.fromkeys(sources)) or default,
        **narrowed,
    )


def _kept(kind: ResourceKind, expected: Expectation, sending: list[Statement]) -> tuple[str, ...]:
    """The resources of a kind that were given, or that the role has; of a wider pattern what is the account's own."""
    if option(kind) in expected.given:
        return expected.arns(kind)
    found: list[str] = []
    for statement in sending:
        templated = kind is not TEMPLATE or set(sending_actions(statement)) & set(TEMPLATE_ACTIONS)
        for arn in statement.resources or ("*",):
            own = arn if expected.is_ordinary(arn, kind) else expected.narrowed(arn, kind) if templated else None
            found += [own] if own else []
    return tuple(dict.fromkeys(found))


def _shared(narrowing: Narrowing, sending: list[Statement]) -> tuple[str, ...]:
    """The values of a key to which every statement restricts messages, as the construct would; none if they differ."""
    found = set()
    for statement in sending:
        about = [(c.comparison, c.values) for c in statement.conditions if c.name == narrowing.key.lower()]
        values = about[0][1] if about else ()
        written = [(operator.lower(), tuple(as_list(value))) for operator, value in narrowing.conditions(values)]
        plain = not any("${" in v or "?" in v or (not narrowing.patterns and "*" in v) for v in values)
        found.add(values if sorted(about) == sorted(written) and plain else ())
    return found.pop() if len(found) == 1 else ()


def _lost(statement: Statement, expected: Expectation, policy: SendingPolicy) -> Iterator[str]:
    """Yield what a statement has and the proposed policy would not keep."""
    of, keys = f"({statement.label})", {narrowing.key.lower() for narrowing, _ in policy.narrowings}
    if not statement.allows:
        yield f"a Deny statement {of}"
        return
    accepted = {*policy.actions, *(action for n, _ in expected.policy.narrowings for action in n.unknown_to)}
    for action in statement.actions:
        sends = contains("ses:send*", action.lower()) and any(matches_action(action, known) for known in accepted)
        if not sends:
            yield f"the action {action} {of}"
    yield from (f"every action but {action} {of}" for action in statement.not_actions)
    yield from (f"the exclusion of {arn} {of}" for arn in statement.not_resources)
    yield from (f"the condition {c.written} {of}" for c in statement.conditions if c.name not in keys)
    for arn in filter(may_be_sent_with, statement.resources):
        inside = [expected.narrowed(arn, kind) for kind in KINDS if is_pattern(arn)]
        own = arn.split(":")[3:5] == [expected.region, expected.entity.account]
        if "${" in arn or not (policy.covers(arn) or any(inside) or (own and not is_pattern(arn))):
            yield f"{arn} {of}"


def _added(expected: Expectation, policy: SendingPolicy, sending: list[Statement]) -> Iterator[str]:
    """Yield what the proposed policy would allow that neither an argument asks for nor the role allows."""
    for kind in KINDS:
        arns = [arn for arn in policy.resources if f":{kind.resource}/" in arn and option(kind) not in expected.given]
        for action in policy.actions if option(IDENTITY) not in expected.given else ():
            about = [s for s in sending if s.has_action(action)]
            more = [arn for arn in arns if not any(contains(p, arn) for s in about for p in s.resources or ("*",))]
            yield from (f"add {action} on {arn}: pass {option(IDENTITY)} to ask for it" for arn in more)


def _lost_trust(expected: Expectation) -> Iterator[str]:
    for statement in expected.entity.trust_statements:
        of, service = f"({statement.label})", expected.policy.service
        if not statement.allows:
            yield f"a Deny statement {of}"
            continue
        for _, name in statement.principals:
            if service is None or not service.has_principal(name):
                yield f"the principal {name} {of}"
        actions = statement.actions or ("every other action",)
        yield from (f"the action {action} {of}" for action in actions if action.lower() != "sts:assumerole")
        for c in statement.conditions:
            account = c.name == "aws:sourceaccount" and is_for(expected.entity.account, [c])
            given = bool(expected.policy.source_arns) and c.name == "aws:sourcearn"
            sources = service and restricts_source(c) and all(expected.is_source(service, v) for v in c.values)
            if not (account or given or sources):
                yield f"the condition {c.written} {of}"
