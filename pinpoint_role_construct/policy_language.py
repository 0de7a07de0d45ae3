"""IAM's policy language: a statement as data, and patterns of actions and ARNs.

Text and data alone, without AWS CDK; a CDK token is text like any other.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

_RUN = re.compile(r"[*?]*\*[*?]*")  # of wildcards, in which the order does not count
_VARIABLE = re.compile(r"[$#]\{[^}]*\}")  # of IAM, or a token of the CDK


def as_list(value: Any) -> list[Any]:
    """The value of a policy element as a list: IAM takes a single value without one."""
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


class Condition(NamedTuple):
    """One key of a statement's conditions.

    Attributes:
        name: The key in lower case: IAM ignores its case.
        comparison: The operator in lower case, such as `forallvalues:stringlike`.
        values: The values, any of which may match.
        written: The condition as messages show it.
    """

    name: str
    comparison: str
    values: tuple[str, ...]
    written: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy; of an element and its `Not` form at most one has values.

    Attributes:
        label: What messages call it.
        allows: Whether it allows, or denies.
        actions: Patterns of actions, as the policy has them.
        not_actions: The same for `NotAction`.
        resources: Patterns of ARNs.
        not_resources: The same for `NotResource`.
        conditions: Its conditions, all of which a request must meet.
        principals: Of a trust policy: kind (`Service`, `AWS`, `Federated`) and name of each principal. One that allows
            all but some (`NotPrincipal`) counts as allowing everyone, one that denies them as denying no one.
    """

    label: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    principals: tuple[tuple[str, str], ...] = ()

    def has_action(self, action: str) -> bool:
        """Whether the statement is about an action."""
        if self.not_actions:
            return not any(matches_action(pattern, action) for pattern in self.not_actions)
        return any(matches_action(pattern, action) for pattern in self.actions)


def parse_statement(statement: Mapping[str, Any], label: str = "") -> Statement:
    """A statement that a policy has as JSON; at synthesis a condition may be a CDK token, which is left out."""
    conditions = statement.get("Condition")
    return Statement(
        label=label,
        allows=statement.get("Effect") == "Allow",
        actions=_texts(statement.get("Action")),
        not_actions=_texts(statement.get("NotAction")),
        resources=_texts(statement.get("Resource")),
        not_resources=_texts(statement.get("NotResource")),
        conditions=tuple(
            Condition(key.lower(), operator.lower(), _texts(values), f"{operator} {key} {', '.join(_texts(values))}")
            for operator, keys in (conditions.items() if isinstance(conditions, Mapping) else ())
            for key, values in (keys.items() if isinstance(keys, Mapping) else ())
        ),
        principals=_principals(statement),
    )


def parse_policy(document: Mapping[str, Any], policy: str) -> tuple[Statement, ...]:
    """The statements of a policy, which messages call `policy`: `inline policy Sending`."""
    statements = as_list(document.get("Statement"))
    return tuple(
        parse_statement(s, f"{policy}, statement {s.get('Sid') or i}" if len(statements) > 1 else policy)
        for i, s in enumerate(statements, 1)
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in as_list(value))


def _principals(statement: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    all_but_some = "NotPrincipal" in statement and statement.get("Effect") == "Allow"
    principal = "*" if all_but_some else statement.get("Principal", {})
    kinds = {"AWS": principal} if isinstance(principal, str) else principal
    return tuple((kind, str(name)) for kind, names in kinds.items() for name in as_list(names))


def is_pattern(text: str) -> bool:
    """Whether IAM reads more than one name in text: a wildcard or a policy variable."""
    return "*" in text or "?" in text or "${" in text


def without_variables(pattern: str) -> str:
    """A pattern with `*` for each policy variable, whose value is not known here."""
    return _VARIABLE.sub("*", pattern)


def matches_action(pattern: str, action: str) -> bool:
    """Whether a pattern of actions, whose case IAM ignores, matches an action."""
    return matches(pattern.lower(), action.lower())


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches text: `*` stands for any text, `?` for any one character."""
    return fnmatchcase(text, pattern.replace("[", "[[]")) if "*" in pattern or "?" in pattern else pattern == text


def contains(pattern: str, other: str) -> bool:
    """Whether a pattern matches all that another matches; never wrongly, but it may deny it where `?` meets `*`."""
    if not ("*" in pattern or "?" in pattern):
        return pattern == other
    # Read as text, `*` is a character that only `*` matches, since it stands for any number of characters.
    ours, theirs = (_RUN.sub(lambda run: "?" * run[0].count("?") + "*", text) for text in (pattern, other))
    return fnmatchcase(theirs, ours.replace("[", "[[]").replace("?", "[!*]"))


def overlaps_arn(first: str, second: str) -> bool:
    """Whether some ARN with five colons, as those of SES have, is matched by both patterns."""
    short, long = sorted((without_variables(pattern).split(":") for pattern in (first, second)), key=len)
    if len(short) == len(long) == 6:
        return all(map(overlaps, short, long))
    aligned = takewhile(lambda fields: "*" not in fields[0], zip(short, long, strict=False))  # then `*` may take colons
    return len(long) <= 6 and all(overlaps(*fields) for fields in aligned) and overlaps(":".join(short), ":".join(long))


@lru_cache(maxsize=4096)
def overlaps(first: str, second: str) -> bool:
    """Whether some text is matched by both patterns."""
    for pattern, text in ((first, second), (second, first)):
        if not ("*" in text or "?" in text):
            return matches(pattern, text)
    reached = [not second[:i].strip("*") for i in range(len(second) + 1)]  # by no character of `first` so far
    for char in first:
        step = [char == "*" and reached[0]]
        for i, other in enumerate(second):
            if "*" in (char, other):
                step.append(step[i] or reached[i + 1])
            else:
                step.append(reached[i] and (char == other or "?" in (char, other)))
        reached = step
        if not any(reached):
            return False
    return reached[-1]
