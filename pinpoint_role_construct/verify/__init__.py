"""`sending-role-verify`: compare the sending roles of an account with what they should be."""

from .command import main

__all__ = ["main"]
