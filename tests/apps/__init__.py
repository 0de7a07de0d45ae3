"""Apps that the tests deploy with the CDK CLI."""
