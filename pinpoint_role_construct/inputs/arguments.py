"""One value given for a parameter, and the checks that every kind of value shares."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import aws_cdk as cdk
from constructs import Construct

from ..names import check_characters, refuse, refuse_type
from ..policies import ses_arn
from .partitions import partition_of
from .tokens import ANY_TOKEN, TOKEN, is_known, is_list_token, literal_texts, resource_behind, split_arn, without_tokens

_REGION = "the code of an AWS Region that this aws-cdk-lib knows, in the stack's partition, or the stack's own"
_LONGEST_PARTITION, _LONGEST_REGION = "aws-us-gov", "ap-southeast-1"
_LONGEST_ARN = f"arn:{_LONGEST_PARTITION}:mobiletargeting:{_LONGEST_REGION}:111122223333:mailmanager-rule-set/"


def plain(value: Any) -> Any:
    """Return text as a plain `str`, since an f-string makes `Region.IE` of a `str` Enum; anything else as it is."""
    return str.__str__(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Home:
    """Where names given as text belong: partition, Region and account; tokens where the stack's are unknown."""

    stack: cdk.Stack = field(repr=False)
    partition: str
    region: str
    account: str
    known_partition: str | None

    @classmethod
    def of(cls, scope: Construct, region: str | None = None) -> Home:
        """Return the home of names in the stack of `scope`, in `region` if given, else in the stack's own Region."""
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

    def ses_arn(self, resource: str) -> str:
        """Return the ARN of an SES resource of this home."""
        return ses_arn(self.partition, self.region, self.account, resource)

    def shown(self, value: Any) -> Any:
        """Return a value as messages show it: tokens by what they resolve to, constructs by their path."""
        if isinstance(value, str):
            return ANY_TOKEN.sub(lambda token: self._resolved(token[0]), value)
        if is_list_token(value):
            return self.shown(value[0])
        return getattr(getattr(value, "node", None), "path", value)

    def _resolved(self, token: str) -> str:
        try:
            resolved = self.stack.resolve([token] if token.startswith("#") else token)
        except RuntimeError:  # another account's resource without a name, or text that only looks like a token
            resource = resource_behind(token)
            return f"${{{resource.node.path}}}" if resource else token
        if isinstance(resolved, dict):
            name = resolved.get("Ref") or ".".join(map(str, resolved.get("Fn::GetAtt", [])))
            return f"${{{name}}}" if name else json.dumps(resolved)
        return str(resolved)

    def longest(self, arn: str, longest_name: int) -> str:
        """Return text as long as an ARN will be once deployed; what is unknown counts at its longest."""
        fields = split_arn(arn)
        if len(fields) < 6:  # a token for the whole ARN
            return _LONGEST_ARN + "x" * longest_name
        _, partition, service, region, _, resource = fields
        if not is_known(partition):
            partition = self.known_partition or _LONGEST_PARTITION
        if not is_known(region):
            region = _LONGEST_REGION
        if not is_known(resource):
            resource = re.split("(?<=[/:])", resource)[0] + "x" * longest_name
        return f"arn:{partition}:{service}:{region}:111122223333:{resource}"


@dataclass(frozen=True, slots=True)
class Argument:
    """One value given for a parameter, and what is accepted for it."""

    parameter: str
    value: Any
    accepts: str
    home: Home

    def refuse(self, why: str) -> NoReturn:
        """Raise the `ValueError` that says why the value is not accepted."""
        refuse(self.parameter, self.home.shown(self.value), why, self.accepts)

    def refuse_type(self) -> NoReturn:
        """Raise the `TypeError` that says that the value's type is not accepted."""
        refuse_type(self.parameter, self.value, self.accepts, lambda value: str(self.home.shown(repr(value))))

    def elements(self) -> list[Argument]:
        """Return the elements of a list or tuple, or refuse what is neither: text is a sequence too."""
        if not isinstance(self.value, (list, tuple)):
            replace(self, accepts=f"a list, each element {self.accepts}").refuse_type()
        if is_list_token(self.value):
            accepts = f"its elements, by Fn.select: {self.accepts}"
            refuse(self.parameter, self.home.shown(self.value), "is a list token, whose length is unknown", accepts)
        return [
            replace(self, parameter=f"{self.parameter}[{i}]", value=plain(value)) for i, value in enumerate(self.value)
        ]

    def check_tokens(self) -> None:
        """Refuse tokens that CDK does not know, that stand for a pattern or a variable, or for nothing."""
        if is_known(self.value):  # asking Node about each plain name would cost more than all the rest
            return
        try:
            cdk.Tokenization.reverse_string(self.value)
        except RuntimeError:
            self.refuse("looks like a CDK token but is not one")
        try:
            tokens, *whole = self.home.stack.resolve([TOKEN.findall(self.value), self.value])
        except RuntimeError:  # it resolves at synthesis only
            return
        if not whole:
            self.refuse("stands for nothing: CDK would leave the value out, and with it what it narrows")
        if "AWS::NoValue" in json.dumps(tokens):
            self.refuse("may be AWS::NoValue: CloudFormation would remove the value, and with it what it narrows")
        has_pattern = re.search("[*?]", "".join(literal_texts(tokens)))
        has_variable = "${" in "".join(literal_texts(whole))  # text and a token may make one together
        if has_pattern or (has_variable and "${" not in TOKEN.sub("", self.value)):
            shown = json.dumps(tokens)[1:-1]
            self.refuse(f"stands for {shown}, which IAM treats as a pattern or a variable")

    def check_part(self, text: str) -> None:
        """Refuse a part of the text that has a pattern or a character that no name has, beside tokens or not."""
        parameter = self.parameter if text == self.value else f"{self.parameter} in {self.home.shown(self.value)!r}"
        if is_known(text):
            check_characters(parameter, text, self.accepts)
            return
        try:
            check_characters(parameter, without_tokens(text), self.accepts)
        except ValueError:
            self.refuse("has a character beside a token that no name has, such as *, ?, ${ or a space")

    def check_region(self, region: object) -> None:
        """Refuse a Region that is neither the stack's own nor one that aws-cdk-lib knows in the stack's partition."""
        if region == self.home.region:  # which may be newer than this aws-cdk-lib
            return
        if not isinstance(region, str):
            self.refuse_type()
        if not is_known(region):
            if re.search(r"[^a-z0-9-]", TOKEN.sub("", region)):
                self.refuse("has a character beside a token that no Region has")
            return
        found = partition_of(region)
        if found is None:
            self.refuse("is not a Region" if region == self.value else f"has {region!r} for a Region")
        if self.home.known_partition not in (None, found):
            self.refuse(f"is in partition {found}, but the stack is in {self.home.known_partition}")

    def check_account(self, account: str) -> None:
        """Refuse an account that is neither twelve digits nor a token."""
        if is_known(account) and not re.fullmatch("[0-9]{12}", account):
            self.refuse(f"has {account!r} for an account")

    def parse_arn(self, service: str, prefix: str, *, regions: tuple[str, ...] = ()) -> tuple[str, str]:
        """Return an ARN in two parts, up to its resource's name and that name, of which only the first is checked.

        Args:
            service: Service that the ARN must be of.
            prefix: What its resource must begin with, such as `identity/`.
            regions: What the Region may be besides a Region: `*`, or nothing.
        """
        fields = split_arn(self.value)
        if len(fields) != 6 or fields[0] != "arn":
            self.refuse("is not a whole ARN")
        _, partition, arn_service, region, account, resource = fields
        if is_known(arn_service) and arn_service != service:
            self.refuse(f"is of service {arn_service!r}, not {service!r}")
        if region not in regions:
            self.check_region(region)
        if is_known(partition):
            expected = self.home.known_partition or (partition_of(region) if is_known(region) else None)
            if not re.fullmatch("aws[a-z-]*", partition) or expected not in (None, partition):
                self.refuse(f"is in partition {partition!r}, not {expected or 'aws...'!r}")
        self.check_account(account)
        head = self.value[: len(self.value) - len(resource)]
        if resource.startswith(prefix):
            return head + prefix, resource[len(prefix) :]
        found_type = re.split("[/:]", resource)[0]
        if is_known(found_type):
            other = f" with {prefix[-1:]!r} behind it" if found_type == prefix[:-1] else ""
            self.refuse(f"names {found_type!r}, not {prefix[:-1]!r}{other}")
        return head, resource


def refuse_type_of(scope: Construct, parameter: str, value: object, accepts: str) -> NoReturn:
    """Raise the `TypeError` that says that the type of an argument of a construct in `scope` is not accepted."""
    Argument(parameter, value, accepts, Home.of(scope)).refuse_type()
