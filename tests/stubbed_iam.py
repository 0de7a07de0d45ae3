"""An IAM that answers from memory, page by page, underneath a real boto3 client: retries and decoding are boto3's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

from boto3 import Session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

Request = dict[str, str]
ACCOUNT = "111122223333"


class Raw:
    """The body of a response."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Iterable[bytes]:
        return [self.content]


class StubbedIam:
    """An account's IAM.

    Attributes:
        pages: What GetAccountAuthorizationDetails answers, page by page; `Filter` chooses from each.
        policies: Documents that GetPolicyVersion answers, by ARN.
        requests: The requests so far, throttled ones included.
        throttled: How often the next requests are throttled, by the number of the request that is.
        denied: Actions that are denied.
    """

    def __init__(self, *pages: dict[str, Any], policies: dict[str, Any] | None = None) -> None:
        self.pages = list(pages)
        self.policies = policies or {}
        self.requests: list[Request] = []
        self.throttled: set[int] = set()
        self.denied: set[str] = set()

    def session(self, region: str = "us-east-1") -> Session:
        """Return a session whose clients ask this IAM."""
        session = Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
        session.events.register("before-send.iam", self._send)
        session.events.register("before-send.sts", self._send)
        return session

    def actions(self) -> list[str]:
        """Return the actions requested so far, a page's with what it asked for."""
        return [
            " ".join([r["Action"], *(r[k] for k in r if k.startswith("Filter") or k == "Marker")])
            for r in self.requests
        ]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        self.requests.append(asked)
        action = asked["Action"]
        if len(self.requests) in self.throttled:
            return self._answer(
                400,
                "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
            )
        if action in self.denied:
            text = f"User: arn:aws:iam::{ACCOUNT}:user/a is not authorized to perform: iam:{action}"
            return self._answer(
                403, f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{text}</Message></Error></ErrorResponse>"
            )
        answers: dict[str, Callable[[Request], str | None]] = {
            "GetAccountAuthorizationDetails": self._details,
            "GetPolicy": self._policy,
            "GetPolicyVersion": self._version,
            "GetCallerIdentity": lambda _: f"<Account>{ACCOUNT}</Account>",
        }
        result = answers[action](asked)
        if result is None:
            return self._answer(
                404, "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error></ErrorResponse>"
            )
        return self._answer(200, f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")

    def _answer(self, status: int, text: str) -> AWSResponse:
        return AWSResponse("https://iam.amazonaws.com/", status, {}, Raw(text.encode()))

    def _details(self, asked: Request) -> str:
        assert asked["MaxItems"] == "1000"
        filters = {asked[name] for name in asked if name.startswith("Filter")}
        number = int(asked.get("Marker", "0"))
        page = self.pages[number]
        roles = page.get("RoleDetailList", []) if "Role" in filters else []
        policies = [
            policy
            for policy in page.get("Policies", [])
            if ("AWSManagedPolicy" if ":iam::aws:" in policy["Arn"] else "LocalManagedPolicy") in filters
        ]
        more = number + 1 < len(self.pages)
        marker = f"<Marker>{number + 1}</Marker>" if more else ""
        return (
            xml({"RoleDetailList": roles, "Policies": policies})
            + f"<IsTruncated>{str(more).lower()}</IsTruncated>{marker}"
        )

    def _policy(self, asked: Request) -> str | None:
        known = asked["PolicyArn"] in self.policies
        return "<Policy><DefaultVersionId>v7</DefaultVersionId></Policy>" if known else None

    def _version(self, asked: Request) -> str | None:
        assert asked["VersionId"] == "v7"
        return xml({"PolicyVersion": {"Document": self.policies[asked["PolicyArn"]]}})


def xml(value: Any) -> str:
    """Return a value as IAM writes it, documents URL-encoded."""
    if isinstance(value, list):
        return "".join(f"<member>{xml(element)}</member>" for element in value)
    if not isinstance(value, dict):
        return escape(str(value).lower() if isinstance(value, bool) else str(value))
    documents = ("AssumeRolePolicyDocument", "PolicyDocument", "Document")
    return "".join(
        f"<{name}>{quote(json.dumps(inner)) if name in documents else xml(inner)}</{name}>"
        for name, inner in value.items()
    )


def role(
    name: str, trust: Any, *statements: Any, attached: Iterable[str] = (), path: str = "/", **more: Any
) -> dict[str, Any]:
    """Return a role as IAM lists it; its statements are an inline policy each."""
    return {
        "Arn": f"arn:aws:iam::{ACCOUNT}:role{path}{name}",
        "RoleName": name,
        "AssumeRolePolicyDocument": trust if "Statement" in trust else {"Version": "2012-10-17", "Statement": trust},
        "RolePolicyList": [
            {"PolicyName": f"Inline{number}", "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}}
            for number, statement in enumerate(statements, 1)
        ],
        "AttachedManagedPolicies": [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in attached],
        **more,
    }


def policy(arn: str, *documents: Any, **more: Any) -> dict[str, Any]:
    """Return a managed policy as IAM lists it, the last version in force."""
    versions = [
        {"Document": document, "VersionId": f"v{number}", "IsDefaultVersion": number == len(documents)}
        for number, document in enumerate(documents, 1)
    ]
    return {"Arn": arn, "PolicyName": arn.rpartition("/")[2], "PolicyVersionList": versions, **more}
