"""A role as an account has it, and what was found in it: data, however it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ..policies import Document
from ..policy_language import Statement, parse_statements


@dataclass(frozen=True)
class DeployedRole:
    """A role, its policies and its permissions boundary.

    Attributes:
        arn: ARN of the role.
        trust: Trust policy.
        policies: Permission policies, by what messages call them: `inline policy NAME`, `managed policy ARN`.
        boundary_arn: ARN of the permissions boundary. Default: none.
        boundary: Policy document of the permissions boundary. Default: none.
        last_used: Day on which the role was last used, as far as IAM knows. Default: not known.
    """

    arn: str
    trust: Document
    policies: Mapping[str, Document]
    boundary_arn: str | None = None
    boundary: Document | None = None
    last_used: date | None = None

    @property
    def partition(self) -> str:
        """Return the partition of the role."""
        return self.arn.split(":")[1]

    @property
    def account(self) -> str:
        """Return the account of the role."""
        return self.arn.split(":")[4]

    @property
    def statements(self) -> list[Statement]:
        """Return the statements of all its permission policies."""
        return [statement for policy in self.policies.values() for statement in parse_statements(policy)]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        code: Stable code, such as `TRUST-ACCOUNT`.
        message: What is wrong, where, and what to do.
    """

    code: str
    message: str
