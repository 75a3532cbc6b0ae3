"""Read SAM templates, and turn a built one into plain CloudFormation."""

import copy
from pathlib import Path
from typing import Any

import boto3
import samtranslator.yaml_helper
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.console import LocalStackError
from local.context import REGION, ROOT_CREDENTIALS

Template = dict[str, Any]

FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"


def load_template(path: Path) -> Template:
    """A template with its short tags (`!Ref` and the like) spelled out."""
    template = samtranslator.yaml_helper.yaml_parse(path.read_text())
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise LocalStackError(f"{path} is no SAM template: it has no Resources")
    return template


def parameter_defaults(template: Template) -> dict[str, str]:
    """The parameters that have a default, with it."""
    parameters = template.get("Parameters", {})
    return {name: str(p["Default"]) for name, p in parameters.items() if "Default" in p}


def resources_of(template: Template, kind: str) -> dict[str, Any]:
    """The resources of one type, by logical id."""
    found = template["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"] == kind}


# ARNs of AWS's managed policies, which SAM otherwise asks an account for.
_MANAGED_POLICIES = {
    "AWSLambdaBasicExecutionRole": "service-role/AWSLambdaBasicExecutionRole",
    "AWSXRayDaemonWriteAccess": "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess": "AWSXrayWriteOnlyAccess",
}


def translate(template: Template, parameters: dict[str, str]) -> Template:
    """What CloudFormation's SAM transform makes of a template."""
    session = boto3.Session(region_name=REGION, **ROOT_CREDENTIALS)
    policies = {name: f"arn:aws:iam::aws:policy/{path}" for name, path in _MANAGED_POLICIES.items()}
    translator = Translator(policies, Parser(), boto_session=session)
    values = {**parameter_defaults(template), **parameters}
    try:
        translated = translator.translate(copy.deepcopy(template), values)
    except InvalidDocumentException as error:
        causes = "\n".join(f"  {cause.message}" for cause in error.causes)
        raise LocalStackError(f"SAM refuses the template:\n{causes}") from error
    return dict(translated)
