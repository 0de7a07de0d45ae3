"""The command `sending-role-verify`: what IAM roles and users of an account can send through Amazon SES."""

from .parse import main as main
