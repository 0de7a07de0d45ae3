"""Which roles of an account are listed, and what is said of each: what a security engineer would say."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinpoint_role_construct.policies import SENDING_ACTIONS
from pinpoint_role_construct.services import SendingService
from pinpoint_role_construct.verify.deployed import DeployedRole
from pinpoint_role_construct.verify.inventory import VERDICTS, judge, take
from pinpoint_role_construct.wildcards import matches
from tests.inventory_roles import (
    IDENTITIES,
    LAMBDA,
    OTHER,
    OWN,
    PINPOINT,
    SCHEDULED,
    SES,
    SETS,
    Json,
    allow,
    deny,
    deployed,
    found,
    said,
    service,
    source_account,
    trust,
)
from tests.test_policy_language import IDENTITIES as IDENTITY_ARNS
from tests.test_policy_language import documents, evaluator_allows

MOVES = [("us-east-1", region) for region in ("us-east-1", "eu-west-1", "eu-central-1")]


class TestWhatIsListed:
    """Roles that may send, or that a sending service may assume."""

    @pytest.mark.parametrize(
        "statements",
        [
            [allow("ses:SendEmail")],
            [allow("ses:SendRawEmail")],
            [allow("ses:SendTemplatedEmail")],
            [allow("ses:SendBulkEmail")],
            [allow("ses:SendBulkTemplatedEmail")],
            [allow("SES:sendEMAIL")],
            [allow("*", "*")],
            [allow("ses:*", "*")],
            [allow("ses:S*", f"{SES}:identity/example.com")],
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
            [{"Effect": "Allow", "Action": "ses:SendEmail", "NotResource": "arn:aws:s3:::*"}],
            [allow(), deny("ses:SendRawEmail")],
            [allow(), deny(resource=f"{SES}:identity/example.com")],
            [allow(), deny(Condition={"Bool": {"aws:SecureTransport": "false"}})],
            [allow(Condition={"StringEquals": {"ses:FromAddress": "news@example.com"}})],
            [allow("ses:SendEmail", f"arn:aws:ses:eu-west-1:{OTHER}:identity/example.com")],
        ],
    )
    def test_a_role_that_may_send(self, statements: list[Json]) -> None:
        assert found(deployed(LAMBDA, *statements)).identities

    @pytest.mark.parametrize(
        "statements",
        [
            [],
            [deny()],
            [allow(["ses:Get*", "ses:List*", "ses:Describe*"], "*")],
            [allow(), deny()],
            [allow(), deny("*")],
            [allow("ses:SendEmail"), deny("ses:Send*", IDENTITIES)],
            [allow(resource=SETS)],
            [allow("ses:SendBounce", "*")],
            [{"Effect": "Allow", "NotAction": "ses:*", "Resource": "*"}],
            [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ses:*"}],
            [allow("s3:*", "*")],
            [allow("ses:SendEmail", "arn:aws:s3:::*")],
            [allow(), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}],
            [allow(), {"Effect": "Deny", "Action": "ses:*", "NotResource": SETS}],
        ],
    )
    def test_not_a_role_that_may_not_send(self, statements: list[Json]) -> None:
        assert judge(deployed(LAMBDA, *statements), "us-east-1") is None

    @pytest.mark.parametrize("name", ["pinpoint", "scheduler", "states", "ses", "states.us-east-1"])
    def test_a_role_that_a_sending_service_may_assume(self, name: str) -> None:
        listed = found(deployed(service(name, source_account())))
        assert (listed.identities, listed.configuration_sets) == ((), ())
        assert [assumer.name for assumer in listed.assumed_by] == [f"{name}.amazonaws.com"]

    @pytest.mark.parametrize(
        "trusts",
        [
            [service("events", source_account())],
            [{**PINPOINT, "Effect": "Deny"}],
            [PINPOINT, {**service("pinpoint"), "Effect": "Deny"}],
            [PINPOINT, {**trust("*"), "Effect": "Deny"}],
            [service("pinpoint", action="sts:TagSession")],
            [{"Effect": "Allow", "NotAction": "sts:*", "Principal": {"Service": "pinpoint.amazonaws.com"}}],
            [],
        ],
    )
    def test_not_a_role_that_none_of_them_may_assume(self, trusts: list[Json]) -> None:
        assert judge(deployed(trusts), "us-east-1") is None

    def test_a_service_that_is_new_to_sending_needs_nothing_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        new = SendingService("new.amazonaws.com", "AllowNew", "New", "arn:{partition}:new:{region}:{account}:thing/*")
        monkeypatch.setattr(SendingService, "NEW", new, raising=False)
        assert found(deployed(service("new", source_account()))).verdict == "right"

    def test_a_permissions_boundary_counts(self) -> None:
        assert judge(deployed(LAMBDA, allow(), boundary=allow("s3:*", "*")), "us-east-1") is None
        assert judge(deployed(LAMBDA, allow(), boundary=deny()), "us-east-1") is None
        narrowed = found(deployed(LAMBDA, allow(), boundary=allow("ses:*", f"{SES}:identity/example.com")))
        assert narrowed.identities == (f"{SES}:identity/example.com",)
        assert narrowed.configuration_sets == ()

    def test_what_it_may_send_as_and_with(self) -> None:
        listed = found(deployed(LAMBDA, allow("ses:*", "*")))
        assert listed.identities == ("arn:aws:ses:*:*:identity/*",)
        assert listed.configuration_sets == ("arn:aws:ses:*:*:configuration-set/*",)
        names = [f"{SES}:identity/example.com", f"{SES}:configuration-set/news"]
        listed = found(deployed(LAMBDA, allow("ses:SendEmail", names[0]), allow("ses:SendRawEmail", names)))
        assert (listed.identities, listed.configuration_sets) == ((names[0],), (names[1],))
        other = DeployedRole(
            arn=f"arn:aws-us-gov:iam::{OWN}:role/a",
            trust={"Statement": LAMBDA},
            policies={"inline policy A": {"Statement": allow("ses:SendEmail", "*")}},
        )
        assert found(other).identities == ("arn:aws-us-gov:ses:*:*:identity/*",)

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(documents, st.none() | documents, st.sampled_from([LAMBDA, SCHEDULED, service("states"), trust("*")]))
    def test_whatever_the_policies_say(self, policy: Json, boundary: Json | None, trusts: Json) -> None:
        role = deployed(trusts)
        role = replace(role, policies={"inline policy A": policy}, boundary=boundary)
        allowed = [
            arn
            for arn in IDENTITY_ARNS
            for action in SENDING_ACTIONS
            if evaluator_allows(action, arn, policy, *([boundary] if boundary else []))
        ]
        listed = judge(role, "us-east-1")
        found = listed.identities if listed else ()
        assert all(any(matches(pattern, arn) for pattern in found) for arn in allowed)
        assert listed or trusts in (LAMBDA, trust("*"))


class TestTooWide:
    """Roles that may do more than send with what is theirs."""

    @pytest.mark.parametrize(
        ("statement", "code"),
        [
            (allow("ses:*"), "PERMISSION-WILDCARD"),
            (allow("ses:SendEmail", "*"), "PERMISSION-WILDCARD"),
            (allow("ses:SendEmail", f"arn:aws:ses:*:{OWN}:identity/*"), "PERMISSION-WILDCARD"),
            (allow("ses:SendEmail", "arn:aws:ses:us-east-1:*:identity/*"), "PERMISSION-WILDCARD"),
            ({"Effect": "Allow", "Action": "ses:SendEmail", "NotResource": "arn:aws:s3:::*"}, "PERMISSION-NEGATION"),
            (allow(resource=f"arn:aws:ses:us-east-1:{OTHER}:identity/example.com"), "PERMISSION-RESOURCE"),
        ],
    )
    def test_whoever_assumes_it(self, statement: Json, code: str) -> None:
        for trusts in (LAMBDA, SCHEDULED, trust({"AWS": OWN})):
            assert said(deployed(trusts, statement)) == ("too wide", [code])

    @pytest.mark.parametrize(
        "statements",
        [
            [allow(resource=[arn.replace(*move) for arn in (IDENTITIES, SETS) for move in MOVES])],
            [allow(), allow(["s3:*", "sqs:SendMessage"], "*")],
            [allow(["ses:SendEmail", "s3:GetObject"], [IDENTITIES, "arn:aws:s3:::mail/*"])],
            [allow(), {"Effect": "Allow", "NotAction": ["ses:*", "iam:*"], "Resource": "*"}],
            [allow(["ses:SendTemplatedEmail", "ses:SendBulkEmail"], [IDENTITIES, SETS, f"{SES}:template/*"])],
            [allow(["ses:SendEmail", "ses:GetSendQuota"])],
        ],
    )
    def test_not_an_application_that_does_other_things_too(self, statements: list[Json]) -> None:
        assert said(deployed(LAMBDA, *statements)) == ("right", [])

    def test_a_role_of_a_sending_service_does_nothing_else(self) -> None:
        role = deployed(SCHEDULED, allow(), allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:1:dead"))
        assert said(role) == ("too wide", ["PERMISSION-ACTION"])
        assert said(role, "sqs:SendMessage") == ("right", [])
        regions = allow(resource=[IDENTITIES.replace("us-east", "eu-west"), IDENTITIES])
        assert said(deployed(SCHEDULED, regions))[0] == "too wide"
        templates = allow("ses:SendTemplatedEmail", [IDENTITIES, f"{SES}:template/*"])
        assert said(deployed(SCHEDULED, templates))[0] == "too wide"

    def test_a_role_of_a_sending_service_is_for_its_sources_alone(self) -> None:
        assert said(deployed(service("scheduler", source_account()), allow())) == ("too wide", ["TRUST-SOURCE"])
        two = deployed([PINPOINT, SCHEDULED], allow())
        assert said(two) == ("too wide", ["TRUST-SERVICE", "SERVICE-ENDED"])
        assert said(deployed([SCHEDULED, trust({"AWS": OWN})], allow())) == ("too wide", ["TRUST-PRINCIPAL"])
        both = deployed([SCHEDULED, service("states")], allow())
        assert said(both) == ("open", ["TRUST-ACCOUNT", "TRUST-SERVICE"])

    def test_it_is_sent_to_policies_only_where_they_can_be_printed(self) -> None:
        assert "--policies" in found(deployed(SCHEDULED, allow("ses:*"))).findings[0].message
        assert "--policies" not in found(deployed(LAMBDA, allow("ses:*"))).findings[0].message

    def test_statements_keep_their_names(self) -> None:
        role = deployed(LAMBDA, allow("s3:*", "*"), allow("ses:*"), allow("ses:Send*", Sid="Mail"))
        first, second = found(role).findings
        assert "inline policy Sending, statement 2 allows ses:*" in first.message
        assert "inline policy Sending, statement Mail allows ses:Send*" in second.message


class TestRight:
    """Roles that are as they should be."""

    def test_the_documented_role_but_for_the_end_of_its_service(self) -> None:
        listed = found(deployed(PINPOINT, allow(), last_used=date(2026, 10, 29)))
        assert (listed.verdict, listed.last_used) == ("retire", date(2026, 10, 29))
        (ended,) = listed.findings
        assert ended.code == "SERVICE-ENDED"
        assert "pinpoint.amazonaws.com on 2026-10-30: make sure that nothing uses the role" in ended.message
        assert ended.message.endswith("any more, then delete it. It was last used on 2026-10-29.")
        (ended,) = found(deployed(PINPOINT, allow())).findings
        assert "IAM has recorded no use of it in the last 400 days." in ended.message

    @pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
    def test_whatever_its_region(self, region: str) -> None:
        assert judge(deployed(SCHEDULED, allow()), region) == found(deployed(SCHEDULED, allow()))

    @pytest.mark.parametrize(
        "statements",
        [
            [allow()],
            [allow("ses:SendEmail", f"{SES}:identity/example.com")],
            [allow(Condition={"StringEquals": {"ses:FromAddress": "news@example.com"}})],
            [
                allow(
                    [f"ses:{name}" for name in ("SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulkEmail")]
                    + ["ses:SendBulkTemplatedEmail"],
                    [IDENTITIES, SETS, f"{SES}:template/welcome"],
                )
            ],
        ],
    )
    def test_a_narrowed_role(self, statements: list[Json]) -> None:
        assert said(deployed(SCHEDULED, *statements)) == ("right", [])
        assert said(deployed(LAMBDA, *statements)) == ("right", [])

    def test_a_role_that_the_service_may_not_use_for_sending(self) -> None:
        assert said(deployed(service("states", source_account()), allow("lambda:InvokeFunction", "*"))) == ("right", [])
        assert said(deployed(PINPOINT, allow("s3:GetObject", "*"))) == ("retire", ["SERVICE-ENDED"])
        assert found(deployed(PINPOINT, allow(resource=SETS))).configuration_sets == ()

    @pytest.mark.parametrize(
        "statements",
        [
            [],
            [allow(resource=SETS)],
            [allow(), deny()],
            [allow(), allow("sqs:SendMessage", "*"), deny(resource=IDENTITIES)],
        ],
    )
    def test_a_role_for_sending_that_cannot_send_says_so(self, statements: list[Json]) -> None:
        listed = found(deployed(SCHEDULED, *statements, name="path/sender"))
        assert (listed.verdict, [finding.code for finding in listed.findings]) == ("right", ["PERMISSION-MISSING"])
        assert listed.findings[0].message == (
            "scheduler.amazonaws.com may assume the role, which is not allowed to send as any identity: "
            "sending-role-verify sender says what it lacks."
        )
        assert said(deployed(PINPOINT, *statements)) == ("retire", ["SERVICE-ENDED"])
        linked = deployed(SCHEDULED, *statements, name="aws-service-role/scheduler.amazonaws.com/A")
        assert said(linked) == ("right", [])

    @pytest.mark.parametrize(
        "statement", [allow("*", "*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, allow("s3:*", "*")]
    )
    def test_a_role_that_is_for_something_else_need_not_send(self, statement: Json) -> None:
        assert said(deployed(SCHEDULED, statement, deny())) == ("right", [])

    def test_a_boundary_that_leaves_nothing_to_send_as(self) -> None:
        role = deployed(SCHEDULED, allow(), boundary=allow("s3:*", "*"))
        assert said(role) == ("right", ["PERMISSION-MISSING"])

    def test_a_role_that_aws_made_for_its_service(self) -> None:
        linked = "aws-service-role/email.cognito-idp.amazonaws.com/AWSServiceRoleForAmazonCognitoIdpEmailService"
        statements = [allow("ses:SendEmail", "*"), allow("ses:List*", "*")]
        assert said(deployed(service("email.cognito-idp"), *statements, name=linked)) == ("right", [])
        assert said(deployed(service("email.cognito-idp"), *statements, name="a"))[0] == "open"
        assert said(deployed(service("email.cognito-idp"), *statements, name="my/aws-service-role/a"))[0] == "open"


class TestTake:
    """The roles of an account together."""

    def test_worst_first_then_by_arn(self) -> None:
        roles = [
            deployed(LAMBDA, allow(), name="d"),
            deployed(PINPOINT, allow(), name="c"),
            deployed(LAMBDA, allow("*", "*"), name="b"),
            deployed(trust("*"), allow(), name="a2"),
            deployed(trust("*"), allow(), name="a1"),
            deployed(LAMBDA, name="none"),
        ]
        listed = take(roles, "us-east-1")
        assert [role.arn.rpartition("/")[2] for role in listed] == ["a1", "a2", "b", "c", "d"]
        assert list(dict.fromkeys(role.verdict for role in listed)) == list(VERDICTS)

    def test_what_else_a_role_may_do_is_passed_on(self) -> None:
        roles = [deployed(SCHEDULED, allow(), allow("sqs:SendMessage", "*"))]
        assert [role.verdict for role in take(roles, "us-east-1", ["sqs:*"])] == ["right"]
        with pytest.raises(ValueError, match="--also-allow"):
            take(roles, "us-east-1", ["ses:SendEmail"])

    def test_memory_does_not_grow_with_roles_that_do_not_send(self) -> None:
        def many(number: int) -> Iterator[DeployedRole]:
            return (deployed(LAMBDA, allow("s3:*", f"arn:aws:s3:::{i}/*"), name=f"r{i}") for i in range(number))

        def most(number: int) -> int:
            tracemalloc.start()
            try:
                assert take(many(number), "us-east-1") == []
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        most(100)  # fills the caches
        assert most(2000) < most(200) + 100_000
