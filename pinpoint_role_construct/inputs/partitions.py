"""Which partition a Region is in."""

from __future__ import annotations

_known: dict[str, str] = {}  # asked of Node once; not what is unknown, which an app may make known later


def partition_of(region: str) -> str | None:
    """Return the partition of a Region, or `None` if aws-cdk-lib does not know that Region."""
    from aws_cdk.region_info import RegionInfo  # 8 ms that a stack of unknown environment does not need

    if region not in _known:
        partition = RegionInfo.get(region).partition
        if partition is None:
            return None
        _known[region] = partition
    return _known[region]
