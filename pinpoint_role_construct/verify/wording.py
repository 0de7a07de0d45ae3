"""How messages name things."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

PRINTS = "(--policies prints the statement)"
WIDTH = 80


def listed(items: Sequence[str], most: int = 4) -> str:
    """Return items as a sentence names them; of many the first."""
    rest = len(items) - most
    if rest > 1:
        return f"{', '.join(items[:most])} and {rest} more"
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)


def wrapped(message: str, indent: int) -> list[str]:
    """Return the lines of a message for people; what has no space, such as an ARN, is never broken."""
    margin = " " * indent
    return textwrap.wrap(
        message,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
