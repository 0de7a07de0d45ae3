"""User code that pyright and mypy refuse; each line says why."""

import aws_cdk as cdk
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import (
    EmailChannel,
    OrchestrationSendingRole,
    SendingService,
    SesSendingRole,
    grant_send_email,
)

stack = cdk.Stack(cdk.App(), "Stack")
role = OrchestrationSendingRole(stack, "A")
OrchestrationSendingRole(stack, "B", identites=["example.com"])  # mypy: call-arg, pyright: reportCallIssue
OrchestrationSendingRole(stack, "C", identities=[1])  # mypy: list-item, pyright: reportArgumentType
OrchestrationSendingRole(stack, "D", identities=1)  # mypy: arg-type, pyright: reportArgumentType
OrchestrationSendingRole(stack, "E", identities=[role])  # mypy: list-item, pyright: reportArgumentType
OrchestrationSendingRole(stack, "F", region=1)  # mypy: arg-type, pyright: reportArgumentType
OrchestrationSendingRole(stack, "G", service=SendingService.PINPOINT)  # mypy: call-arg, pyright: reportCallIssue
OrchestrationSendingRole(stack, "R", recipients=[1])  # mypy: list-item, pyright: reportArgumentType
OrchestrationSendingRole(stack, "T", tenants=[role])  # mypy: list-item, pyright: reportArgumentType
SesSendingRole(stack, "H")  # mypy: call-arg, pyright: reportCallIssue
SesSendingRole(stack, "I", service="pinpoint")  # mypy: arg-type, pyright: reportArgumentType
arn: int = role.identity_arns[0]  # mypy: assignment, pyright: reportAssignmentType
SendingService.PINPOINT.principal = "x"  # mypy: misc, pyright: reportAttributeAccessIssue
channel = EmailChannel(stack, "J", application="a", from_address="me@example.com", identity="example.com")
EmailChannel(stack, "K", application="a", identity="example.com")  # mypy: call-arg, pyright: reportCallIssue
name: int = channel.sending_role.role_name  # mypy: assignment, pyright: reportAssignmentType
grant_send_email(role)  # mypy: call-arg, pyright: reportCallIssue
grant_send_email(ses.ConfigurationSet(stack, "S"), identities=None)  # mypy: arg-type, pyright: reportArgumentType
grant_send_email(role, identities=None, from_addresses=[1])  # mypy: list-item, pyright: reportArgumentType
grant_send_email(role, identities=None, recipients=[None])  # mypy: list-item, pyright: reportArgumentType
grant_send_email(role, identities=None, tenants=1)  # mypy: arg-type, pyright: reportArgumentType
