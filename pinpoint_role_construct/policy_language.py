"""How IAM reads a policy: what its statements say of an action and a resource.

Text and data alone, without AWS CDK; a token is text like any other.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from .wildcards import contains, example, matches, normalized, overlaps


def as_list(value: Any) -> list[Any]:
    """Return the value of a policy element as a list: IAM takes a single value without one."""
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, each element as a tuple; of an element and its `Not` form one is empty."""

    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]

    @classmethod
    def parse(cls, statement: Mapping[str, Any]) -> Statement:
        """Return the statement that a policy has as JSON; actions, whose case IAM ignores, in lower case."""
        return cls(
            effect=str(statement.get("Effect")),
            actions=tuple(str(action).lower() for action in as_list(statement.get("Action"))),
            not_actions=tuple(str(action).lower() for action in as_list(statement.get("NotAction"))),
            resources=tuple(map(str, as_list(statement.get("Resource")))),
            not_resources=tuple(map(str, as_list(statement.get("NotResource")))),
            conditions=statement.get("Condition") or {},
        )

    def has_action(self, action: str) -> bool:
        """Return whether the statement is about an action."""
        name = action.lower()
        if self.not_actions:
            return not any(matches(pattern, name) for pattern in self.not_actions)
        return any(matches(pattern, name) for pattern in self.actions)

    def has_all_of(self, resources: str) -> bool:
        """Return whether the statement is about every resource that a pattern matches, none of them without a name."""
        resources = re.sub(r"/\*$", "/?*", without_variables(resources))
        if self.not_resources:
            return not any(overlaps(without_variables(pattern), resources) for pattern in self.not_resources)
        return any(contains(pattern, resources) for pattern in self.resources)

    def without_variables(self) -> Statement:
        """Return a statement about what this one is about whatever its policy variables stand for."""
        resources = tuple(pattern for pattern in self.resources if "${" not in pattern)
        return replace(self, resources=resources, not_resources=tuple(map(without_variables, self.not_resources)))

    def parts(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return what the statement is about as patterns, each with the patterns of what it leaves out."""
        return [("*", self.not_resources)] if self.not_resources else [(pattern, ()) for pattern in self.resources]

    def resources_within(self, resources: str) -> list[str]:
        """Return patterns of the resources that the statement is about, as far as the pattern `resources` goes."""
        if self.not_resources:
            return [] if any(contains(pattern, resources) for pattern in self.not_resources) else [resources]
        if not set("*?$") & set(resources):
            within = resources in self.resources or any(narrower(pattern, resources) for pattern in self._patterns)
            return [resources] if within else []
        return [arn for pattern in self.resources for arn in narrower(pattern, resources)]

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(pattern for pattern in self.resources if set("*?$") & set(pattern))


@lru_cache(maxsize=4096)
def narrower(pattern: str, limit: str) -> tuple[str, ...]:
    """Return what of an ARN pattern lies within another, field by field; of two fields the one within the other."""
    found = [
        ":".join(our if contains(their, our) else their for our, their in zip(ours, theirs, strict=True))
        for ours in _aligned(pattern)
        for theirs in _aligned(limit)
        if all(map(overlaps, map(without_variables, ours), map(without_variables, theirs)))
    ]
    return tuple(dict.fromkeys(found))


def _aligned(pattern: str) -> list[list[str]]:
    """Return the six fields of an ARN pattern, for each way in which wildcards may have the colons that it lacks."""
    parts = re.split("([*?])", normalized(pattern))
    ways = itertools.combinations_with_replacement(range(1, len(parts), 2), max(5 - pattern.count(":"), 0))
    filled = [[_filled(part, way.count(i)) for i, part in enumerate(parts)] for way in itertools.islice(ways, 1000)]
    found = ["".join(texts).split(":", 5) for texts in filled]
    found = [fields for fields in found if len(fields) == 6 and "/" not in "".join(fields[:5])]
    return found if len(filled) < 1000 else [["*"] * 6]


def _filled(part: str, colons: int) -> str:
    """Return a wildcard of a pattern with colons in it, or another part as it is."""
    if not colons:
        return part
    return "*" + ":*" * colons if part == "*" else ":"


def parse_statements(document: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of a policy document."""
    return [Statement.parse(statement) for statement in as_list(document.get("Statement"))]


def allowed_within(
    statements: Sequence[Statement], action: str, resources: str, boundary: Sequence[Statement] | None = None
) -> list[str]:
    """Return patterns of the resources within `resources` on which policies allow an action under some condition.

    There is such a pattern if and only if there is such a resource; the pattern itself may be wider where two patterns
    overlap in part. A condition is taken for met in an `Allow` and for not met in a `Deny`.

    Args:
        statements: Statements of the permission policies.
        action: The action.
        resources: A pattern of ARNs of SES.
        boundary: Statements of the permissions boundary. Default: no boundary.
    """
    return list(allowed_examples(statements, action, resources, boundary))


def allowed_examples(
    statements: Sequence[Statement], action: str, resources: str, boundary: Sequence[Statement] | None = None
) -> dict[str, str]:
    """Return what `allowed_within` returns, for each pattern one resource on which the action is allowed."""
    allowed = [s for s in statements if s.effect == "Allow" and s.has_action(action)]
    limits = [part for s in boundary or () if s.effect == "Allow" and s.has_action(action) for part in s.parts()]
    if boundary is None:
        limits = [("*", ())]
    denied = [s for s in (*statements, *(boundary or ())) if s.effect == "Deny" and s.has_action(action)]
    denied = [s for s in denied if not s.conditions]
    spared = [[*map(without_variables, s.not_resources)] for s in denied if s.not_resources]
    taken = [pattern for s in denied for pattern in s.resources] + ["*/*:*", "*:*:*:*:*:*:*"]  # which no ARN of SES is
    found: dict[str, str] = {}
    for pattern, exceptions in [part for s in allowed for part in s.parts()]:
        for limit, more_exceptions in limits:
            for arns in [arn for part in narrower(pattern, resources) for arn in narrower(part, limit)]:
                groups = [[without_variables(each)] for each in (arns, pattern, limit)]
                arn = example([*groups, [resources], *spared], [*taken, *exceptions, *more_exceptions])
                if arn is not None:
                    found.setdefault(arns, arn)
    return found


def without_variables(pattern: str) -> str:
    """Return a pattern with `*` for each policy variable: no one knows here what IAM puts in its place."""
    return re.sub(r"\$\{[^}]*\}", "*", pattern)
