"""One value given for a parameter, and the checks that every kind of value shares."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import aws_cdk as cdk
from constructs import Construct

from ..names import fault_of_characters, refuse, refuse_type
from ..policies import ses_arn
from .tokens import LIST_TOKEN, TOKEN, has_list_token, is_known, plain, resource_behind, split_arn, without_tokens

_REGION = "the code of an AWS Region that this aws-cdk-lib knows, in the stack's partition, or the stack's own"
_VARIABLE_OF_CLOUDFORMATION = re.compile(r"\$\{[A-Za-z0-9.]+\}|\$\{AWS::[A-Za-z]+\}")


def partition_of(region: str) -> str | None:
    """The partition of a Region, or `None` if aws-cdk-lib does not know that Region."""
    from aws_cdk.region_info import RegionInfo  # 8 ms that a stack of unknown environment does not need

    return RegionInfo.get(region).partition


@dataclass(frozen=True, slots=True)
class Home:
    """Where names given as text belong, and what the roles of a stack share.

    Attributes:
        stack: The stack.
        partition: The partition; a token if the stack's is unknown, as `region` and `account`.
        region: The Region.
        account: The account.
        known_partition: The partition, if known.
        everything: A selector of every construct; one for a stack saves a round trip to Node for each role.
        principals: The service principals of the stack's roles, for the same reason.
        ended: Services of whose end of support synthesis warns in this stack.
    """

    stack: cdk.Stack
    partition: str
    region: str
    account: str
    known_partition: str | None
    everything: cdk.IConstructSelector = field(default_factory=cdk.ConstructSelector.all)
    principals: dict[object, Any] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, scope: Construct, region: str | None = None) -> Home:
        """The home of names in the stack of `scope`, in `region` if given, else in the stack's own Region."""
        stack = scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(scope)
        home: Home | None = vars(stack).get("_pinpoint_role_construct_home")  # kept there, it ends with the stack
        if home is None:
            own = stack.region
            home = cls(stack, stack.partition, own, stack.account, partition_of(own) if is_known(own) else None)
            vars(stack)["_pinpoint_role_construct_home"] = home
        if region is None:
            return home
        argument = Argument("region", plain(region), _REGION, home)
        if isinstance(argument.value, str):
            argument.check_tokens()
        argument.check_region(argument.value)
        return replace(home, region=argument.value)

    def ses_arn(self, resource: str, region: str | None = None) -> str:
        """The ARN of an SES resource of this home, or of its account in another Region."""
        return ses_arn(self.partition, region or self.region, self.account, resource)

    def shown(self, value: Any) -> Any:
        """A value as messages show it: tokens by what they resolve to, constructs by their path."""
        if isinstance(value, str):
            return LIST_TOKEN.sub(self._resolved, TOKEN.sub(self._resolved, value))
        if has_list_token(value):
            return self.shown(value[0])
        return getattr(getattr(value, "node", None), "path", value)

    def _resolved(self, found: re.Match[str]) -> str:
        token = found[0]
        try:
            resolved = self.stack.resolve([token] if token.startswith("#") else token)
        except RuntimeError:  # another account's resource without a name, or text that only looks like a token
            resource = resource_behind(token)
            return f"${{{resource.node.path}}}" if resource else token
        if isinstance(resolved, dict):
            name = resolved.get("Ref") or ".".join(map(str, resolved.get("Fn::GetAtt", [])))
            return f"${{{name}}}" if name else json.dumps(resolved)
        return str(resolved)


@dataclass(frozen=True, slots=True)
class Argument:
    """One value given for a parameter, and what is accepted for it."""

    parameter: str
    value: Any
    accepts: str
    home: Home

    def refuse(self, why: str, accepts: str = "") -> NoReturn:
        """Raise the `ValueError` that says why the value is not accepted, and what is."""
        refuse(self.parameter, self.home.shown(self.value), why, accepts or self.accepts)

    def refuse_type(self) -> NoReturn:
        """Raise the `TypeError` that says that the value's type is not accepted."""
        refuse_type(self.parameter, self.value, self.accepts, lambda value: str(self.home.shown(repr(value))))

    def elements(self, instead: str = "") -> list[Argument]:
        """The elements of a list or tuple, which may be empty unless `instead` says what is accepted instead."""
        if not isinstance(self.value, (list, tuple)):
            replace(self, accepts=f"a list, each element {self.accepts}").refuse_type()
        if not self.value and instead:
            self.refuse("is empty", f"{instead}, or a list, each element {self.accepts}")
        named = [(f"{self.parameter}[{i}]", plain(value)) for i, value in enumerate(self.value)]
        elements = [Argument(parameter, value, self.accepts, self.home) for parameter, value in named]
        for element in (self, *elements):
            if has_list_token(element.value):
                accepts = f"its elements, by Fn.select(0, names) and so on; {self.accepts}"
                element.refuse("is a list token, whose length is unknown", accepts)
        return elements

    def check_text(self) -> str:
        """The value, which must be text; its tokens are checked."""
        if not isinstance(self.value, str):
            self.refuse_type()
        self.check_tokens()
        return self.value

    def check_tokens(self) -> None:
        """Refuse tokens that are known to stand for a pattern, for a variable, or for nothing."""
        if is_known(self.value):  # asking Node about each plain name would cost more than all the rest
            return
        try:
            tokens, *whole = self.home.stack.resolve([TOKEN.findall(self.value), self.value])
        except RuntimeError:  # they resolve at synthesis only, or only look like tokens, of which synthesis complains
            return
        text = json.dumps(tokens)
        if not whole or "AWS::NoValue" in text:
            self.refuse("can resolve to nothing, which would remove the value and with it the restriction")
        if re.search(r"[*?]|\$\{", _VARIABLE_OF_CLOUDFORMATION.sub("", text)):
            self.refuse(f"resolves to {text[1:-1]}, which IAM treats as a pattern or a variable")

    def check_part(self, text: str) -> None:
        """Refuse a part of the text that has a pattern or a character that no name has, beside tokens or not."""
        if fault := fault_of_characters(without_tokens(text)):
            self.refuse(fault if is_known(self.value) else f"{fault}, next to a token")

    def check_region(self, region: object) -> None:
        """Refuse a Region that is neither the stack's own nor one that aws-cdk-lib knows in the stack's partition."""
        if region == self.home.region:  # which may be newer than this aws-cdk-lib
            return
        if not isinstance(region, str):
            self.refuse_type()
        if not is_known(region):
            self.check_part(region)
            return
        found = partition_of(region)
        if found is None:
            self.refuse("is not a Region" if region == self.value else f"has {region!r} for a Region")
        if self.home.known_partition not in (None, found):
            self.refuse(f"is in partition {found}, but the stack is in {self.home.known_partition}")

    def parse_arn(self, service: str, prefix: str, *, regions: tuple[str, ...] = ()) -> tuple[str, str]:
        """The ARN of a service's resource up to its name, which is checked, and the name; `prefix` says the type.

        Instead of a Region it may have one of `regions`: `*`, or nothing.
        """
        fields = split_arn(self.value)
        if len(fields) != 6 or fields[0] != "arn":
            self.refuse("is not a complete ARN")
        _, partition, arn_service, region, account, resource = fields
        if is_known(arn_service) and arn_service != service:
            self.refuse(f"is of service {arn_service!r}, not {service!r}")
        if region not in regions:
            self.check_region(region)
        if is_known(partition):
            expected = self.home.known_partition or (partition_of(region) if is_known(region) else None)
            if not re.fullmatch("aws[a-z-]*", partition) or expected not in (None, partition):
                self.refuse(f"is in partition {partition!r}, not {expected or 'aws...'!r}")
        if is_known(account) and not re.fullmatch("[0-9]{12}", account):
            self.refuse(f"has {account!r} for an account ID")
        head = self.value[: len(self.value) - len(resource)]
        if resource.startswith(prefix):
            return head + prefix, resource[len(prefix) :]
        if is_known(re.split("[/:]", resource)[0]):
            self.refuse(f"has {self.home.shown(resource)!r} for a resource, which does not begin with {prefix!r}")
        return head, resource


def refuse_type_of(scope: Construct, parameter: str, value: object, accepts: str) -> NoReturn:
    """Raise the `TypeError` that says that the type of an argument of a construct in `scope` is not accepted."""
    Argument(parameter, value, accepts, Home.of(scope)).refuse_type()


def has(value: object, attribute: str) -> bool:
    """Whether a construct has an attribute; its class says so without a round trip to Node."""
    return hasattr(type(value), attribute) or hasattr(value, attribute)
