"""The tests of the command `sending-role-verify`."""
