"""cdk-nag's six rule packs: their exact findings, read from the validation report of the assembly."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest

from pinpoint_role_construct import OrchestrationSendingRole

PACKS: dict[str, Any] = {
    "AwsSolutions": cdk_nag.AwsSolutionsChecks,
    "HIPAA.Security": cdk_nag.HIPAASecurityChecks,
    "NIST.800.53.R4": cdk_nag.NIST80053R4Checks,
    "NIST.800.53.R5": cdk_nag.NIST80053R5Checks,
    "PCI.DSS.321": cdk_nag.PCIDSS321Checks,
    "Serverless": cdk_nag.ServerlessChecks,
}
INLINE = {f"{pack}-IAMNoInlinePolicy" for pack in ("HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321")}
ARN = "arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>"
WILDCARDS = {f"AwsSolutions-IAM5[Resource::{ARN}:{kind}/*]" for kind in ("identity", "configuration-set")}
NARROWED: dict[str, Any] = {
    "identities": ["example.com"],
    "configuration_sets": ["marketing"],
    "recipients": ["*@example.com"],
    "tenants": ["prod-*"],
}


def findings(tmp_path: Path, acknowledged: dict[str, str] | None = None, **arguments: Any) -> set[str]:
    """The ids of all findings but the package's own warning, in all six packs."""
    app = cdk.App(analytics_reporting=False, outdir=str(tmp_path))
    role = OrchestrationSendingRole(cdk.Stack(app, "Stack"), "Role", **arguments)
    for id_, reason in (acknowledged or {}).items():
        cdk.Validations.of(role).acknowledge(cdk.Acknowledgment(id=id_, reason=reason))
    cdk.Validations.of(app).add_plugins(*(pack(app) for pack in PACKS.values()))
    with contextlib.suppress(RuntimeError):  # synthesis fails on a finding, the report is written all the same
        app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    return {
        violation["ruleName"]
        for plugin in report["pluginReports"]
        if plugin["pluginName"] in PACKS
        for violation in plugin["violations"]
    }


ACKNOWLEDGED = {f"AwsSolutions::{id_}": "Every identity of this account is ours" for id_ in WILDCARDS}
CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "narrowed and managed": ({**NARROWED, "use_managed_policy": True}, set()),
    "narrowed and inline": (NARROWED, INLINE),
    "with the documented wildcards": ({}, INLINE | WILDCARDS),
    "with acknowledged wildcards": ({"acknowledged": ACKNOWLEDGED}, INLINE),
}


@pytest.mark.parametrize(("arguments", "expected"), CASES.values(), ids=CASES)
def test_a_role_has_exactly_these_findings(arguments: dict[str, Any], expected: set[str], tmp_path: Path) -> None:
    assert findings(tmp_path, **arguments) == expected


def test_these_are_all_packs_that_cdk_nag_has() -> None:
    packs = {name for name in dir(cdk_nag) if name.endswith("Checks")}
    assert {pack.__name__ for pack in PACKS.values()} == packs
