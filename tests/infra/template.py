"""The template as it is written, and as CloudFormation gets it from SAM."""

import copy
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import intrinsics_multi_constructor

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra/template.yaml"

# SAM says of each translation that nobody collects its statistics.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# What an operator gives at least.
PARAMETERS = {
    "BaseUrl": "https://reset.example.com",
    "MailFrom": "Example <no-reply@example.com>",
    "MailIdentity": "example.com",
}

Node = dict[str, Any]


@dataclass
class Template:
    text: str
    # With `!Ref x` as `{"Ref": "x"}`.
    source: Node
    translated: Node

    def of(self, kind: str) -> dict[str, Node]:
        """Translated resources of a type, by their names."""
        return {name: it for name, it in self.translated["Resources"].items() if it["Type"] == kind}

    def functions(self) -> dict[str, Node]:
        """Functions as they are written, by the name of their program."""
        written = self.source["Resources"].items()
        named = [(name, it) for name, it in written if it["Type"] == "AWS::Serverless::Function"]
        return {it["Metadata"]["BuildProperties"]["Binary"]: it | {"Name": name} for name, it in named}

    def statements(self, role: str) -> list[Node]:
        """What a role may do."""
        policies = self.translated["Resources"][role]["Properties"]["Policies"]
        return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


class NoPolicies:
    """Stands in for AWS's own policies, whose names SAM asks IAM for. None is
    used here, so none is found."""

    def load(self) -> dict[str, str]:
        return {}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """SAM's reader of YAML, in C where there is one: nine times as quick."""


Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def read(text: str) -> Template:
    source = yaml.load(text, Loader)
    deployed = copy.deepcopy(source)
    for it in deployed["Resources"].values():
        # `sam deploy` puts what was built where CloudFormation finds it.
        if it["Type"] == "AWS::Serverless::Function":
            it["Properties"]["CodeUri"] = "s3://bucket/function.zip"
    translated = Translator(NoPolicies().load(), Parser()).translate(deployed, dict(PARAMETERS))
    return Template(text, source, translated)


def many(value: Any) -> list[Any]:
    """IAM takes one or several of most things."""
    return value if isinstance(value, list) else [value]


def att(name: str, attribute: str = "Arn") -> Node:
    return {"Fn::GetAtt": [name, attribute]}
