"""User code that mypy refuses; each line says why."""

import aws_cdk as cdk
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole, SendingService, SesSendingRole

stack = cdk.Stack(cdk.App(), "Stack")
OrchestrationSendingRole(stack, "A", identites=["example.com"])  # error: call-arg
OrchestrationSendingRole(stack, "B", identities=[1])  # error: list-item
OrchestrationSendingRole(stack, "C", identities=1)  # error: arg-type
OrchestrationSendingRole(stack, "D", identities=[ses.ConfigurationSet(stack, "Set")])  # error: list-item
OrchestrationSendingRole(stack, "E", region=1)  # error: arg-type
OrchestrationSendingRole(stack, "F", service=SendingService.PINPOINT)  # error: call-arg
SesSendingRole(stack, "G")  # error: call-arg
SesSendingRole(stack, "H", service="pinpoint")  # error: arg-type
OrchestrationSendingRole(stack, "I").identity_arns.append("x")  # error: attr-defined
SendingService.PINPOINT.principal = "x"  # error: misc
EmailChannel(stack, "J", application="a", from_address=1, identity="example.com")  # error: arg-type
