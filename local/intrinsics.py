"""Work out CloudFormation's intrinsic functions where no CloudFormation is at hand."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.console import LocalStackError
from local.context import REGION
from local.template import Template, parameter_defaults

ACCOUNT = "000000000000"

_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True)
class Intrinsics:
    """Resolves values of one template.

    `ref` and `attribute` say what a resource's Ref and GetAtt give; parameters, pseudo
    parameters, mappings and conditions come from the template.
    """

    template: Template
    parameters: dict[str, str]
    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    stack_name: str

    def holds(self, condition: str) -> bool:
        """Whether a named condition is true."""
        try:
            return bool(self.resolve(self.template["Conditions"][condition]))
        except KeyError:
            raise LocalStackError(f"The template names no condition {condition}") from None

    def resolve(self, node: Any) -> Any:
        """The value that CloudFormation would put there; None where it would put nothing."""
        if isinstance(node, list):
            items = [self.resolve(item) for item in node]
            return [item for item in items if item is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in ("Ref", "Condition") and isinstance(argument, str):
                return self._ref(argument) if name == "Ref" else self.holds(argument)
            if name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"), argument)
        values = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": None,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{self.stack_name}/0",
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.template.get("Parameters", {}):
            return {**parameter_defaults(self.template), **self.parameters}.get(name, "")
        return self.ref(name)

    def _function(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "GetAtt", str(path):
                return self.attribute(*path.split(".", 1))
            case "GetAtt", [str(resource), attribute]:
                return self.attribute(resource, str(self.resolve(attribute)))
            case "Sub", str(text):
                return self._substitute(text, {})
            case "Sub", [str(text), dict(values)]:
                return self._substitute(text, self.resolve(values))
            case "If", [str(condition), then, otherwise]:
                return self.resolve(then if self.holds(condition) else otherwise)
            case "FindInMap", [a_map, first, second, *_]:
                keys = [str(self.resolve(key)) for key in (a_map, first, second)]
                return self.template["Mappings"][keys[0]][keys[1]][keys[2]]
        return self._of_values(name, self.resolve(argument))

    def _of_values(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Join", [str(between), list(parts)]:
                return between.join(str(part) for part in parts)
            case "Split", [str(between), str(text)]:
                return text.split(between)
            case "Select", [index, list(items)]:
                return items[int(index)]
            case "Equals", [left, right]:
                return str(left) == str(right)
            case "Not", [value]:
                return not value
            case "And", list(values):
                return all(values)
            case "Or", list(values):
                return any(values)
        raise LocalStackError(f"Fn::{name} is not known to local/intrinsics.py: add it there")

    def _substitute(self, text: str, values: dict[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            if "." in name:
                return str(self.attribute(*name.split(".", 1)))
            return str(self._ref(name))

        return _VARIABLE.sub(value, text)
