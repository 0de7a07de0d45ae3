"""How messages name things."""

from __future__ import annotations

from collections.abc import Sequence

PRINTS = "(--policies prints the statement)"


def listed(items: Sequence[str], most: int = 4) -> str:
    """Return items as a sentence names them; of many the first."""
    rest = len(items) - most
    if rest > 1:
        return f"{', '.join(items[:most])} and {rest} more"
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)
