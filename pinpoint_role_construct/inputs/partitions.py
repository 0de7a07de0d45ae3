"""Which partition a Region is in."""

from __future__ import annotations

import contextlib
from functools import cache


def partition_of(region: str) -> str | None:
    """Return the partition of a Region, or `None` if aws-cdk-lib does not know that Region."""
    with contextlib.suppress(LookupError):
        return _known_partition(region)
    return None


@cache
def _known_partition(region: str) -> str:
    from aws_cdk.region_info import RegionInfo  # 8 ms that a stack of unknown environment does not need

    partition = RegionInfo.get(region).partition
    if partition is None:
        raise LookupError(region)  # which is not kept: an app may make the Region known later
    return partition
