"""`make template SERVICE=eventbridge-scheduler`: a role as one CloudFormation template, for use without the CDK."""

import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import yaml
from aws_cdk import aws_iam as iam

from pinpoint_role_construct import SendingService, SesSendingRole
from pinpoint_role_construct.services import known_services

SLOTS = 5  # CloudFormation cannot turn each element of a list into an ARN, so each element has its own parameter

# As pinpoint_role_construct.names, but without capitals in domains, which CloudFormation cannot convert.
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+"
_ATOM = r"[A-Za-z0-9!#%&'+/=^_`{|}~-]+"
IDENTITY = rf"((?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@)?{_DOMAIN}"
NAME = "[A-Za-z0-9_-]{1,64}"


def main(service_name: str, file: Path) -> None:
    """Write the template for a service to a file; exit with a message if there is no such service."""
    services = known_services()
    if service_name not in services:
        problem = f"SERVICE={service_name}: unknown service" if service_name else "SERVICE is missing"
        sys.exit(f"{problem}; use one of {', '.join(services)}. Example: make template SERVICE=eventbridge-scheduler")
    template = synthesize(services[service_name])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(template, sort_keys=False, width=120))
    print(file)


def synthesize(service: SendingService) -> object:
    """The template for a service."""
    app = cdk.App(analytics_reporting=False)
    description = f"IAM role that lets {service.principal} send email through Amazon SES, on behalf of its own account"
    if service.end_of_support:
        description += f". AWS ended support for the service on {service.end_of_support}"
    synthesizer = cdk.BootstraplessSynthesizer()
    stack = cdk.Stack(app, "SendingRole", description=description, synthesizer=synthesizer)
    identities = parameters(
        stack,
        "Identity",
        IDENTITY,
        what="Domain or email address to send as; if Identity1 to 5 are empty, every one of the Region",
        accepts="A domain in lower case, such as example.com, or an email address with the domain in lower case",
    )
    sets = parameters(
        stack,
        "ConfigurationSet",
        NAME,
        what="Configuration set to send with; if ConfigurationSet1 to 5 are empty, every one of the Region",
        accepts="The name of a configuration set, 1 to 64 letters, digits, hyphens and underscores",
    )
    no_sets = cdk.CfnParameter(
        stack,
        "NoConfigurationSets",
        default="false",
        allowed_values=["false", "true"],
        description="true: send without a configuration set, and leave ConfigurationSet1 to 5 empty",
    )
    without = cdk.Fn.condition_equals(no_sets.value_as_string, "true")
    cdk.CfnRule(
        stack,
        "SetsOrNone",
        rule_condition=without,
        assertions=[
            cdk.CfnRuleAssertion(
                assert_=cdk.Fn.condition_equals(parameter.value_as_string, ""),
                assert_description=f"With NoConfigurationSets=true, {parameter.node.id} must be empty",
            )
            for parameter in sets
        ],
    )
    role = SesSendingRole(
        stack,
        "Role",
        service=service,
        identities=[parameter.value_as_string for parameter in identities],
        configuration_sets=[parameter.value_as_string for parameter in sets],
    )
    every = SesSendingRole(cdk.Stack(), "Role", service=service)  # for the ARNs of the construct's defaults
    narrowed = [
        *given_or_every(stack, identities, role.identity_arns, every.identity_arns),
        *given_or_every(stack, sets, role.configuration_set_arns, every.configuration_set_arns, unless=without),
    ]
    resource = role.node.default_child
    assert isinstance(resource, iam.CfnRole)
    resource.add_property_override("Policies.0.PolicyDocument.Statement.0.Resource", stack.resolve(narrowed))
    cdk.CfnOutput(stack, "RoleArn", value=role.role_arn)
    cdk.CfnOutput(stack, "RoleName", value=role.role_name)
    return app.synth().get_stack_by_name(stack.stack_name).template


def parameters(stack: cdk.Stack, kind: str, pattern: str, what: str, accepts: str) -> list[cdk.CfnParameter]:
    """The parameters of one kind, each empty by default."""
    return [
        cdk.CfnParameter(
            stack,
            f"{kind}{i}",
            default="",
            allowed_pattern=f"^({pattern})?$",
            constraint_description=accepts,
            description=what,
        )
        for i in range(1, SLOTS + 1)
    ]


def given_or_every(
    stack: cdk.Stack,
    parameters: list[cdk.CfnParameter],
    arns: tuple[str, ...],
    every: tuple[str, ...],
    unless: cdk.ICfnRuleConditionExpression | None = None,
) -> list[object]:
    """The ARNs of the parameters that are given; if none is, the ARN that matches every resource of that kind."""
    kind = parameters[0].node.id.rstrip("1")
    given: list[Any] = [  # aws-cdk-lib's CfnCondition lacks an attribute of its ICfnConditionExpression
        cdk.CfnCondition(
            stack,
            f"Has{parameter.node.id}",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(parameter.value_as_string, "")),
        )
        for parameter in parameters
    ]
    any_given = cdk.Fn.condition_or(*given, *([unless] if unless else []))
    narrowed = cdk.CfnCondition(stack, f"Has{kind}", expression=any_given)
    found: list[object] = [cdk.Fn.condition_if(narrowed.node.id, cdk.Aws.NO_VALUE, arn) for arn in every]
    return found + [
        cdk.Fn.condition_if(has.node.id, arn, cdk.Aws.NO_VALUE) for has, arn in zip(given, arns, strict=True)
    ]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
