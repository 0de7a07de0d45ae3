"""Stacks to deploy, one in each module."""
