"""Tests of everything around the package: set-up, packaging, types, examples, templates, deployments, documentation."""
