"""What the command prints, its exit codes, and where it runs."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from unittest.mock import Mock

import pytest

from pinpoint_role_construct.services import known_services
from pinpoint_role_construct.verify.listing import VERDICTS

from . import senders as s
from .conftest import Command
from .fake_iam import FakeIam
from .senders import ACCOUNT, CS, ID, LAMBDA, NARROW, SES, allow, by, deny, document, role, user

LONG = f"{SES}:identity/{'long.' * 20}example.com"
MARGIN = "\n" + " " * 14
AS_A = ["--from-address", "a@example.com"]
FROM_A = {"StringEquals": {"ses:FromAddress": "a@example.com"}}
IN_ALL = [
    user(allow(resource="*")),
    role(allow(resource=[LONG, ID]), trust=[LAMBDA, by("events")], name="open"),
    role(trust=s.PINPOINT, name="[red]/[/red]/ended", last_used="2026-10-29T01:02:03Z"),
    role(allow("*", "*"), name="admin"),
    role(allow(), name="right"),
]


def test_a_role_that_matches(command: Command) -> None:
    out = "role/sender: matches\n\nNotes\n  Whether lambda.amazonaws.com should assume the role was not checked.\n"
    assert command(role(allow()), "sender", *NARROW) == (0, out, "")
    answer = command(role(allow("ses:SendEmail", ID, FROM_A)), "sender", "--verbose", *AS_A)
    said = f"\n\nIAM's policy simulator\n  ok          ses:SendEmail {ID}{MARGIN}ses:FromAddress a@example.com\n"
    assert (answer.exit, answer.out.endswith(said)) == (0, True)


def test_a_role_that_differs(command: Command) -> None:
    sender = role(allow("ses:SendEmail", CS, FROM_A), trust=s.SCHEDULER)
    answer = command(sender, "sender", "--identity", "example.com", "--no-configuration-sets", *AS_A)
    verdict, resource, missing, simulator = answer.out.split("\n\n")
    assert (answer.exit, verdict, answer.err) == (1, "role/sender: 2 findings", "")
    assert re.fullmatch(r"PERMISSION-RESOURCE(\n  \w.+)+PERMISSION-MISSING(\n  \w.+)+", resource + missing)
    context = f"{MARGIN}ses:FromAddress a@example.com{MARGIN}denied: no policy allows it"
    assert simulator.startswith(f"IAM's policy simulator\n  unexpected  ses:SendEmail {ID}{context}")


def test_the_list(command: Command) -> None:
    answer = command(IN_ALL)
    head, opened, wide, ended, _, right = answer.out.split("\n\n")
    verdicts = "".join(f"\n  {verdict:<14}    1  {meaning}" for verdict, meaning in VERDICTS.items())
    assert (answer.exit, head, answer.err) == (1, f"Account {ACCOUNT}: 5 roles and users{verdicts}", "")
    events = f"lambda.amazonaws.com{MARGIN}events.amazonaws.com (for any account)"
    assert f":role/open\n  verdict     open\n  assumed by  {events}\n  sends as    {LONG}{MARGIN}{ID}\n" in opened
    assert f"\n  with        no configuration set{MARGIN}TRUST-ACCOUNT{MARGIN}  The trust policy, statement 2" in opened
    assert ("[red]/[/red]/ended\n" in ended, "assumed by" in wide) == (True, False)
    assert f"\n  sends as    no identity\n  last used   2026-10-29{MARGIN}SERVICE-ENDED{MARGIN}  AWS" in ended
    assert right.endswith(f"  with        {CS}\n")
    assert command([]) == (0, f"Account {ACCOUNT}: 0 roles and users\n", "")


def test_the_json(command: Command) -> None:
    report = command.check(role(allow("ses:SendEmail", (ID, CS), FROM_A)), *AS_A, "--no-configuration-sets").json
    assert " ".join(report) == "role ok findings notes decisions"
    assert (report["role"], *map(list, report["findings"])) == (role().arn, ["code", "message"])
    context = {"ses:FromAddress": ["a@example.com"]}
    said = {"action": "ses:SendEmail", "resource": ID, "context": context, "allowed": True, "should_be_allowed": True}
    assert report["decisions"] == [said]
    report = command(IN_ALL, "--json").json
    opened, _, ended, *_ = report["roles"]
    assert (list(report), report["account"]) == (["account", "roles"], ACCOUNT)
    assert " ".join(opened) == "role verdict assumed_by identities configuration_sets last_used findings"
    assert (opened["assumed_by"][1], opened["identities"]) == ("events.amazonaws.com", [LONG, ID])
    assert (ended["role"], ended["verdict"], ended["last_used"]) == (IN_ALL[2].arn, "retire", "2026-10-29")
    assert (opened["last_used"], *map(list, ended["findings"])) == (None, ["code", "message"])
    assert ended["findings"][0]["message"].endswith(" delete it. It was last used on 2026-10-29.")


@pytest.mark.parametrize("columns", ["40", "200"])
def test_eighty_columns(command: Command, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (s.NOTHING, ["open"], ["ended"], ["admin", *NARROW, "--verbose"], ["--help"]):
        for line in command(IN_ALL, *arguments).out.splitlines():
            assert len(line) <= 80 or re.fullmatch(r" +(\w+ +(as|ses:\w+)? +)?arn:\S+", line), line


def test_the_help_and_the_version(command: Command) -> None:
    answer = command([], "--help")
    names = "service identity configuration-set no-configuration-sets template from-address recipient tenant source-arn"
    options = f"{names} also-allow trust-account region policies json verbose version".split()
    texts = ["examples:", "exit codes: 0 no findings, 1 findings, 2 could", *(f"  --{option}" for option in options)]
    assert (answer.exit, [text for text in texts if text not in answer.out]) == (0, [])
    assert ",".join(known_services()) in "".join(answer.out.split())
    assert command([], "--version") == (0, f"{version('pinpoint-role-construct')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("nobody", "ROLE: the account has no role nobody"),
        (f"arn:aws:iam::{ACCOUNT}:user/x", f"ROLE: the account has no user arn:aws:iam::{ACCOUNT}:user/x"),
        (f"arn:aws:iam::{s.OTHER_ACCOUNT}:role/sender", f"no role arn:aws:iam::{s.OTHER_ACCOUNT}:role/sender"),
        ("--region nowhere", "nowhere"),
        ("sender --identity *", "accepted: the name or ARN of an SES identity, in partition aws"),
        (f"sender --identity arn:aws-cn{ID[7:]}", "is not such an ARN; accepted: the name or ARN of an SES identity"),
        *((f"sender --{x} ?", f"--{x}: '?' ") for x in ("template", "from-address", "recipient", "tenant")),
        ("sender --identity b.example --from-address a@a.example", "'a@a.example' is outside the identities b.exam"),
        ("sender --source-arn x", "--source-arn: the trust policy allows no known service, or several; pass --serv"),
        ("sender --service pinpoint --source-arn x", "--source-arn: 'x' is not a source of pinpoint.amazonaws.com: "),
        *((f"sender --also-allow {x}", f"--also-allow: '{x}' is not accepted") for x in ("ses:*", "sqs")),
        (f"arn:aws:iam::{ACCOUNT}:user/smtp --service pinpoint", "--service: no service assumes a user; leave it out"),
        ("sender --policies", f"--policies is for the roles of {', '.join(known_services())}"),
        ("sender --configuration-set a --no-configuration-sets", "not allowed with argument"),
        ("sender --ident example.com", "unrecognized arguments: --ident"),
        ("--no-configuration-sets", "--configuration-set needs ROLE"),
        *((x, "needs ROLE") for x in ("--service pinpoint", "--policies", "--verbose", "--source-arn a")),
    ],
)
def test_what_could_not_be_checked_is_one_sentence(command: Command, arguments: str, says: str) -> None:
    answer = command([role(allow()), user(allow())], *arguments.split())
    *usage, line = answer.err.splitlines()
    assert line.startswith("sending-role-verify: error: " if usage else "sending-role-verify could not check: ")
    assert (answer.exit, answer.out, says in line) == (2, "", True)


def test_a_missing_permission_is_named(command: Command) -> None:
    full = role(policies={"A": document(allow()), "arn:aws:iam::aws:policy/No": document(deny())})
    relay = user(allow(), groups={"relay": allow()})
    for sender, arguments in ((full, [full.arn]), (relay, [relay.arn]), (relay, s.NOTHING)):
        iam = FakeIam(sender)
        command(iam, *arguments)
        for denied in {operation for operation, _ in iam.calls}:
            answer = command(FakeIam(sender, denied=denied), *arguments)
            assert (answer.exit, answer.out, answer.err.rpartition(" ")[2]) == (2, "", f"iam:{denied}\n")


def test_only_findings_end_with_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = "KeyError: 'x' (a bug: please report it)"
    for error, says in ((KeyError("x"), bug), (KeyboardInterrupt(), "interrupted")):
        monkeypatch.setattr(FakeIam, "send", Mock(side_effect=error))
        said = (2, "", f"sending-role-verify could not check: {says}\n")
        assert (command([]), command([], "sender")) == (said, said)


def test_the_region(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    wide, there = role(allow(resource="*"), trust=s.SCHEDULER), s.OTHER_REGION
    for sender, session, arguments, region in (
        (wide, there, "--identity example.com", there),
        (wide, there, "--identity example.com --region us-east-1", "us-east-1"),
        (wide, "", "", "us-east-1"),
        (role(allow()), there, "--identity example.com --region eu-west-1", "us-east-1"),
    ):
        monkeypatch.setenv("AWS_REGION", session)
        decisions = command.check(sender, *arguments.split()).json["decisions"]
        assert {each["resource"].split(":")[3] for each in decisions} == {region}, arguments
    monkeypatch.setenv("AWS_REGION", "")
    assert "--region: there is no Region for --identity example.com; acc" in command(wide, "sender", *NARROW).err
    assert "--region: nothing says which Region sends; accepted: " in command(wide, "sender", "--policies").err


def test_any_encoding(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252", write_through=True))
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # which has no encoding
    assert command([role(allow(resource=f"{SES}:identity/b\u00fccher\u4e2d.example"))]).exit == 0
    assert "identity/b\u00fccher\\u4e2d.example\n" in raw.getvalue().decode("cp1252")


def test_it_loads_no_cdk_and_needs_no_node() -> None:
    code = """import sys; from pinpoint_role_construct.verify import main; code = main(['a', '--region', 'nowhere'])
sys.exit(code if not {'aws_cdk', 'jsii', 'constructs'} & {*sys.modules} else 1)"""
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {"PATH": "/x"}, check=False).returncode == 2


@pytest.mark.parametrize("module", ["boto3", "rich"])
def test_what_is_missing_to_run_it(command: Command, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert "needed: pip install 'pinpoint-role-construct[verify]'" in command([], "sender").err


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    code = """import boto3, sys; from tests.verify.fake_iam import FakeIam; from tests.verify.senders import *
from pinpoint_role_construct.verify import main
boto3.Session = FakeIam(*(role(allow(), name=f'r{i}') for i in range(600))).session; sys.exit(main([]))"""
    piped = f"{sys.executable} -c {shlex.quote(code)} | head -1; exit ${{PIPESTATUS[0]}}"
    unbuffered = os.environ | {"PYTHONUNBUFFERED": ""}
    result = subprocess.run(["bash", "-c", piped], env=unbuffered, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (2, f"Account {ACCOUNT}: 600 roles and users\n", "")
