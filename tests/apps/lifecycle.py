"""A role that the context (`-c`) changes from one deployment to the next."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from pinpoint_role_construct import OrchestrationSendingRole

app = cdk.App()
stack = cdk.Stack(app, "Lifecycle")
identities = app.node.try_get_context("identities")
role = OrchestrationSendingRole(
    stack,
    "Role",
    identities=identities.split(",") if identities else None,
    use_managed_policy=app.node.try_get_context("managed") == "yes",
)
cdk.CfnOutput(stack, "RoleName", value=role.role_name)
if app.node.try_get_context("fail") == "yes":  # the role changes first, then this cannot be created
    missing = iam.Role.from_role_name(stack, "Missing", "missing-role")
    policy = iam.Policy(
        stack, "Policy", roles=[missing], statements=[iam.PolicyStatement(actions=["ses:GetAccount"], resources=["*"])]
    )
    policy.node.add_dependency(role)
app.synth()
