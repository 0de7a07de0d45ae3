"""IAM's policy simulator, asked about one role or user.

Where it denies a request and the policies have conditions that cannot be judged here, it is asked again about the same
policies as if those conditions held. What is denied only by them is a note, not a finding.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..policies import NARROWINGS, Document, document
from ..policy_language import as_list, parse_statement, without_variables
from .read import Entity, listed

Context = dict[str, list[str]]  # values of SES's condition keys


@dataclass(frozen=True)
class Decision:
    """What the simulator says of one request.

    Attributes:
        action: The action.
        resource: The ARN of the resource.
        context: The values of condition keys.
        code: The code of a denial's finding; nothing if it is allowed, or would be if the conditions in the notes held.
        reason: What denies it.
    """

    action: str
    resource: str
    context: Context
    code: str = ""
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it is allowed, or would be if the conditions in the notes held."""
        return not self.code


class Simulator:
    """IAM's policy simulator, asked about one role or user.

    Attributes:
        unread: What it was found not to read, as an emulator's may not: conditions, the permissions boundary.
    """

    def __init__(self, iam: Any, entity: Entity) -> None:
        """Ask nothing yet."""
        self._iam, self._entity = iam, entity
        self._decisions: dict[str, Decision] = {}
        self.unread: dict[str, None] = {}

    def ask(self, action: str, resource: str, context: Context) -> Decision:
        """What it says of a request, asked once; keys that SES does not know for the action are left out."""
        known = {n.key: context[n.key] for n in NARROWINGS if n.key in context and action not in n.unknown_to}
        key = json.dumps([action, resource, known])
        if key not in self._decisions:
            self._decisions[key] = Decision(action, resource, known, *self._denial(action, resource, known))
        return self._decisions[key]

    def reads_conditions(self) -> bool:
        """Whether it reads conditions: an emulator's simulator may not, and would deny what is allowed."""
        key, value = NARROWINGS[0].key, "canary@example.com"
        statement = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
        policy = document([statement | {"Condition": {"StringEquals": {key: value}}}])
        request = _request("ses:SendEmail", "*", {key: [value]})
        answer = _Answer(self._iam.simulate_custom_policy(PolicyInputList=[json.dumps(policy)], **request))
        self.unread |= {} if answer.decision == "allowed" else {"conditions": None}
        return "conditions" not in self.unread

    def _denial(self, action: str, resource: str, context: Context) -> tuple[str, ...]:
        """The code and the reason of a denial; nothing if it is allowed, or would be as the notes say."""
        request, entity = _request(action, resource, context), self._entity
        answer = _Answer(self._iam.simulate_principal_policy(PolicySourceArn=entity.arn, **request))
        if entity.boundary and answer.within_boundary is None:
            self.unread["permissions boundaries"] = None
        missing = f" (IAM lacked a value for {listed(answer.missing)})" if answer.missing else ""
        if answer.decision == "allowed":
            return ()
        if answer.within_organization is False:
            return "SIMULATOR-DENIES", f"a policy of the organization does not allow it{missing}"
        read = [*entity.policies.values(), *([entity.boundary] if entity.boundary else [])]
        held = [_if_conditions_held(policy) for policy in read]
        texts, number = list(map(json.dumps, held)), len(entity.policies)
        limits = {"PermissionsBoundaryPolicyInputList": texts[number:]} if entity.boundary else {}
        policies = texts[:number] or [json.dumps(document([]))]
        answer = _Answer(self._iam.simulate_custom_policy(PolicyInputList=policies, **limits, **request))
        if answer.decision == "allowed":
            same = all(as_list(one["Statement"]) == other["Statement"] for one, other in zip(read, held, strict=True))
            why = f"IAM denies it, although the policies that were read allow it{missing}"
            return ("SIMULATOR-DENIES", why) if same else ()
        labels = listed(f"the {list(entity.policies)[place]}" for place in answer.matched) or "a policy"
        if answer.decision == "explicitDeny" and (answer.matched or answer.within_boundary is not False):
            return "PERMISSION-DENY", f"{labels} denies it; if the role should send this, exempt it there"
        if answer.within_boundary is False:
            return "PERMISSION-BOUNDARY", f"{entity.boundary_arn} does not allow it; allow it in this boundary"
        return "PERMISSION-MISSING", "no policy allows it; allow it on what the role should send with"


class _Answer:
    """The simulator's answer about one action on one resource; AWS puts most of it below the resource."""

    def __init__(self, answer: dict[str, Any]) -> None:
        result = answer["EvaluationResults"][0]
        specific = {**result, **(result.get("ResourceSpecificResults") or [{}])[0]}
        sources = [found.get("SourcePolicyId", "") for found in specific.get("MatchedStatements") or []]
        self.decision = result["EvalDecision"]
        self.missing: list[str] = specific.get("MissingContextValues") or []
        self.matched = [int(source[16:]) - 1 for source in sources if source.startswith("PolicyInputList.")]
        self.within_organization = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations")
        self.within_boundary = specific.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary")


def _request(action: str, resource: str, context: Context) -> dict[str, Any]:
    several = {narrowing.key for narrowing in NARROWINGS if narrowing.several}
    entries = [
        {"ContextKeyName": k, "ContextKeyValues": v, "ContextKeyType": "stringList" if k in several else "string"}
        for k, v in context.items()
    ]
    return {"ActionNames": [action], "ResourceArns": [resource], "ContextEntries": entries}


def _if_conditions_held(policy: Document) -> Document:
    """A policy without the conditions and variables that cannot be judged here: an `Allow` is met, a `Deny` is not."""
    keys = {narrowing.key.lower() for narrowing in NARROWINGS}  # which a message's context has
    kept = []
    for statement in as_list(policy.get("Statement")):
        parsed = parse_statement(statement)
        judged = [c for c in parsed.conditions if c.name in keys and not any("${" in value for value in c.values)]
        variable = any("${" in arn for arn in parsed.resources + parsed.not_resources)
        if len(judged) == len(parsed.conditions) and not variable:
            kept.append(statement)
        elif parsed.allows:
            conditions: dict[str, dict[str, Any]] = {}
            for condition in judged:
                conditions.setdefault(condition.comparison, {})[condition.name] = list(condition.values)
            resources = {"Resource": [without_variables(arn) for arn in parsed.resources]} if parsed.resources else {}
            kept.append({**statement, **resources, "Condition": conditions})
    return {**policy, "Statement": kept}
