"""Wildcards of policies, against brute force."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinpoint_role_construct.wildcards import contains, example, matches, overlaps

# "c" is in no pattern: it stands for all the characters that patterns do not name.
TEXTS = ["".join(text) for length in range(7) for text in itertools.product("abc", repeat=length)]
SIMPLE = ["".join(pattern) for length in range(4) for pattern in itertools.product("ab*?", repeat=length)]
patterns = st.text("ab*?", max_size=5)


def matched(pattern: str) -> set[str]:
    """Return the texts that a pattern matches, by a way of its own: character for character, backwards."""

    def match(rest: str, text: str) -> bool:
        if not rest:
            return not text
        if rest[-1] == "*":
            return match(rest[:-1], text) or (bool(text) and match(rest, text[:-1]))
        return bool(text) and rest[-1] in ("?", text[-1]) and match(rest[:-1], text[:-1])

    return {text for text in TEXTS if match(pattern, text)}


MATCHED = {pattern: matched(pattern) for pattern in SIMPLE}


class TestWildcards:
    """Patterns against every short text."""

    def test_matches_is_what_brute_force_says(self) -> None:
        for pattern, texts in MATCHED.items():
            assert {text for text in TEXTS if matches(pattern, text)} == texts, pattern

    def test_a_pattern_matches_whole_texts_of_any_characters(self) -> None:
        assert matches("a*z", "a\n:/z")
        assert matches("a.c", "a.c")
        assert not matches("a.c", "abc")
        assert not matches("A", "a")
        assert not matches("a", "ab")
        assert not matches("b", "ab")

    def test_contains_never_says_so_wrongly_and_overlaps_is_exact(self) -> None:
        for first, second in itertools.product(SIMPLE, repeat=2):
            assert overlaps(first, second) == bool(MATCHED[first] & MATCHED[second]), (first, second)
            inside = MATCHED[second] <= MATCHED[first]
            mixed = "?" in first + second and "*" in first + second
            assert contains(first, second) == inside or (inside and mixed), (first, second)

    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.lists(patterns, min_size=1, max_size=2), max_size=3), st.lists(patterns, max_size=3))
    def test_an_example_is_found_if_there_is_one(self, groups: list[list[str]], excluded: list[str]) -> None:
        def is_one(text: str) -> bool:
            return all(any(matches(pattern, text) for pattern in group) for group in groups) and not any(
                matches(pattern, text) for pattern in excluded
            )

        found = example(groups, excluded)
        assert is_one(found) if found is not None else not any(map(is_one, TEXTS))

    def test_the_search_for_an_example_gives_up_on_the_side_of_caution(self) -> None:
        assert example([["ab*"]], ["abc", "ab*"]) is None
        assert example([["ab*"]], ["abc", "ab*"], patience=2) is not None
        assert example([["a*"]], ["*"], patience=0) is None
