"""Stacks that a user could deploy."""
