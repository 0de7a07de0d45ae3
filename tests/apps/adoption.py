"""An existing role under the construct: `-c step=import` as the README's recipe imports it, then as it is deployed."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from pinpoint_role_construct import OrchestrationSendingRole

app = cdk.App()
stack = cdk.Stack(app, "Adoption")
role = OrchestrationSendingRole(
    stack,
    "Role",
    role_name="made-by-hand",
    path=app.node.try_get_context("path"),
    identities=["example.com"],
    configuration_sets=["marketing"],
)
if app.node.try_get_context("step") == "import":
    resource = role.node.default_child
    assert isinstance(resource, iam.CfnRole)
    resource.add_property_deletion_override("Policies")
else:
    cdk.CfnOutput(stack, "RoleName", value=role.role_name)
app.synth()
