"""Compare a role with what it should be: data in, findings out.

The codes of the findings, which do not change:

| code | what is wrong |
| --- | --- |
| `REGION` | the role's ARNs are all in another Region |
| `TRUST-SERVICE` | the trust policy does not name the one service that it should |
| `TRUST-PRINCIPAL` | it lets somebody else assume the role too |
| `TRUST-ACTION` | it allows more than `sts:AssumeRole` |
| `TRUST-ACCOUNT` | it lets other accounts' resources through, or none at all |
| `TRUST-SOURCE` | it lets other sources through, or not all that it should |
| `TRUST-CONDITION` | a condition keeps, or may keep, the service out |
| `TRUST-DENY` | a statement denies, or may deny, the service the role |
| `PERMISSION-MISSING` | the policies do not allow what sending needs |
| `PERMISSION-ACTION` | they allow other actions |
| `PERMISSION-RESOURCE` | they allow sending with something that was not named |
| `PERMISSION-WILDCARD` | a wildcard allows more than it should |
| `PERMISSION-ADMINISTRATOR` | they allow all, or nearly, to a role that is for no sending service |
| `PERMISSION-NEGATION` | `NotAction` or `NotResource` allows more than it should |
| `PERMISSION-TEMPLATE` | they allow templated email, and no template was named |
| `PERMISSION-FROM-ADDRESS` | they allow sending from other addresses |
| `PERMISSION-CONDITION` | a condition is never, or may not be, met |
| `PERMISSION-DENY` | a statement denies, or may deny, sending |
| `PERMISSION-BOUNDARY` | the permissions boundary does not allow sending |
| `SIMULATOR-DENIES` | IAM's policy simulator denies what the policies allow |
| `SIMULATOR-ALLOWS` | it allows what the policies should not |
"""

from __future__ import annotations

from collections.abc import Iterator

from .deployed import DeployedRole, Finding
from .expectation import Expectation
from .permission import compare_permission
from .trust import compare_trust


def compare(role: DeployedRole, expected: Expectation) -> list[Finding]:
    """Return what is not as it should be in a role, as far as its policies say.

    Args:
        role: The role.
        expected: What it should be.
    """
    return [*_compare_region(expected), *compare_trust(role, expected), *compare_permission(role, expected)]


def _compare_region(expected: Expectation) -> Iterator[Finding]:
    if expected.asked_region:
        yield Finding(
            "REGION",
            f"The role's ARNs are in {expected.region}, but you asked for {expected.asked_region}: pass --region "
            f"{expected.region}, or change the ARNs to {expected.asked_region}.",
        )
