"""Tests of pinpoint-role-construct."""
