"""How IAM compares a request with the conditions of a statement, as far as the request is known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from .policy_language import as_list
from .wildcards import contains, matches


class Unknown(Enum):
    """The value of a key that a request may have or not."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Value = str | None | Unknown  # of a key in a request; `None`: the request does not have the key


def matches_arn(pattern: str, arn: str) -> bool:
    """Return whether an ARN matches a pattern, field by field: `*` matches no colon before the resource."""
    fields, others = pattern.split(":", 5), arn.split(":", 5)
    return len(fields) == len(others) == 6 and all(map(matches, fields, others))


def contains_arn(pattern: str, other: str) -> bool:
    """Return whether a pattern of ARNs matches all that another matches, field by field."""
    fields, others = pattern.split(":", 5), other.split(":", 5)
    return len(fields) == len(others) and all(map(contains, fields, others))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda expected, value: expected == value,
    "stringequalsignorecase": lambda expected, value: expected.lower() == value.lower(),
    "stringlike": matches,
    "arnequals": matches_arn,
    "arnlike": matches_arn,
    "bool": lambda expected, value: expected.lower() == value.lower(),
}
_WITH_WILDCARDS = ("stringlike", "arnequals", "arnlike")


@dataclass(frozen=True)
class Comparison:
    """One key that a statement compares with values.

    Attributes:
        written: The operator as the policy has it.
        key: The key as the policy has it.
        values: The values, any of which may match.
        quantifier: `foranyvalue`, `forallvalues` or nothing.
        operator: The operator in lower case without quantifier, `IfExists` and negation: `stringequals`, `null`.
        negated: Whether none of the values may match.
        if_exists: Whether a request without the key meets it.
    """

    written: str
    key: str
    values: tuple[str, ...]
    quantifier: str
    operator: str
    negated: bool
    if_exists: bool

    @classmethod
    def parse(cls, operator: str, key: str, values: Any) -> Comparison:
        """Return a comparison as a policy has it; IAM ignores the case of operators and keys."""
        quantifier, _, name = operator.lower().rpartition(":")
        bare = name.removesuffix("ifexists")
        positive = bare.replace("not", "", 1)
        texts = tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in as_list(values))
        return cls(operator, key, texts, quantifier, positive, positive != bare, bare != name)

    @property
    def name(self) -> str:
        """Return the key in lower case."""
        return self.key.lower()

    @property
    def demands(self) -> bool:
        """Return whether a request must have the key, with one of the values."""
        return not (self.negated or self.if_exists or self.quantifier == "forallvalues")

    @property
    def only_demands_the_key(self) -> bool:
        """Return whether it says no more than that a request must have the key, whatever its value."""
        return self.operator == "null" and {value.lower() for value in self.values} == {"false"}

    @cached_property
    def has_variable(self) -> bool:
        """Return whether a value is a policy variable."""
        return any("${" in value for value in self.values)

    @property
    def has_pattern(self) -> bool:
        """Return whether a value is a pattern."""
        return self.operator in _WITH_WILDCARDS and any(set("*?") & set(value) for value in self.values)

    @property
    def only_values(self) -> tuple[str, ...]:
        """Return the values, one of which a request must have; none if other values meet the comparison too."""
        exact = self.operator in ("stringequals", "stringlike") and not self.has_pattern
        return self.values if exact and self.demands else ()

    def met_by(self, value: Value) -> bool | None:
        """Return whether a request with this value meets the comparison; `None` if that cannot be told."""
        if self.operator == "null":
            absent = "true" in [value.lower() for value in self.values]
            return None if value is UNKNOWN else (value is None) == absent
        if value is None:
            return not self.demands and (self.quantifier != "foranyvalue" or self.if_exists)
        compare = _OPERATORS.get(self.operator)
        if value is UNKNOWN or compare is None or self.has_variable:
            return None
        if value not in self._answers:
            self._answers[value] = any(compare(expected, value) for expected in self.values)
        return self._answers[value] != self.negated

    @cached_property
    def _answers(self) -> dict[str, bool]:
        """Whether one of the values matches, for each value of a request that was asked about."""
        return {}


def parse_conditions(conditions: Mapping[str, Mapping[str, Any]]) -> list[Comparison]:
    """Return the comparisons of a statement, all of which a request must meet.

    At synthesis a condition may be a CDK token; it is left out.
    """
    return [
        Comparison.parse(operator, key, values)
        for operator, keys in (conditions.items() if isinstance(conditions, Mapping) else ())
        for key, values in (keys.items() if isinstance(keys, Mapping) else ())
    ]


def all_met(comparisons: Iterable[Comparison], request: Callable[[str], Value]) -> bool | None:
    """Return whether a request meets all comparisons; `None` if that cannot be told.

    Args:
        comparisons: The comparisons of a statement.
        request: Returns the value of a key in lower case.
    """
    answers = [comparison.met_by(request(comparison.name)) for comparison in comparisons]
    return False if False in answers else None if None in answers else True
