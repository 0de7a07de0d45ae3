"""How IAM reads a policy: its wildcards, and what a statement says of an action and a resource.

Text and data alone, without AWS CDK; a token is text like any other.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_OTHER = "\ue000"  # a character that is in none of the patterns


def as_list(value: Any) -> list[Any]:
    """Return the value of a policy element as a list: IAM takes a single value without one."""
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


@lru_cache(maxsize=4096)
def _compiled(pattern: str, any_character: str) -> tuple[re.Pattern[str], ...]:
    """Return what stands before, between and behind the `*` of a pattern."""
    parts = _normalized(pattern).split("*")
    return tuple(
        re.compile("".join(any_character if char == "?" else re.escape(char) for char in part), re.DOTALL)
        for part in parts
    )


def _matches(pattern: str, text: str, any_character: str) -> bool:
    """Return whether a pattern matches text; each part where it first can, so that odd patterns take no longer."""
    first, *between = _compiled(pattern, any_character)
    if not between:
        return first.fullmatch(text) is not None
    found = first.match(text)
    for part in between[:-1]:
        found = found and part.search(text, found.end())
    length = len(_normalized(pattern).rpartition("*")[2])
    return found is not None and between[-1].fullmatch(text, max(found.end(), len(text) - length)) is not None


def _normalized(pattern: str) -> str:
    """Return the pattern with each run of wildcards in one form: `*?*` matches what `?*` does."""
    return re.sub(r"[*?]*\*[*?]*", lambda run: "?" * run[0].count("?") + "*", pattern)


def matches(pattern: str, text: str) -> bool:
    """Return whether `pattern` matches `text`; `*` stands for any text, `?` for any one character."""
    return _matches(pattern, text, ".")


def contains(pattern: str, other: str) -> bool:
    """Return whether `pattern` matches every text that the pattern `other` matches.

    It never says so wrongly; of patterns that mix `?` with `*` it may deny it.
    """
    # Read as text, `*` is a character that only `*` matches, since it stands for any number of characters.
    return _matches(pattern, _normalized(other), "[^*]")


@lru_cache(maxsize=4096)
def overlaps(first: str, second: str) -> bool:
    """Return whether some text is matched by both patterns."""
    for pattern, text in ((first, second), (second, first)):
        if not set("*?") & set(text):
            return matches(pattern, text)
    reached = _past_stars(second, {0})
    for char in first:
        if char == "*":
            reached = set(range(min(reached), len(second) + 1)) if reached else reached
        else:
            stay = {i for i in reached if second[i : i + 1] == "*"}
            step = {
                i + 1 for i in reached if second[i : i + 1] == "?" or (i < len(second) and char in ("?", second[i]))
            }
            reached = _past_stars(second, stay | step)
    return len(second) in reached


def example(groups: Sequence[Sequence[str]], excluded: Sequence[str], patience: int = 20_000) -> str | None:
    """Return a text that is matched by one pattern of each group and by none of the excluded ones, if there is one.

    Args:
        groups: Groups of patterns.
        excluded: Patterns.
        patience: How many states to visit. Past them there may be such a text: what was reached so far stands for it.
    """
    for group in groups:
        if len(group) == 1 and not set("*?") & set(group[0]):  # the only text that there may be
            met = all(any(matches(pattern, group[0]) for pattern in other) for other in groups)
            return group[0] if met and not any(matches(pattern, group[0]) for pattern in excluded) else None
    wanted = [range(sum(map(len, groups[:i])), sum(map(len, groups[: i + 1]))) for i in range(len(groups))]
    patterns = [pattern for group in groups for pattern in group] + list(excluded)
    unwanted = range(len(patterns) - len(excluded), len(patterns))
    start = tuple(frozenset(_past_stars(pattern, {0})) for pattern in patterns)
    seen, todo = {start}, [(start, "")]
    while todo:
        state, text = todo.pop()
        if not all(any(state[i] for i in group) for group in wanted):
            continue  # nothing that follows matches
        if any(patterns[i].endswith("*") and len(patterns[i]) in state[i] for i in unwanted):
            continue  # everything that follows matches what is excluded
        ends = [len(pattern) in places for pattern, places in zip(patterns, state, strict=True)]
        met = all(any(ends[i] for i in group) for group in wanted) and not any(ends[i] for i in unwanted)
        if met or len(seen) > patience:
            return text
        characters = {
            pattern[i] for pattern, places in zip(patterns, state, strict=True) for i in places if pattern[i:]
        }
        for character in (_OTHER, *sorted(characters - {"*", "?"})):
            follows = tuple(_step(pattern, places, character) for pattern, places in zip(patterns, state, strict=True))
            if follows not in seen:
                seen.add(follows)
                todo.append((follows, text + character))
    return None


@lru_cache(maxsize=65_536)
def _step(pattern: str, places: frozenset[int], character: str) -> frozenset[int]:
    """Return the places in a pattern that a character leads to."""
    stay = {i for i in places if pattern[i : i + 1] == "*"}
    step = {i + 1 for i in places if pattern[i : i + 1] in ("?", character) and pattern[i:]}
    return frozenset(_past_stars(pattern, stay | step))


def _past_stars(pattern: str, places: set[int]) -> set[int]:
    """Return `places`, and those behind a `*` that stands for no text."""
    for i in range(len(pattern)):
        if i in places and pattern[i] == "*":
            places.add(i + 1)
    return places


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
        resources = re.sub(r"/\*$", "/?*", resources)
        if self.not_resources:
            return not any(overlaps(pattern, resources) for pattern in _without_variables(self.not_resources))
        return any(contains(pattern, resources) for pattern in self.resources)

    def parts(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return what the statement is about as patterns, each with the patterns of what it leaves out."""
        return [("*", self.not_resources)] if self.not_resources else [(pattern, ()) for pattern in self.resources]

    def resources_within(self, resources: str) -> list[str]:
        """Return patterns of the resources that the statement is about, as far as the pattern `resources` goes."""
        if self.not_resources:
            return [] if any(contains(pattern, resources) for pattern in self.not_resources) else [resources]
        return [arn for pattern in self.resources for arn in _narrower(pattern, resources)]


@lru_cache(maxsize=4096)
def _narrower(pattern: str, limit: str) -> tuple[str, ...]:
    """Return what of an ARN pattern lies within another, field by field; of two fields the one within the other."""
    found = [
        ":".join(our if contains(their, our) else their for our, their in zip(ours, theirs, strict=True))
        for ours in _aligned(pattern)
        for theirs in _aligned(limit)
        if all(map(overlaps, _without_variables(ours), _without_variables(theirs)))
    ]
    return tuple(dict.fromkeys(found))


def _aligned(pattern: str) -> list[list[str]]:
    """Return the six fields of an ARN pattern, for each way in which wildcards may have the colons that it lacks."""
    parts = re.split("([*?])", _normalized(pattern))
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
    spared = [_without_variables(s.not_resources) for s in denied if s.not_resources]
    taken = [pattern for s in denied for pattern in s.resources] + ["*/*:*", "*:*:*:*:*:*:*"]  # which no ARN of SES is
    found: dict[str, str] = {}
    for pattern, exceptions in [part for s in allowed for part in s.parts()]:
        for limit, more_exceptions in limits:
            for arns in [arn for part in _narrower(pattern, resources) for arn in _narrower(part, limit)]:
                groups = [_without_variables([each]) for each in (arns, pattern, limit)]
                arn = example([*groups, [resources], *spared], [*taken, *exceptions, *more_exceptions])
                if arn is not None:
                    found.setdefault(arns, arn)
    return found


def _without_variables(patterns: Sequence[str]) -> list[str]:
    """Return patterns with `*` for each policy variable: no one knows here what IAM puts in its place."""
    return [re.sub(r"\$\{[^}]*\}", "*", pattern) for pattern in patterns]
