"""An account's IAM from memory, beneath a real boto3 client: paging, retries and decoding are boto3's own.

It answers in AWS's fields and places: boto3 leaves out what its model of the service does not have. Its decisions are
those of ministack's evaluator, which is not ours.
"""

from __future__ import annotations

import functools
import json
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from pinpoint_role_construct.policy_language import parse_policy

from .oracle import evaluator
from .senders import ACCOUNT, REGION, Json, Sender

ALLOW_ALL = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OLD, IN_FORCE = "v2", "v3"
_REAL: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")  # reads its data once


class FakeIam:
    """An account with these roles and users; keyword arguments set the attributes below."""

    page_size = 0  # elements of a page, after an empty one; of 0 all are on one page
    denied = ""  # the operation that is denied
    throttled: Collection[int] = ()  # numbers of the requests that are throttled
    deleted: Collection[str] = ()  # ARNs of managed policies that no longer exist
    unlisted: Collection[str] = ()  # ARNs of managed policies that were not there yet when the account's were listed
    organization: Json | None = None  # a service control policy

    def __init__(self, *senders: Sender, **settings: Any) -> None:
        self.senders = senders
        self.calls: list[tuple[str, Json]] = []  # the operations that were requested, with their arguments
        assert all(hasattr(self, name) for name in settings)
        vars(self).update(settings)

    def session(self, region_name: str | None = None) -> Any:
        """What `boto3.Session` returns."""

        def client(service: str, region_name: str | None = region_name, config: Any = None) -> Any:
            client = _client(service, region_name, config.retries["total_max_attempts"] if config else 1)
            client.fake = self
            return client

        of_region = _REAL.get_partition_for_region
        return types.SimpleNamespace(region_name=region_name, client=client, get_partition_for_region=of_region)

    def client(self) -> Any:
        return self.session(REGION).client("iam")

    def asked(self, operation: str) -> list[Json]:
        """The arguments of the requests for an operation."""
        return [arguments for name, arguments in self.calls if name == operation]

    def send(self, operation: Any, arguments: Json) -> AWSResponse:
        self.calls.append((operation.name, arguments))
        if len(self.calls) in self.throttled:
            return _error(400, "Throttling", "Rate exceeded")
        if operation.name == self.denied:
            return _error(403, "AccessDenied", f"User x is not authorized to perform: iam:{operation.name}")
        answer = self._answer(operation.name, arguments)
        if answer is None:
            return _error(404, "NoSuchEntity", "There is no such thing.")
        return _response(200, f"<{operation.name}Result>{_xml(answer)}</{operation.name}Result>")

    def _answer(self, operation: str, asked: Json) -> Json | None:
        kind = next((kind for kind in ("Role", "User", "Group") if f"{kind}Name" in asked), "")
        if not kind:
            texts = {OLD: ALLOW_ALL, IN_FORCE: self.managed.get(asked.get("PolicyArn", ""))}
            simple: dict[str, Json | None] = {
                "GetPolicy": {"Policy": {"DefaultVersionId": IN_FORCE}} if texts[IN_FORCE] else None,
                "GetPolicyVersion": {"PolicyVersion": {"Document": texts[asked.get("VersionId", OLD)]}},
                "GetCallerIdentity": {"Account": ACCOUNT},
            }
            return simple[operation] if operation in simple else getattr(self, f"_{operation}")(asked)
        name = asked[f"{kind}Name"]
        sender: Any = next((x for x in self.senders if f":{kind.lower()}/" in x.arn and x.name == name), None)
        groups = [x.groups[name] for x in self.senders if name in x.groups] if kind == "Group" else []
        if not (sender or groups):
            return None
        policies = sender.policies if sender else groups[0]
        inline = [name for name in policies if not name.startswith("arn:")]
        answers: dict[str, Callable[[], Json]] = {
            f"Get{kind}": lambda: {kind: _described(sender)},
            f"Get{kind}Policy": lambda: {**asked, "PolicyDocument": policies[asked["PolicyName"]]},
            f"List{kind}Policies": lambda: self._page("PolicyNames", inline, asked),
            f"ListAttached{kind}Policies": lambda: self._page("AttachedPolicies", _attached(policies), asked),
            "ListGroupsForUser": lambda: self._page("Groups", [{"GroupName": x} for x in sender.groups], asked),
        }
        return answers[operation]()

    def _page(self, name: str, elements: Sequence[Any], asked: Json) -> Json:
        if not self.page_size:
            return {name: elements, "IsTruncated": False}
        start = int(asked.get("Marker", "0"))
        more = {"Marker": str(start + 1)} if start * self.page_size < len(elements) else {}
        page = elements[(start - 1) * self.page_size : start * self.page_size] if start else []
        return {name: page, "IsTruncated": bool(more), **more}

    @functools.cached_property
    def managed(self) -> dict[str, Json]:
        """The managed policies that something in the account has, by ARN."""
        found: dict[str, Json] = {}
        for sender in self.senders:
            boundary = {sender.boundary_arn: sender.boundary} if sender.boundary else {}
            for policies in (sender.policies, *sender.groups.values(), boundary):
                found |= {arn: policy for arn, policy in policies.items() if arn.startswith("arn:")}
        return {arn: policy for arn, policy in found.items() if arn not in self.deleted}

    @functools.cached_property
    def _details(self) -> list[tuple[str, str, Json]]:
        """What `GetAccountAuthorizationDetails` lists: filter, field and element."""
        found: list[tuple[str, str, Json]] = []
        groups: dict[str, Json] = {}
        for sender in self.senders:
            kind = "User" if sender.trust is None else "Role"
            of_groups = {"GroupList": list(sender.groups)} if kind == "User" else {}
            detail = {**_described(sender), **_details_of(sender.policies, kind), **of_groups}
            found.append((kind, f"{kind}DetailList", detail))
            groups |= {name: {"GroupName": name, **_details_of(p, "Group")} for name, p in sender.groups.items()}
        found += [("Group", "GroupDetailList", group) for group in groups.values()]
        for arn in [arn for arn in self.managed if arn not in self.unlisted]:
            owner = "AWSManagedPolicy" if ":iam::aws:" in arn else "LocalManagedPolicy"
            texts = [(IN_FORCE, self.managed[arn], True), (OLD, ALLOW_ALL, False)]
            versions = [{"VersionId": name, "Document": text, "IsDefaultVersion": now} for name, text, now in texts]
            limits = int("boundary" in arn)
            used = {"AttachmentCount": 1 - limits, "PermissionsBoundaryUsageCount": limits}
            found.append((owner, "Policies", {"Arn": arn, "PolicyVersionList": versions, **used}))
        return found

    def _GetAccountAuthorizationDetails(self, asked: Json) -> Json:  # noqa: N802 - as the operation is called
        elements = [(field, element) for kind, field, element in self._details if kind in asked["Filter"]]
        paged = self._page("elements", elements, asked)
        fields: dict[str, list[Json]] = {}
        for field, element in paged.pop("elements"):
            fields.setdefault(field, []).append(element)
        return {**fields, **paged}

    def _SimulatePrincipalPolicy(self, asked: Json) -> Json:  # noqa: N802
        sender = next(sender for sender in self.senders if sender.arn == asked["PolicySourceArn"])
        owners = {sender.name: sender.policies, **sender.groups}
        policies = {f"{o}_{n}": p for o, each in owners.items() for n, p in each.items() if n not in self.deleted}
        boundary = [sender.boundary] if sender.boundary and sender.boundary_arn not in self.deleted else []
        return self._simulated(policies, boundary, self.organization, asked)

    def _SimulateCustomPolicy(self, asked: Json) -> Json:  # noqa: N802
        assert asked["PolicyInputList"]  # which IAM requires
        policies = {f"PolicyInputList.{i}": json.loads(text) for i, text in enumerate(asked["PolicyInputList"], 1)}
        boundary = [json.loads(text) for text in asked.get("PermissionsBoundaryPolicyInputList", [])]
        return self._simulated(policies, boundary, None, asked)

    def _simulated(self, policies: Mapping[str, Json], boundary: list[Json], limit: Json | None, asked: Json) -> Json:
        (action,), (arn,) = asked["ActionNames"], asked["ResourceArns"]
        context: Json = {}
        for entry in asked["ContextEntries"]:
            values, several = entry["ContextKeyValues"], entry["ContextKeyType"] == "stringList"
            context[entry["ContextKeyName"].lower()] = values if several else values[0]

        def decided(*layers: Sequence[Json]) -> str:
            return evaluator(*layers)(action, arn, context)

        wanted = decided([*policies.values()], *([each] for each in (*boundary, limit) if each))
        found = {"Allow": "allowed", "Deny": "explicitDeny"}.get(wanted, "implicitDeny")
        statements = [s for policy in (*policies.values(), *boundary) for s in parse_policy(policy, "")]
        keys = {condition.name for statement in statements for condition in statement.conditions}
        matching = [name for name, policy in policies.items() if decided([policy]) == wanted != "ImplicitDeny"]
        specific: Json = {
            "EvalResourceName": arn,
            "EvalResourceDecision": found,
            "MatchedStatements": [{"SourcePolicyId": name} for name in matching],
            "MissingContextValues": sorted(keys - {*context}),
        }
        result: Json = {"EvalActionName": action, "EvalResourceName": arn, "EvalDecision": found}
        if boundary:
            within = {"AllowedByPermissionsBoundary": decided([ALLOW_ALL], boundary) == "Allow"}
            specific["PermissionsBoundaryDecisionDetail"] = within
        if limit:
            within = {"AllowedByOrganizations": decided([ALLOW_ALL], [limit]) == "Allow"}
            result["OrganizationsDecisionDetail"] = within
        return {"EvaluationResults": [result | {"ResourceSpecificResults": [specific]}], "IsTruncated": False}


@functools.cache
def _client(service: str, region: str, attempts: int) -> Any:
    """A client whose requests a fake answers; making one takes a while."""
    retries = Config(retries={"mode": "standard", "total_max_attempts": attempts}, signature_version=UNSIGNED)
    client = _REAL.client(service, region_name=region, config=retries)

    def send(event_name: str, **_: Any) -> Any:
        operation = client.meta.service_model.operation_model(event_name.rpartition(".")[2])
        return client.fake.send(operation, client.asked)

    client.meta.events.register("before-parameter-build", lambda params, **_: setattr(client, "asked", params))
    client.meta.events.register("before-send", send)
    return client


def _described(sender: Sender) -> Json:
    """A role or user, without its policies."""
    kind = "User" if sender.trust is None else "Role"
    used = {"LastUsedDate": sender.last_used} if sender.last_used else {}
    of_role = {"AssumeRolePolicyDocument": sender.trust, "RoleLastUsed": used} if kind == "Role" else {}
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": sender.boundary_arn}
    boundary = {"PermissionsBoundary": limit} if sender.boundary else {}
    return {"Arn": sender.arn, f"{kind}Name": sender.name, **of_role, **boundary}


def _attached(policies: Mapping[str, Json]) -> list[Json]:
    return [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in policies if arn.startswith("arn:")]


def _details_of(policies: Mapping[str, Json], kind: str) -> Json:
    inline = [{"PolicyName": n, "PolicyDocument": p} for n, p in policies.items() if not n.startswith("arn:")]
    return {f"{kind}PolicyList": inline, "AttachedManagedPolicies": _attached(policies)}


def _xml(value: Any) -> str:
    """A value as IAM writes it, policies URL-encoded."""
    if isinstance(value, list):
        return "".join(f"<member>{_xml(element)}</member>" for element in value)
    if not isinstance(value, dict):
        return escape(str(value).lower() if isinstance(value, bool) else str(value))
    texts = {n: quote(json.dumps(v)) if n.endswith("Document") else _xml(v) for n, v in value.items()}
    return "".join(f"<{name}>{text}</{name}>" for name, text in texts.items())


def _error(status: int, code: str, text: str) -> AWSResponse:
    return _response(status, f"<Error><Code>{code}</Code><Message>{text}</Message></Error>")


def _response(status: int, text: str) -> AWSResponse:
    body = types.SimpleNamespace(stream=lambda: [f"<Response>{text}</Response>".encode()])
    return AWSResponse("https://iam.amazonaws.com/", status, {}, body)
