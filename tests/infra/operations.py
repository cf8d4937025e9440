"""Rules for infra/README.md."""

import re
import subprocess

import boto3
import cost
from botocore import xform_name
from rule import Found, differ, rule
from samcli.cli.types import CfnParameterOverridesType
from template import ROOT, Template

# The most characters of a function's name.
NAME_MAX = 64


@rule
def operator(t: Template) -> Found:
    """infra/README.md lists the template's parameters, uses only its outputs, and has
    the costs of the calls."""
    page = (ROOT / "infra/README.md").read_text()
    outputs = set(re.findall(r"(?:^|\$\()output (\w+)", page, re.MULTILINE))
    yield from (f"infra/README.md uses the output {one}, which does not exist" for one in sorted(outputs - t.source["Outputs"].keys()))
    (section,) = re.findall(r"\n## Parameters\n(.*?)\n## ", page, re.DOTALL)
    described = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))
    yield from differ("parameters in infra/README.md", sorted(described), sorted(t.source["Parameters"]))
    for name, it in t.source["Parameters"].items():
        default = str(it.get("Default", "required"))
        said = described.get(name, default)
        if said != default and not (default == "" and said == "none"):
            yield f"infra/README.md says that {name} is {said} by default, the template {default}"
    longest = f"at most {NAME_MAX - max(len(f'-{program}') for program in t.functions())} characters"
    if f"`stack` has {longest}" not in page:
        yield f"infra/README.md does not state that a stack's name has {longest}"
    yield from (f"infra/README.md has no row {row!r} (python3 tests/infra/cost.py)" for row in cost.rows() if row not in page)


@rule
def sender(t: Template) -> Found:
    """The template accepts every form of sender that infra/README.md shows, as SAM reads it,
    and refuses what SAM leaves of one without the inner quotes."""
    pattern = re.compile(t.source["Parameters"]["MailFrom"]["AllowedPattern"])
    read = lambda argument: CfnParameterOverridesType().convert((argument,), None, None)["MailFrom"]  # noqa: E731
    page = (ROOT / "infra/README.md").read_text()
    shown = re.findall(r"`'(MailFrom=.*?)'`", page) + re.findall(r'"(MailFrom=.*?)"', page)
    if len(shown) < 2:
        yield "infra/README.md shows no sender with a name and one without"
    for argument in [*shown, 'MailFrom="範例, Ltd. <no-reply@example.com>"', 'MailFrom="\\"Example\\" <no-reply@example.com>"']:
        given = argument.partition("=")[2].strip('"').replace('\\"', '"')
        yield from differ(f"what SAM reads of {argument}", read(argument), given)
        if not pattern.fullmatch(given):
            yield f"MailFrom refuses {given}"
    cut = read("MailFrom=Example <no-reply@example.com>")
    for bad in [cut, "", "Example <>", "Example <no-reply@example.com", "A <a@example.com>, B <b@example.com>", "a@example.com, b@example.com"]:
        if pattern.fullmatch(bad):
            yield f"MailFrom accepts {bad!r}"


@rule
def commands(_: Template) -> Found:
    """The shell can parse the commands in infra/README.md, and every `aws` command
    and option exists."""
    common = {"query", "output", "region", "cli-binary-format", "profile"}
    session = boto3.session.Session(region_name="eu-central-1")
    page = (ROOT / "infra/README.md").read_text()
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        read = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
        yield from read.stderr.splitlines()
        for line in re.split(r"\n|\| ", block.replace("\\\n", " ")):
            for service, operation, rest in re.findall(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)((?:(?!\baws ).)*)", line):
                client = session.client({"s3api": "s3"}.get(service, service))
                if operation == "wait":
                    name = rest.split()[0].replace("-", "_")
                    if name not in client.waiter_names:
                        yield f"aws {service} has no waiter {name}"
                        continue
                    model = client.meta.service_model.operation_model(client.get_waiter(name).config.operation)
                else:
                    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
                    if operation not in names:
                        yield f"aws {service} {operation} does not exist"
                        continue
                    model = client.meta.service_model.operation_model(names[operation])
                has = {xform_name(name, "-") for name in model.input_shape.members} if model.input_shape else set()
                given = set(re.findall(r" --([a-z-]+)", rest))
                missing = {xform_name(name, "-") for name in model.input_shape.required_members} - given if model.input_shape else set()
                unknown = {one for one in given - has - common if one.removeprefix("no-") not in has}
                yield from (f"aws {service} {operation} has no --{one}" for one in sorted(unknown))
                yield from (f"aws {service} {operation} needs --{one}" for one in sorted(missing))
