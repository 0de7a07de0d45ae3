"""Whether a role can send what was meant: what IAM's simulator is asked, and what its answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from . import senders as s
from .conftest import Command
from .fake_iam import FakeIam
from .senders import BOTH, CS, ID, NARROW, SES, Json, Sender, allow, deny, role

FROM, TO, OF = "ses:FromAddress", "ses:Recipients", "ses:TenantName"
A, AS_A, AS_B = "a@example.com", ["--from-address", "a@example.com"], ["--from-address", "b@example.com"]
FROM_A, HAS_SENDER = {"StringEquals": {FROM: A}}, {"Null": {FROM: "false"}}
TO_NET, HAS_RECIPIENT = {"ForAllValues:StringLike": {TO: "*@a.example"}}, {"Null": {TO: "false"}}
UNKNOWN = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
TWO = {"StringLike": {FROM: A}, **UNKNOWN}
VPCE = "StringEquals aws:SourceVpce vpce-1."
VARIABLE = f"{SES}:identity/${{aws:PrincipalTag/domain}}"
DENIES, MISSING, LIMITED, STRANGE = "PERMISSION-DENY", "PERMISSION-MISSING", "PERMISSION-BOUNDARY", "SIMULATOR-DENIES"


def domains(*names: str, **more: Any) -> Json:
    return allow(resource=[f"{SES}:identity/{name}" for name in names], **more)


def deny_if(operator: str, key: str, value: str) -> Json:
    return deny(conditions={operator: {key: value}})


DOMAIN, SET, PATTERN = "identity/example.com", "configuration-set/marketing", "identity/x.a.example"
SPARED = deny(resource=None, NotResource=f"{SES}:identity/b")
ASKED: list[tuple[str, Sender, list[str], list[tuple[str, Json]]]] = [  # with each sending action that the role has
    ("identities and sets", role(allow()), NARROW, [(DOMAIN, {}), (SET, {})]),
    ("a sample where a name is denied", role(domains("*"), deny("ses:*", ID)), [], [("identity/x", {})]),
    ("what a Deny spares", role(domains("*"), SPARED), [], [("identity/b", {})]),
    ("what the boundary allows", role(domains("*"), boundary=domains("*.a.example")), [], [(PATTERN, {})]),
    ("other Regions'", role(allow(resource=[s.THERE[0], s.THERE[0].replace("west", "north")])), [], [(DOMAIN, {})]),
    ("nothing of another account", role(allow(resource=[s.THEIRS, CS])), ["--identity", s.THEIRS], []),
    ("nothing of it, of a role that has nothing else", role(allow(resource=s.THEIRS)), [], []),
    ("nothing of a service-linked role", role(allow("ses:*", "*"), name="aws-service-role/x/y"), [], []),
    ("its own sender", role(allow(conditions=FROM_A)), [], [(DOMAIN, {FROM: [A]})]),
    ("a mailbox as its own", role(domains(A, conditions=HAS_SENDER)), [], [(f"identity/{A}", {FROM: [A]})]),
    ("another one", role(allow(), deny_if("StringLike", FROM, "s*")), [], [(DOMAIN, {FROM: ["mail@example.com"]})]),
    ("the one a Deny spares", role(allow(), deny_if("StringNotLike", FROM, A)), [], [(DOMAIN, {FROM: [A]})]),
    ("those the boundary accepts", role(allow(), boundary=allow("*", "*", FROM_A)), [], [(DOMAIN, {FROM: [A]})]),
    ("its recipients", role(allow(conditions=TO_NET)), [], [(DOMAIN, {TO: ["x@a.example"]})]),
    ("its tenant", role(allow(conditions={"StringLike": {OF: "prod-?"}})), [], [(DOMAIN, {OF: ["prod-x"]})]),
    ("no tenant", role(allow(), deny_if("StringLike", OF, "?*")), [], [(DOMAIN, {})]),
]


@pytest.mark.parametrize(("why", "sender", "arguments", "messages"), ASKED, ids=[case[0] for case in ASKED])
def test_what_the_simulator_is_asked(
    command: Command, why: str, sender: Sender, arguments: list[str], messages: list[tuple[str, Json]]
) -> None:
    said = command.check(sender, *arguments).json["decisions"]
    asked = [(each["action"], each["resource"].split(":", 5)[5], each["context"]) for each in said]
    assert asked == [(action, *message) for action in BOTH for message in messages]
    assert all(each["allowed"] for each in said)


def test_each_request_is_asked_once_and_with_its_keys(command: Command) -> None:
    iam = FakeIam(role(allow(conditions={**TO_NET, **FROM_A})))
    command.check(iam, *NARROW)
    asked = iam.asked("SimulatePrincipalPolicy")
    keys = {each["ContextKeyName"]: each["ContextKeyValues"] for each in asked[0]["ContextEntries"]}
    assert keys == {FROM: [A], TO: ["x@a.example"]}
    assert [each["ContextKeyType"] for each in asked[0]["ContextEntries"]] == ["string", "stringList"]
    assert (len(asked), iam.asked("SimulateCustomPolicy")) == (4, [])


BULK = role(allow("ses:SendBulkEmail", [ID, s.TEMPLATE], HAS_RECIPIENT))
LIMITED_TO_ID = role(allow(), boundary=allow("ses:*", ID))
VERSION = role(allow(conditions={"Null": {"ses:ApiVersion": "true"}}))
ORGANIZED = FakeIam(VERSION, organization={"Statement": [allow("s3:*", "*")]})
IN_B = {"A": {"Statement": allow()}, "B": {"Statement": deny()}}
NO_SENDING = role(allow("s3:*", "*"), boundary=allow("s3:*", "*"))
DENIALS: list[tuple[str, FakeIam | Sender, list[str], list[str], str]] = [
    ("a denial", role(allow(), deny()), [], [DENIES], f"{BOTH[0]} and {BOTH[1]} on {ID}: the inline policy Sending"),
    ("of one set", role(allow(), deny("ses:*", CS)), NARROW, [DENIES], f"on {CS}: the inline policy Sending denies"),
    ("in another policy", role(policies=IN_B), [], [DENIES], "B denies it; if the role should send this, exempt it"),
    ("of one of two actions", role(allow(), deny("ses:SendEmail")), [], [], ""),
    ("of a name, of all that SES has", role(allow(resource="*"), deny("ses:*", ID)), [], ["PERMISSION-WILDCARD"], ""),
    ("no policy at all", role(policies={}), [], [MISSING], "no policy allows it; allow it on what the role should"),
    ("bulk, which has no recipients", BULK, ["--template", "welcome"], [MISSING], f"{s.TEMPLATE}: no policy allows"),
    ("another sender", role(allow(conditions=TWO)), AS_B, ["PERMISSION-FROM-ADDRESS", MISSING], "for b@example"),
    ("a boundary", LIMITED_TO_ID, NARROW, [LIMITED], "sender-boundary does not allow it; allow it in this boundary."),
    ("that denies it", role(allow(), boundary=[allow("*", "*"), deny()]), [], [LIMITED], "does not allow it"),
    ("that depends", role(allow(), boundary=[allow("*", "*", UNKNOWN), deny(conditions=UNKNOWN)]), [], [], ""),
    ("and a denial", role(allow(), deny(), boundary=allow("s3:*", "*")), [], [DENIES], "denies it"),
    ("and no permission", NO_SENDING, ["--also-allow", "s3:*"], [LIMITED], "does not allow it"),
    ("an organization", ORGANIZED, [], [STRANGE], "organization does not allow it (IAM lacked a value for ses:api"),
]


@pytest.mark.parametrize(("why", "account", "arguments", "codes", "says"), DENIALS, ids=[case[0] for case in DENIALS])
def test_why_a_role_cannot_send(
    command: Command, why: str, account: FakeIam | Sender, arguments: list[str], codes: list[str], says: str
) -> None:
    answer = command.check(account, *arguments)
    assert answer.codes == codes
    assert any(says in message for message in [*answer.messages, ""])


@pytest.mark.parametrize("policies", [None, {"Sending": {"Statement": allow()}}])
def test_a_denial_that_no_policy_explains(command: Command, policies: Any) -> None:
    class Changed(FakeIam):
        def _SimulatePrincipalPolicy(self, asked: Json) -> Json:  # noqa: N802
            return self._simulated({}, [], None, asked)

    answer = command.check(Changed(role(allow(), policies=policies)))
    assert answer.codes == [STRANGE]
    assert answer.messages[0].endswith(f" on {ID}: IAM denies it, although the policies that were read allow it.")


POLICY, SECOND = "The inline policy Sending", "The inline policy Sending, statement 2"
TENANT = "AWS documents ses:TenantName for SendEmail and SendBulkEmail: raw, SMTP and v1 sends may be denied."
RAW, TEMPLATED = allow("ses:SendRawEmail", ID), allow("ses:SendTemplatedEmail", [ID, s.TEMPLATE])
NOTES: list[tuple[list[Json], list[str], str]] = [
    (
        [allow(conditions=TWO)],
        [],
        f"{POLICY} allows sending only under StringLike ses:FromAddress {A} and {VPCE}",
    ),
    ([allow(conditions=FROM_A)], AS_A, ""),
    ([allow(conditions={"StringEquals": {OF: "a"}})], ["--tenant", "a"], TENANT),
    ([allow(), deny(conditions=FROM_A)], AS_B, f"{SECOND} denies sending under StringEquals ses:FromAddress {A}."),
    ([allow(resource=VARIABLE)], [], f"{POLICY} depends on a policy variable: {VARIABLE}."),
    ([allow(), deny(resource=None, NotResource=VARIABLE)], [], f"{SECOND} depends on a policy variable: {VARIABLE}."),
    ([deny(resource=s.THERE), allow(), allow("s3:*", ["*", s.THERE[0]], UNKNOWN)], ["--also-allow", "s3:*"], ""),
    ([RAW, TEMPLATED], ["--template", "welcome"], "ses:SendEmail is not allowed, so simple messages are not sent."),
]


@pytest.mark.parametrize(("statements", "arguments", "notes"), NOTES)
def test_what_is_a_note(command: Command, statements: list[Json], arguments: list[str], notes: str) -> None:
    answer = command.check(role(*statements, trust=s.SCHEDULER), *arguments)
    assert not any("MISSING" in code or "DENY" in code for code in answer.codes)
    assert " ".join(answer.notes) == notes
