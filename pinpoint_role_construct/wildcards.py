"""IAM's wildcards: what a pattern with `*` and `?` matches, and what several of them match together.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_OTHER = "\ue000"  # a character that is in none of the patterns


@lru_cache(maxsize=4096)
def _compiled(pattern: str, any_character: str) -> tuple[list[re.Pattern[str]], int]:
    """Return what stands before, between and behind the `*` of a pattern, and the length of what stands behind."""
    parts = normalized(pattern).split("*")
    compiled = [
        re.compile("".join(any_character if char == "?" else re.escape(char) for char in part), re.DOTALL)
        for part in parts
    ]
    return compiled, len(parts[-1])


def _matches(pattern: str, text: str, any_character: str) -> bool:
    """Return whether a pattern matches text: part by part from the left, so that it never backtracks."""
    (first, *between), length = _compiled(pattern, any_character)
    if not between:
        return first.fullmatch(text) is not None
    found = first.match(text)
    for part in between[:-1]:
        found = found and part.search(text, found.end())
    return found is not None and between[-1].fullmatch(text, max(found.end(), len(text) - length)) is not None


def normalized(pattern: str) -> str:
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
    return _matches(pattern, normalized(other), "[^*]")


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
        patience: How many states to visit. Beyond that there is taken to be one: what was reached so far stands for it.
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
