"""`sending-role-verify`: whatever the policies, "matches" agrees with an IAM evaluator, the local AWS's own."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_resource_policy, parse_policy_document

from pinpoint_role_construct.policies import ACTIONS, SENDING_ACTIONS, TEMPLATE_ACTIONS
from pinpoint_role_construct.services import SendingService
from pinpoint_role_construct.verify.compare import compare
from pinpoint_role_construct.verify.expectation import Arguments, expect
from pinpoint_role_construct.verify.permission import compare_permission
from tests.sending_roles import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    PINPOINT,
    REGION,
    SCHEDULER,
    SES,
    STEP_FUNCTIONS,
    Document,
    document,
    role_of,
    statement,
    trust_statement,
)

CASES = settings(
    max_examples=1000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

# What a request may ask for
NAMES = [
    "identity/example.com",
    "identity/example.org",
    "identity/me@example.com",
    "identity/fresh.example",
    "identity/axample.com",
    "identity/example.cox",
]
SETS = ["configuration-set/marketing", "configuration-set/other"]
TEMPLATES = ["template/welcome", "template/other"]
ARNS = [f"{SES}:{name}" for name in NAMES + SETS + TEMPLATES] + [
    f"{SES}:identity/example.com.evil.net",
    f"{SES.replace(REGION, OTHER_REGION)}:identity/example.com",
    f"{SES.replace(ACCOUNT, OTHER_ACCOUNT)}:identity/example.com",
]
ADDRESSES = [
    "news@example.com",
    "other@example.com",
    "NEWS@example.com",
    "x@example.org",
    "x@fresh.example",
    "x@evil.net",
]
OTHERS = ["ses:SendCustomVerificationEmail", "ses:DeleteEmailIdentity", "iam:PassRole", "sqs:SendMessage"]

# What a policy may say
ACTION_LISTS = [
    list(ACTIONS),
    list(ACTIONS),
    [action.lower() for action in reversed(ACTIONS)],
    list(SENDING_ACTIONS),
    list(TEMPLATE_ACTIONS),
    [action for action in SENDING_ACTIONS if action != "ses:SendBulkEmail"],
    *([action] for action in SENDING_ACTIONS),
    ["ses:Send*Email"],
    ["ses:SendRaw?mail"],
    ["ses:*"],
    ["*"],
    ["sqs:SendMessage"],
    [*ACTIONS, "sqs:SendMessage"],
]
RESOURCE_LISTS = [
    [f"{SES}:identity/*", f"{SES}:configuration-set/*"],
    [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"],
    [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing", f"{SES}:template/welcome"],
    [f"{SES}:identity/example.com"],
    [f"{SES}:identity/example.com", f"{SES}:identity/example.org"],
    [f"{SES}:configuration-set/marketing"],
    [f"{SES}:identity/*.com"],
    [f"{SES}:identity/?xample.com"],
    [f"{SES}:identity/"],
    [f"{SES}:identity/example.co?"],
    [f"{SES.replace(REGION, '*')}:identity/*"],
    [f"{SES.replace(ACCOUNT, '*')}:identity/example.com"],
    [f"{SES.replace(REGION, OTHER_REGION)}:identity/example.com", f"{SES}:identity/example.com"],
    ["*"],
    [f"{SES}:*"],
    ["arn:aws:sqs:us-east-1:111122223333:dead-letters"],
]
CONDITIONS: list[dict[str, dict[str, Any]]] = [
    {"StringEquals": {"ses:FromAddress": "news@example.com"}},
    {"stringequals": {"SES:fromaddress": ["news@example.com", "other@example.com"]}},
    {"StringEqualsIgnoreCase": {"ses:FromAddress": "news@example.com"}},
    {"StringLike": {"ses:FromAddress": "*@example.com"}},
    {"StringLike": {"ses:FromAddress": "news@example.com"}},
    {"StringEquals": {"ses:FromAddress": "*@example.com"}},
    {"StringEquals": {"ses:FromAddress": "x@evil.net"}},
    {"StringEqualsIfExists": {"ses:FromAddress": "news@example.com"}},
    {"ForAllValues:StringEquals": {"ses:FromAddress": "news@example.com"}},
    {"ForAnyValue:StringEquals": {"ses:FromAddress": "news@example.com"}},
    {"StringNotEquals": {"ses:FromAddress": "news@example.com"}},
    {"StringNotLike": {"ses:FromAddress": "*@example.com"}},
    {"StringEquals": {"ses:FromAddress": []}},
    {"Null": {"ses:FromAddress": "true"}},
    {"Null": {"ses:FromAddress": False}},
    {"StringEquals": {"aws:RequestedRegion": REGION}},
    {"StringNotEquals": {"aws:RequestedRegion": REGION}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    {"StringEquals": {"ses:FromAddress": "news@example.com"}, "StringLike": {"ses:FromAddress": "other@*"}},
]

STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow"] * 5 + ["Deny"]),
        "Action": st.sampled_from(ACTION_LISTS),
        "Resource": st.sampled_from(RESOURCE_LISTS),
        "Condition": st.one_of(st.none(), st.none(), st.sampled_from(CONDITIONS)),
    }
)
NEGATED = st.sampled_from([{}] * 8 + [{"NotAction": ["iam:*"]}, {"NotResource": [f"{SES}:identity/example.com"]}])


@st.composite
def statements(draw: st.DrawFn) -> Document:
    values = draw(STATEMENTS)
    for element, value in draw(NEGATED).items():
        del values[element.removeprefix("Not")]
        values[element] = value
    return {element: value for element, value in values.items() if value is not None}


@st.composite
def arguments(draw: st.DrawFn) -> Arguments:
    identities = draw(st.sampled_from([None, None, ["example.com"], ["example.com", "example.org"]]))
    return Arguments(
        region=REGION,
        identities=identities,
        configuration_sets=draw(st.sampled_from([None, None, [], ["marketing"]])),
        templates=draw(st.sampled_from([None, None, ["welcome"]])),
        from_addresses=draw(
            st.sampled_from([None, None, ["news@example.com"], ["news@example.com", "other@example.com"]])
        ),
        also_allow=draw(st.sampled_from([(), ["sqs:SendMessage"]])),
    )


@st.composite
def policies(draw: st.DrawFn) -> tuple[Arguments, list[Document]]:
    """Return what is expected, and statements: those that it asks for, with others, or others alone."""
    asked = draw(arguments())
    right = expect(role_of(), asked).policy.permission_statements() if draw(st.booleans()) else []
    others = draw(st.lists(statements(), min_size=0 if right else 1, max_size=2))
    if right and others and draw(st.booleans()):
        element = draw(st.sampled_from(["Action", "Resource", "Condition"]))
        if element in others[0]:
            right[0] = {**right[0], element: others.pop(0)[element]}
    return asked, draw(st.permutations(right + others))


def may(parsed: list[Any], limits: list[list[Any]], action: str, arn: str, address: str) -> bool:
    keys: dict[str, Any] = {} if action == "ses:SendBulkEmail" else {"ses:fromaddress": address}
    context = EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/sender",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=arn,
        region=REGION,
        source_ip="203.0.113.1",
        secure_transport=True,
        service_context=keys,
    )
    return bool(evaluate(context, [parsed], *limits).decision == "Allow")


def check(asked: Arguments, written: list[Document], boundary: list[Document] | None = None) -> None:
    """Assert that the evaluator allows all that is asked for, or some of what is left open, and nothing else."""
    policy = expect(role_of(*written), asked).policy
    parsed = parse_policy_document(document(*written))
    limits: list[list[Any]] = [] if boundary is None else [[parse_policy_document(document(*boundary))]]
    open_kinds: list[str] = [] if asked.identities else ["identity/"]
    open_kinds += [] if asked.configuration_sets is not None else ["configuration-set/"]
    inside = [
        arn for arn in ARNS if arn in policy.resources or any(arn.startswith(f"{SES}:{kind}") for kind in open_kinds)
    ]
    allowed = {
        (action, arn, address)
        for action, arn, address in itertools.product((*SENDING_ACTIONS, *OTHERS), ARNS, ADDRESSES)
        if may(parsed, limits, action, arn, address)
    }
    for action, arn, address in allowed:
        if action == "sqs:SendMessage" and asked.also_allow:
            continue
        assert action in policy.actions, action
        assert arn in inside, (action, arn)
        is_from = not policy.from_addresses or action == "ses:SendBulkEmail" or address in policy.from_addresses
        assert is_from, (action, arn, address)
    workable = [address for address in ADDRESSES if _works(asked, policy.actions, policy.resources, allowed, address)]
    assert workable
    assert set(policy.from_addresses) <= set(workable)


def _works(asked: Arguments, actions: Any, resources: Any, allowed: set[tuple[str, str, str]], address: str) -> bool:
    named = [arn for arn in resources if "*" not in arn]
    sends = {arn for action, arn, sender in allowed if sender == address and action in actions}
    everything = {*named, *sends}
    return any(":identity/" in arn for arn in everything) and all(
        (action, arn, address) in allowed for action in actions for arn in everything
    )


def test_matches_agrees_with_an_evaluator() -> None:
    seen: Counter[bool] = Counter()

    @CASES
    @given(policies())
    def run(case: tuple[Arguments, list[Document]]) -> None:
        asked, written = case
        role = role_of(*written)
        matched = not compare(role, expect(role, asked))
        seen[matched] += 1
        if matched:
            check(asked, written)

    run()
    assert seen.total() >= 1000
    assert seen[True] >= 100, seen
    assert seen[False] >= 100, seen


def test_matches_agrees_with_an_evaluator_under_a_boundary() -> None:
    seen: Counter[bool] = Counter()

    @CASES
    @given(policies(), st.lists(statements(), min_size=1, max_size=2), st.booleans())
    def run(case: tuple[Arguments, list[Document]], limits: list[Document], broad: bool) -> None:
        asked, written = case
        boundary = [*limits, {"Effect": "Allow", "Action": "*", "Resource": "*"}] if broad else limits
        role = role_of(*written, boundary=boundary)
        matched = not compare(role, expect(role, asked))
        seen[matched] += 1
        if matched:
            check(asked, written, boundary)

    run()
    assert seen.total() >= 1000
    assert seen[True] >= 50, seen


def test_what_is_asked_for_matches() -> None:
    @CASES
    @given(arguments())
    def run(asked: Arguments) -> None:
        written = expect(role_of(), asked).policy.permission_statements()
        role = role_of(*written)
        assert list(compare_permission(role, expect(role, asked))) == []
        check(asked, written)

    run()


# Who may assume a role


def source_arn(service: SendingService, region: str = REGION, account: str = ACCOUNT, name: str = "one") -> str:
    return service.source_pattern("aws", region, account).replace("*", name)


def sources(service: SendingService) -> list[str]:
    """Return patterns that a trust policy may have for a source."""
    pattern = service.source_pattern("aws", REGION, ACCOUNT)
    fields = pattern.split(":")
    return [
        pattern,
        pattern.replace(REGION, "*"),
        source_arn(service),
        source_arn(service, name="two"),
        pattern.replace(ACCOUNT, "*"),
        pattern.replace(ACCOUNT, OTHER_ACCOUNT),
        pattern.replace(REGION, OTHER_REGION),
        pattern.removesuffix("*"),
        ":".join([*fields[:5], "*"]),
        "*",
        pattern.replace("arn:aws:", "arn:*:"),
    ]


TRUST_CONDITIONS: list[dict[str, dict[str, Any]]] = [
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"stringequals": {"AWS:sourceaccount": [ACCOUNT]}},
    {"StringLike": {"aws:SourceAccount": ACCOUNT}},
    {"StringLike": {"aws:SourceAccount": "1*"}},
    {"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHER_ACCOUNT]}},
    {"StringEquals": {"aws:SourceAccount": OTHER_ACCOUNT}},
    {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}},
    {"ForAllValues:StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"StringNotEquals": {"aws:SourceAccount": OTHER_ACCOUNT}},
    {"Null": {"aws:SourceAccount": "false"}},
    {},
]
SOURCE_OPERATORS = ["ArnLike"] * 4 + ["ArnEquals", "StringLike", "StringEquals", "ArnNotLike", "ArnLikeIfExists"]
OTHER_TRUST_CONDITIONS: list[dict[str, dict[str, Any]]] = [
    *([{}] * 6),
    {"StringEquals": {"sts:ExternalId": "secret"}},
    {"StringNotEquals": {"sts:ExternalId": "secret"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
]


@st.composite
def trusts(draw: st.DrawFn, service: SendingService) -> Document:
    condition: dict[str, dict[str, Any]] = {}
    parts = [draw(st.sampled_from(TRUST_CONDITIONS)), draw(st.sampled_from(OTHER_TRUST_CONDITIONS))]
    if draw(st.booleans()):
        values = draw(st.lists(st.sampled_from(sources(service)), min_size=1, max_size=2))
        parts.append({draw(st.sampled_from(SOURCE_OPERATORS)): {"aws:SourceArn": values}})
    for part in parts:
        for operator, keys in part.items():
            condition.setdefault(operator, {}).update(keys)
    principals: list[Any] = [{"Service": service.principal}] * 6
    principals += [
        {"Service": [service.principal, "lambda.amazonaws.com"]},
        {"Service": "lambda.amazonaws.com"},
        {"Service": service.principal, "AWS": OTHER_ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "*",
    ]
    return {
        "Effect": draw(st.sampled_from(["Allow"] * 6 + ["Deny"])),
        "Principal": draw(st.sampled_from(principals)),
        "Action": draw(st.sampled_from(["sts:AssumeRole"] * 4 + ["STS:assumerole", "sts:*", "sts:TagSession"])),
        **({"Condition": condition} if condition else {}),
    }


def may_assume(trust: Document, caller: str, account: str, source: str | None, action: str = "sts:AssumeRole") -> bool:
    keys = {"aws:sourceaccount": account, "aws:sourcearn": source}
    is_service = caller.endswith(".com")
    context = EvalContext(
        principal_arn="" if is_service else caller,
        principal_type="Service" if is_service else "AssumedRole",
        principal_account="" if is_service else account,
        action=action,
        resource_arn="*",
        region=REGION,
        service_context={key: value for key, value in keys.items() if value} if is_service else {},
    )
    applicable = {"Statement": [{**element, "Resource": "*"} for element in trust["Statement"]]}
    return bool(evaluate_resource_policy(applicable, context, service=caller).decision == "Allow")


def check_trust(service: SendingService, given_sources: list[str] | None, written: list[Document]) -> None:
    trust = document(*written)
    own = [source_arn(service), source_arn(service, name="two")]
    strange = [
        source_arn(service, account=OTHER_ACCOUNT),
        source_arn(PINPOINT if service is not PINPOINT else SCHEDULER),
        f"arn:aws:s3:{REGION}:{ACCOUNT}:bucket",
    ]
    narrowed = given_sources is not None or service.source_required
    for source in [*own, *strange, None]:
        account = source.split(":")[4] if source else ACCOUNT
        for caller in (
            "lambda.amazonaws.com",
            f"arn:aws:iam::{ACCOUNT}:role/x",
            f"arn:aws:iam::{OTHER_ACCOUNT}:role/x",
        ):
            assert not may_assume(trust, caller, account, source), (caller, account, source)
        assert not may_assume(trust, service.principal, account, source, "sts:TagSession")
        assert not may_assume(trust, service.principal, OTHER_ACCOUNT, None)
        if may_assume(trust, service.principal, account, source):
            assert account == ACCOUNT, source
            if narrowed:
                assert source in own, source
                assert source in (given_sources or own) or service.source_pattern("aws", REGION, ACCOUNT) in (
                    given_sources or []
                ), source
    if given_sources:
        asked_for = [source for source in given_sources if source in own] or own
        assert all(may_assume(trust, service.principal, ACCOUNT, source) for source in asked_for)
    else:
        assert any(
            may_assume(trust, service.principal, ACCOUNT, source) for source in [*own, source_arn(service, name="x")]
        )


def test_matches_agrees_with_an_evaluator_of_trust() -> None:
    seen: Counter[bool] = Counter()

    @CASES
    @given(st.data(), st.sampled_from([PINPOINT, SCHEDULER, STEP_FUNCTIONS]))
    def run(data: st.DataObject, service: SendingService) -> None:
        pattern = service.source_pattern("aws", REGION, ACCOUNT)
        given_sources = data.draw(st.sampled_from([None, None, [pattern], [source_arn(service)]]))
        written = data.draw(st.lists(trusts(service), min_size=1, max_size=2))
        if data.draw(st.booleans()):
            written = [trust_statement(service), *written[1:]]
        role = role_of(trust=written)
        matched = not compare(role, expect(role, Arguments(region=REGION, service=service, source_arns=given_sources)))
        seen[matched] += 1
        if matched:
            check_trust(service, given_sources, written)

    run()
    assert seen.total() >= 1000
    assert seen[True] >= 50, seen


def test_the_evaluator_can_say_yes_and_no() -> None:
    parsed = parse_policy_document(document(statement()))
    assert may(parsed, [], "ses:SendEmail", ARNS[0], ADDRESSES[0])
    assert not may(parsed, [], "ses:SendEmail", ARNS[1], ADDRESSES[0])
    trust = document(trust_statement())
    assert may_assume(trust, PINPOINT.principal, ACCOUNT, None)
    assert not may_assume(trust, PINPOINT.principal, OTHER_ACCOUNT, None)
