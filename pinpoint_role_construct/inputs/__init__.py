"""What a caller gives, into ARNs: the only place that knows CDK tokens and the attributes of constructs."""

from .arguments import Home, has, refuse_type_of
from .sending import Sending, parse_sending

__all__ = ["Home", "Sending", "has", "parse_sending", "refuse_type_of"]
