"""Whatever the policies say, exit 0 agrees with an IAM evaluator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinpoint_role_construct.services import SendingService
from pinpoint_role_construct.verify.check import Checked, check
from pinpoint_role_construct.verify.expect import expect
from pinpoint_role_construct.verify.read import Account

from . import oracle
from . import senders as s
from .fake_iam import FakeIam
from .senders import CS, EVERY, ID, SES, TEMPLATE, Json, Sender, own_account, role, source_of

MANY = settings(max_examples=500, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
RESOURCES = [
    EVERY, EVERY, [ID, CS], [ID, CS], [ID, CS, TEMPLATE], [ID], [ID, f"{SES}:identity/example.org"], [CS], ["*"],
    [f"{SES}:identity/*.com"], [f"{SES}:identity/?xample.com"], [f"{SES}:identity/"], [f"{SES}:*"],
    [EVERY[0].replace(s.REGION, "*")], [ID.replace(s.ACCOUNT, "*")], [s.THERE[0], ID], [s.THEIRS, CS],
    ["arn:aws:sqs:us-east-1:111122223333:dead-letters"], [f"{SES}:identity/${{aws:username}}", CS],
]  # fmt: skip
ACTIONS = [
    s.BOTH, s.BOTH, ["ses:sendrawemail", "SES:SendEmail"], oracle.ACTIONS, s.TEMPLATED, *([a] for a in oracle.ACTIONS),
    [a for a in oracle.ACTIONS if a != oracle.BULK], ["ses:Send*Email"], ["ses:SendRaw?mail"], ["ses:*"], ["*"],
    ["sqs:SendMessage"], [*s.BOTH, "sqs:SendMessage"], ["sesv2:SendEmail"],
]  # fmt: skip
FROM, TO, OF = "ses:FromAddress", "ses:Recipients", "ses:TenantName"
CONDITIONS: list[Json] = [
    *({f"String{operator}": {FROM: "news@example.com"}} for operator in ("Equals", "EqualsIfExists", "NotEquals")),
    *({f"{every}:StringEquals": {FROM: "news@example.com"}} for every in ("ForAllValues", "ForAnyValue")),
    *({f"String{operator}": {FROM: "*@example.com"}} for operator in ("Like", "Equals", "NotLike")),
    *({f"{every}StringLike": {TO: "*@example.net"}} for every in ("ForAllValues:", "ForAnyValue:", "")),
    *({f"String{operator}": {OF: "prod-*"}} for operator in ("Like", "NotLike")), {"StringEquals": {OF: "prod-a"}},
    {"Null": {FROM: "true"}}, {"Null": {OF: "true"}}, {"stringequals": {"SES:fromaddress": oracle.SENDERS[:2]}},
    {"StringEquals": {FROM: "news@example.com"}, "StringLike": {FROM: "other@*"}},
    {"ForAllValues:StringLike": {TO: "*@example.net"}, "Null": {TO: "false"}},
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-1", FROM: "x@example.org"}},
    {"StringEquals": {"aws:SourceVpce": "v"}}, {"StringEqualsIgnoreCase": {FROM: "news@example.com"}},
]  # fmt: skip
STATEMENTS = st.builds(
    lambda effect, action, resource, condition, negated: {
        "Effect": effect, "Action": action, "Resource": resource, "Condition": condition, **negated
    },
    st.sampled_from(["Allow"] * 5 + ["Deny"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from([{}] * 24 + CONDITIONS),
    st.sampled_from([{}] * 8 + [{"Action": None, "NotAction": ["iam:*"]}, {"Resource": None, "NotResource": [ID]}]),
).map(lambda statement: {element: value for element, value in statement.items() if value})  # fmt: skip
GIVEN: dict[str, list[list[str] | None]] = {
    "--identity": [None, None, ["example.com"], ["example.com", "example.org"]],
    "--configuration-set": [None, None, [], ["marketing"]],
    "--template": [None, None, ["welcome"]],
    "--from-address": [None, None, None, ["news@example.com"], ["news@example.com", "other@example.com"]],
    "--recipient": [None, None, None, ["*@example.net"]],
    "--tenant": [None, None, None, ["prod-*"], ["prod-a"]],
    "--also-allow": [None, ["sqs:SendMessage"]],
}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Sender, dict[str, list[str]], SendingService | None]:
    """A role and arguments: its policies have what they ask for, something else, or both."""
    arguments = {name: found for name, all_ in GIVEN.items() if (found := draw(st.sampled_from(all_))) is not None}
    service = draw(st.sampled_from([None, None, s.PINPOINT, s.SCHEDULER]))
    trust: Any = service or s.LAMBDA
    asked = expect(Account(FakeIam(role(trust=trust)).client()).entity("sender"), arguments, default_region=s.REGION)
    own = asked.policy.permission_statement()
    own["Resource"] = [*([] if asked.policy.identity_arns else EVERY[:1]), *asked.policy.resources]
    right = [own] if draw(st.integers(0, 3)) else []
    others = draw(st.lists(STATEMENTS, min_size=0 if right else 1, max_size=2))
    if right and others and draw(st.booleans()):
        element = draw(st.sampled_from(["Action", "Resource", "Condition"]))
        right[0] = {**own, element: others.pop(0).get(element, own.get(element, {}))}
    limits = draw(st.sampled_from([[]] * 3 + [[s.allow("*", ["*"])]]))
    bounded = draw(st.integers(0, 3)) == 0
    boundary = [*draw(st.lists(STATEMENTS, min_size=1, max_size=2)), *limits] if bounded else None
    return role(*draw(st.permutations(right + others)), trust=trust, boundary=boundary), arguments, service


def checked(sender: Sender, arguments: dict[str, list[str]], **more: Any) -> Checked:
    client = FakeIam(sender).client()
    return check(expect(Account(client).entity(sender.arn), arguments, default_region=s.REGION, **more), client)


def test_a_role_that_passes_sends_what_was_asked_and_no_more() -> None:
    seen: Counter[str] = Counter()

    @MANY
    @given(cases())
    def run(case: tuple[Sender, dict[str, list[str]], SendingService | None]) -> None:
        sender, arguments, service = case
        found = checked(sender, arguments)
        lacks = ("PERMISSION-MISSING", "PERMISSION-DENY", "PERMISSION-BOUNDARY", "SIMULATOR-DENIES")
        seen["differs" if found.findings else "passes"] += 1
        if all(finding.code in lacks or not finding.code.startswith("PERM") for finding in found.findings):
            can = oracle.allowed(sender)
            assert not oracle.too_much(can, arguments, sender)
            seen["cannot send alone"] += bool(found.findings)
            elsewhere = any("Another account owns" in note for note in found.notes)
            assert found.findings or elsewhere or oracle.can_send(can, arguments, service is s.PINPOINT)

    run()
    assert min(seen["passes"], seen["differs"]) > 60, seen
    assert seen["cannot send alone"] > 10, seen
    assert not oracle.can_send(oracle.allowed(role(s.allow(resource=CS))), {}, needs_both=False)  # it can say no


TRUST_CONDITIONS: list[Json] = [
    *({}, own_account(), own_account(), own_account("1*", "StringLike"), own_account(s.OTHER_ACCOUNT)),
    *(own_account(operator=o) for o in ("StringEqualsIfExists", "ForAllValues:StringEquals", "StringLike")),
    *(own_account([s.ACCOUNT, s.OTHER_ACCOUNT]), own_account(s.OTHER_ACCOUNT, "StringNotEquals")),
    {"StringEquals": {"aws:SourceAccount": s.ACCOUNT, "sts:ExternalId": "x"}},
    {"stringequals": {"AWS:sourceaccount": [s.ACCOUNT]}},
    {"StringEquals": {"aws:SourceOrgID": "o-1"}},
    {"Null": {"aws:SourceAccount": "false"}},
]
OPERATORS = ["ArnLike"] * 4 + ["ArnEquals", "StringLike", "StringEquals", "ArnNotLike", "ArnLikeIfExists"]


@st.composite
def trusts(draw: st.DrawFn, service: SendingService) -> Json:
    conditions = {operator: dict(keys) for operator, keys in draw(st.sampled_from(TRUST_CONDITIONS)).items()}
    if draw(st.booleans()):
        pattern, fields = source_of(service), ({"account": "*"}, {"region": "*"}, {"account": s.OTHER_ACCOUNT})
        values = [pattern, pattern[:-1], pattern.replace("aws", "*", 1), "*", source_of(service, "one")]
        values += [source_of(service, "two"), *(source_of(service, **more) for more in fields)]
        chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
        conditions.setdefault(draw(st.sampled_from([*OPERATORS, "ForAnyValue:ArnLike"])), {})["aws:SourceArn"] = chosen
    principals: list[Any] = [{"Service": service.principal}] * 6
    principals += [{"Service": [service.principal, "lambda.amazonaws.com"]}, {"Service": "lambda.amazonaws.com"}, "*"]
    principals += [{"Service": service.principal, "AWS": s.OTHER_ACCOUNT}, {"AWS": f"arn:aws:iam::{s.ACCOUNT}:root"}]
    effect = draw(st.sampled_from(["Allow"] * 6 + ["Deny"]))
    action = draw(st.sampled_from(["sts:AssumeRole"] * 4 + ["STS:assumerole", "sts:*", "sts:TagSession"]))
    return s.trusting(draw(st.sampled_from(principals)), conditions, action, Effect=effect)


def test_a_trust_policy_that_passes_is_of_the_service_and_its_sources() -> None:
    seen: Counter[bool] = Counter()

    @MANY
    @given(st.data(), st.sampled_from([s.PINPOINT, s.SCHEDULER, s.STEP_FUNCTIONS]))
    def run(data: st.DataObject, service: SendingService) -> None:
        own = [source_of(service, name) for name in ("one", "two", "x")]
        sources = data.draw(st.sampled_from([None, None, [source_of(service)], own[:1]]))
        written = data.draw(st.lists(trusts(service), min_size=1, max_size=2))
        written = [s.documented(service), *written[1:]] if data.draw(st.booleans()) else written
        sender = role(s.allow(), trust=written)
        passes = not checked(sender, {"--source-arn": sources} if sources else {}, service=service).findings
        seen[passes] += 1
        if passes:
            check_trust(sender.trust or {}, service, sources, own)

    run()
    assert min(seen.values()) > 40, seen


def check_trust(trust: Json, service: SendingService, sources: list[str] | None, own: list[str]) -> None:
    asked = own[:1] if sources == own[:1] else own
    strangers = ["lambda.amazonaws.com", *(f"arn:aws:iam::{a}:role/x" for a in (s.ACCOUNT, s.OTHER_ACCOUNT))]
    foreign = [source_of(service, account=s.OTHER_ACCOUNT), "arn:aws:s3:us-east-1:111122223333:bucket", None]
    for source in [*own, *foreign]:
        account = source.split(":")[4] if source else s.ACCOUNT
        assert not any(oracle.can_assume(trust, stranger, account, source) for stranger in strangers)
        if oracle.can_assume(trust, service.principal, account, source):
            assert account == s.ACCOUNT
            assert source in asked or not (sources or service.source_required)
    assert not oracle.can_assume(trust, service.principal, s.OTHER_ACCOUNT, None)
    every: Callable[[Any], bool] = all if sources else any
    assert every(oracle.can_assume(trust, service.principal, s.ACCOUNT, source) for source in asked), (trust, sources)
