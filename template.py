"""The role as one CloudFormation template for every account, for those who do not use the CDK: `make template`."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from pinpoint_role_construct import OrchestrationSendingRole

SLOTS = 5  # CloudFormation cannot make an ARN of each element of a list, so there is a parameter for each


def parameters(stack: cdk.Stack, kind: str, pattern: str, what: str) -> list[cdk.CfnParameter]:
    """Return the parameters of one kind: the first defaults to AWS's documented wildcard, the others to none."""
    return [
        cdk.CfnParameter(
            stack,
            f"{kind}{i}",
            default="*" if i == 1 else "",
            allowed_pattern=rf"^(\*|{pattern}){'' if (kind, i) == ('Identity', 1) else '?'}$",
            constraint_description="a name, or * alone for all",
            description=f"{what}; * for all{'' if (kind, i) == ('Identity', 1) else ', empty for none'}",
        )
        for i in range(1, SLOTS + 1)
    ]


def named(stack: cdk.Stack, parameters: list[cdk.CfnParameter], arns: tuple[str, ...]) -> list[object]:
    """Return the ARNs as the template has them, each only if its parameter is not empty."""
    found: list[object] = []
    for parameter, arn in zip(parameters, arns, strict=True):
        condition = cdk.CfnCondition(
            stack,
            f"Has{parameter.node.id}",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(parameter.value_as_string, "")),
        )
        found.append(cdk.Fn.condition_if(condition.node.id, arn, cdk.Aws.NO_VALUE))
    return found


app = cdk.App(analytics_reporting=False)
stack = cdk.Stack(
    app,
    "OrchestrationSendingRole",
    description="Email orchestration sending role of Amazon Pinpoint, which reached end of support on 2026-10-30",
    synthesizer=cdk.BootstraplessSynthesizer(),
)
identities = parameters(stack, "Identity", r"[A-Za-z0-9.!#%&'+/=^_{|}~@-]+", "Domain or email address to send as")
sets = parameters(stack, "ConfigurationSet", r"[A-Za-z0-9_-]{1,64}", "Configuration set to send with")
role = OrchestrationSendingRole(
    stack,
    "SendingRole",
    identities=[parameter.value_as_string for parameter in identities],
    configuration_sets=[parameter.value_as_string for parameter in sets],
)
resource = role.node.default_child
assert isinstance(resource, iam.CfnRole)
resource.add_property_override(
    "Policies.0.PolicyDocument.Statement.0.Resource",
    stack.resolve(named(stack, identities, role.identity_arns) + named(stack, sets, role.configuration_set_arns)),
)
cdk.Validations.of(role).acknowledge(
    cdk.Acknowledgment(id="pinpoint-role-construct:EndOfSupport", reason="The description says so")
)
cdk.CfnOutput(stack, "RoleArn", value=role.role_arn)
cdk.CfnOutput(stack, "RoleName", value=role.role_name)
app.synth()
