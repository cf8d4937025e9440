"""Own rules of what an operator sees: alarms, the dashboard, and infra/README.md."""

import json
import re
import subprocess

import boto3
import cost
from botocore import xform_name
from rule import Found, differ, rule
from template import ROOT, Template

# What must have an alarm: namespace (of a stack's own metrics, its end), metric.
ALARMS = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), ("Latchkey", "OutboxOldestSeconds"), ("AWS/Lambda", "IteratorAge"),
    ("Latchkey", "MessagesFailed"), ("AWS/SES", "Reputation.BounceRate"), ("AWS/Lambda", "Throttles"), ("Stack", "ApiThrottled"),
    ("AWS/Lambda", "Errors"), ("Latchkey", "Lockouts"), ("Latchkey", "CodesRefused"), ("Latchkey", "SmsParts"),
    ("AWS/SNS", "SMSMonthToDateSpentUSD"), ("AWS/ApiGateway", "5xx"), ("AWS/ApiGateway", "Latency"),
}  # fmt: skip


def measured() -> set[str]:
    """What the functions measure, in the namespace Latchkey."""
    source = (ROOT / "shared/platform/src/metrics.rs").read_text()
    (names,) = re.findall(r"use Metric::\*;\s*\[(.*?)\]", source, re.DOTALL)
    return set(re.findall(r"\w+", names))


@rule
def alarms(t: Template) -> Found:
    """Every listed thing has an alarm, every alarm tells somebody, and the operator's
    page explains it."""
    found = set()
    for name, it in t.of("AWS::CloudWatch::Alarm").items():
        p = it["Properties"]
        yield from differ(f"{name}: who is told", p.get("AlarmActions"), [{"Ref": "Alarms"}])
        for one in [p] if "MetricName" in p else [one["MetricStat"]["Metric"] for one in p["Metrics"] if "MetricStat" in one]:
            found.add(("Stack" if isinstance(one["Namespace"], dict) else one["Namespace"], one["MetricName"]))
    yield from (f"no alarm for {' '.join(one)}" for one in sorted(ALARMS - found))
    yield from (f"the alarm for {' '.join(one)} is not listed" for one in sorted(found - ALARMS))
    explained = set(re.findall(r"^\| `(\w+)Alarm`", (ROOT / "infra/README.md").read_text(), re.MULTILINE))
    declared = {name.removesuffix("Alarm") for name in t.of("AWS::CloudWatch::Alarm")}
    yield from (f"infra/README.md does not explain {one}Alarm" for one in sorted(declared - explained))
    yield from (f"infra/README.md explains {one}Alarm, which is none" for one in sorted(explained - declared))


@rule
def dashboard(t: Template) -> Found:
    """The dashboard shows every metric of the functions; what is read is measured."""
    (it,) = t.of("AWS::CloudWatch::Dashboard").values()
    read = {it["Properties"]["MetricName"] for it in t.of("AWS::CloudWatch::Alarm").values() if it["Properties"].get("Namespace") == "Latchkey"}
    shown = set()
    for widget in json.loads(it["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]:
        namespace = ""
        for line in widget["properties"]["metrics"]:
            # A dot stands for what the line before has there, three for all.
            namespace = line[0] if line[0] not in (".", "...") else namespace
            shown |= {line[1]} if namespace == "Latchkey" and line[0] != "..." else set()
    yield from (f"{one} is not on it" for one in sorted(measured() - shown))
    yield from (f"nobody measures {one}" for one in sorted((shown | read) - measured()))


@rule
def operator(t: Template) -> Found:
    """Parameters, outputs and costs in infra/README.md are those of the template and
    of the calls."""
    page = (ROOT / "infra/README.md").read_text()
    outputs = set(re.findall(r"(?:^|\$\()output (\w+)", page, re.MULTILINE))
    yield from (f"infra/README.md uses the output {one}, which is none" for one in sorted(outputs - t.source["Outputs"].keys()))
    (section,) = re.findall(r"\n## Parameters\n(.*?)\n## ", page, re.DOTALL)
    described = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))
    yield from differ("parameters in infra/README.md", sorted(described), sorted(t.source["Parameters"]))
    for name, it in t.source["Parameters"].items():
        default = str(it.get("Default", "required"))
        said = described.get(name, default)
        if said != default and not (default == "" and said in ("none", "nobody")):
            yield f"infra/README.md says that {name} is {said} by default, the template {default}"
    yield from (f"infra/README.md has no row {row!r} (python3 tests/infra/cost.py)" for row in cost.rows() if row not in page)


@rule
def commands(_: Template) -> Found:
    """The shell can read what infra/README.md says; every `aws` command is one, with
    options that it has."""
    common = {"query", "output", "region", "cli-binary-format", "profile"}
    session = boto3.session.Session(region_name="eu-central-1")
    page = (ROOT / "infra/README.md").read_text()
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        read = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
        yield from read.stderr.splitlines()
        for line in re.split(r"\n|\| ", block.replace("\\\n", " ")):
            for service, operation, rest in re.findall(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)((?:(?!\baws ).)*)", line):
                client = session.client(service)
                if operation == "wait":
                    name = rest.split()[0].replace("-", "_")
                    if name not in client.waiter_names:
                        yield f"aws {service} waits for no {name}"
                        continue
                    model = client.meta.service_model.operation_model(client.get_waiter(name).config.operation)
                else:
                    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
                    if operation not in names:
                        yield f"aws {service} {operation} is no command"
                        continue
                    model = client.meta.service_model.operation_model(names[operation])
                has = {xform_name(name, "-") for name in model.input_shape.members} if model.input_shape else set()
                given = set(re.findall(r" --([a-z-]+)", rest))
                missing = {xform_name(name, "-") for name in model.input_shape.required_members} - given if model.input_shape else set()
                unknown = {one for one in given - has - common if one.removeprefix("no-") not in has}
                yield from (f"aws {service} {operation} has no --{one}" for one in sorted(unknown))
                yield from (f"aws {service} {operation} needs --{one}" for one in sorted(missing))
