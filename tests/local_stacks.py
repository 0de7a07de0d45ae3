"""Helpers of the tests that deploy stacks to an emulator."""

from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import pytest

from local.aws import LocalAws

Deploy = Callable[[cdk.Stack], dict[str, str]]


def lead_to(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every AWS tool of this process use an emulator."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
