"""The template as written, and as SAM translates it for CloudFormation."""

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
# The template of a front, which is deployed by itself.
FRONT = ROOT / "infra/front.yaml"

# SAM warns at each translation that its metrics are not collected.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# The required parameters.
PARAMETERS = {
    "BaseUrl": "https://reset.example.com",
    "MailFrom": "Example <no-reply@example.com>",
    "MailIdentity": "example.com",
}

Node = dict[str, Any]


@dataclass
class Template:
    text: str
    # `!Ref x` is `{"Ref": "x"}`.
    source: Node
    translated: Node
    # infra/front.yaml.
    front: Node

    def of(self, kind: str) -> dict[str, Node]:
        """Translated resources of a type, by their names."""
        return {name: it for name, it in self.translated["Resources"].items() if it["Type"] == kind}

    def functions(self) -> dict[str, Node]:
        """The functions as written, by program name."""
        written = self.source["Resources"].items()
        named = [(name, it) for name, it in written if it["Type"] == "AWS::Serverless::Function"]
        return {it["Metadata"]["BuildProperties"]["Binary"]: it | {"Name": name} for name, it in named}

    def statements(self, role: str) -> list[Node]:
        """The statements of a role."""
        policies = self.translated["Resources"][role]["Properties"]["Policies"]
        return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


class NoPolicies:
    """Replaces SAM's lookup of managed policies in IAM. The template uses none, so
    it finds none."""

    def load(self) -> dict[str, str]:
        return {}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """SAM's YAML loader, in C if available: nine times as fast."""


Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def read(text: str, front: str | None = None) -> Template:
    source = yaml.load(text, Loader)
    deployed = copy.deepcopy(source)
    for it in deployed["Resources"].values():
        # `sam deploy` uploads the build and sets its location here.
        if it["Type"] == "AWS::Serverless::Function":
            it["Properties"]["CodeUri"] = "s3://bucket/function.zip"
    translated = Translator(NoPolicies().load(), Parser()).translate(deployed, dict(PARAMETERS))
    return Template(text, source, translated, yaml.load(FRONT.read_text() if front is None else front, Loader))


def many(value: Any) -> list[Any]:
    """A value as a list: IAM accepts one or several."""
    return value if isinstance(value, list) else [value]


def att(name: str, attribute: str = "Arn") -> Node:
    return {"Fn::GetAtt": [name, attribute]}
