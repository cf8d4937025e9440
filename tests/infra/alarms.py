"""Rules for alarms and the dashboard. Each alarm is compared as a whole."""

import json
import re
from typing import Any

from rule import Found, differ, rule
from template import ROOT, Node, Template, att

# The namespace of metrics from the functions and the access log, by stack.
OWN = {"Fn::Sub": "Latchkey/${AWS::StackName}"}
# The most metrics that CloudWatch allows in one alarm.
METRICS_MAX = 10


def metric(namespace: Any, name: str, **dimensions: Any) -> Node:
    named = {"Dimensions": [{"Name": of, "Value": value} for of, value in dimensions.items()]} if dimensions else {}
    return {"Namespace": namespace, "MetricName": name} | named


def over(threshold: Any, periods: int = 1, missing: str = "notBreaching") -> Node:
    """An alarm that notifies at this value or above, and again when it ends."""
    notified = {"AlarmActions": [{"Ref": "Alarms"}], "OKActions": [{"Ref": "Alarms"}], "TreatMissingData": missing}
    return notified | {"Threshold": threshold, "EvaluationPeriods": periods, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}


def of(measured: Node, statistic: str, period: int) -> Node:
    return measured | {"ExtendedStatistic" if statistic.startswith("p") else "Statistic": statistic, "Period": period}


def computed(expression: str, period: int, **metrics: Node) -> Node:
    stats = [{"Id": name, "ReturnData": False, "MetricStat": {"Stat": "Sum", "Period": period, "Metric": it}} for name, it in metrics.items()]
    return {"Metrics": [{"Id": "all", "Expression": expression}, *stats]}


def together(name: str, functions: list[str]) -> Node:
    """The sum over these functions. A function without invocations counts as zero."""
    each = {f"m{n}": metric("AWS/Lambda", name, FunctionName={"Ref": function}) for n, function in enumerate(functions, 1)}
    return computed(" + ".join(f"FILL({one}, 0)" for one in each), 300, **each)


def waiting(queue: str) -> Node:
    return metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=att(queue, "QueueName"))


def expected(t: Template) -> dict[str, Node]:
    """Returns the properties of all alarms, by name."""
    # An operator invokes these by hand and sees the error.
    by_hand = {"recover"}
    routed = {it["Name"] for it in t.functions().values() if any(event["Type"] == "HttpApi" for event in it["Properties"]["Events"].values())}
    functions = [it["Name"] for program, it in t.functions().items() if program not in by_hand]
    behind = [name for name in functions if name not in routed]
    refused = computed("FILL(failed, 0) * IF(FILL(sent, 0) > 0, 1, 5)", 3600, failed=metric(OWN, "MessagesFailed"), sent=metric(OWN, "MessagesSent"))
    of_api = {"ApiId": {"Ref": "Api"}}
    return {
        "DeadLetters": of(waiting("DeadLetters"), "Maximum", 300) | over(1),
        "LostEvents": of(waiting("LostEvents"), "Maximum", 300) | over(1),
        "OutboxUnsent": of(metric(OWN, "OutboxOldestSeconds"), "Maximum", 900) | over(300, missing="breaching"),
        "OutboxBehind": of(metric("AWS/Lambda", "IteratorAge", FunctionName={"Ref": "SendCodeFunction"}), "Maximum", 60) | over(60000, 5),
        "SendFailures": refused | over(5),
        "Bounces": of(metric("AWS/SES", "Reputation.BounceRate"), "Maximum", 3600) | over(0.05),
        "Complaints": of(metric("AWS/SES", "Reputation.ComplaintRate"), "Maximum", 3600) | over(0.001),
        "FunctionThrottles": together("Throttles", functions) | over(1),
        "ApiThrottles": of(metric(OWN, "ApiThrottled"), "Sum", 300) | over(50, 2),
        "FunctionErrors": together("Errors", behind) | over(1),
        "Lockouts": of(metric(OWN, "Lockouts"), "Sum", 300) | over(20),
        "FailedSignIns": of(metric(OWN, "SignInsFailed"), "Sum", 900) | over(300),
        "Guessing": of(metric(OWN, "CodesRefused"), "Sum", 900) | over(200),
        "SmsParts": of(metric(OWN, "SmsParts"), "Sum", 3600) | over(500),
        "SmsSpend": of(metric("AWS/SNS", "SMSMonthToDateSpentUSD"), "Maximum", 3600) | over({"Ref": "SmsSpendLimit"}),
        "ServerErrors": of(metric("AWS/ApiGateway", "5xx", **of_api), "Sum", 300) | over(5),
        "Slow": of(metric("AWS/ApiGateway", "Latency", **of_api), "p99", 300) | over(3000, 3),
    }


def watched(t: Template) -> list[Node]:
    """All metrics that alarms use."""
    each = [it["Properties"] for it in t.of("AWS::CloudWatch::Alarm").values()]
    return [one for p in each for one in ([p] if "MetricName" in p else [it["MetricStat"]["Metric"] for it in p["Metrics"] if "MetricStat" in it])]


@rule
def alarms(t: Template) -> Found:
    """Every alarm is as expected, and infra/README.md explains it."""
    declared = {name.removesuffix("Alarm"): dict(it["Properties"]) for name, it in t.of("AWS::CloudWatch::Alarm").items()}
    for name, should in expected(t).items():
        is_ = declared.get(name, {})
        if not is_.pop("AlarmDescription", ""):
            yield f"{name}Alarm has no description"
        for field in sorted(is_.keys() | should.keys()):
            yield from differ(f"{field} of {name}Alarm", is_.get(field), should.get(field))
        if len(is_.get("Metrics", [])) > METRICS_MAX + 1:
            yield f"{name}Alarm has more than {METRICS_MAX} metrics"
    yield from (f"{one}Alarm is not listed" for one in sorted(declared.keys() - expected(t).keys()))
    page = (ROOT / "infra/README.md").read_text()
    yield from differ("alarms in infra/README.md", sorted(re.findall(r"^\| `(\w+)Alarm`", page, re.MULTILINE)), sorted(declared))
    alarmed = f"{len(watched(t))} alarmed metrics"
    if alarmed not in page:
        yield f"infra/README.md does not mention {alarmed!r}"


def measured() -> dict[str, list[str]]:
    """The metrics of the functions, with their dimensions."""
    source = (ROOT / "shared/platform/src/metrics.rs").read_text()
    (variants,) = re.findall(r"pub enum Metric \{(.*?)\n\}", source, re.DOTALL)
    names = re.findall(r"^    (\w+),$", variants, re.MULTILINE)
    (by,) = re.findall(r"fn dimensions.*?match self \{(.*?)\n        \}", source, re.DOTALL)
    dimensions = {}
    for those, own in re.findall(r"((?:Metric::\w+[\s|]*)+)=> (?:\{\s*)?&\[(.*?)\]", by):
        for name in re.findall(r"Metric::(\w+)", those):
            dimensions[name] = re.findall(r'"(\w+)"', own.replace("FUNCTION", '"Function"'))
    return {name: dimensions[name] for name in names}


@rule
def dashboard(t: Template) -> Found:
    """The dashboard shows every metric of the functions, in total or by all its
    dimensions. Every metric that is read is also measured."""
    (it,) = t.of("AWS::CloudWatch::Dashboard").values()
    own, known = OWN["Fn::Sub"], measured()
    # The access log's metric, from the filter ApiThrottled.
    (filtered,) = t.of("AWS::Logs::MetricFilter").values()
    (transformed,) = filtered["Properties"]["MetricTransformations"]
    known[transformed["MetricName"]] = []
    shown = set()
    for widget in json.loads(it["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]:
        namespace = ""
        for line in widget["properties"]["metrics"]:
            if line[0] == "...":
                continue
            # A dot repeats the value of the line before.
            namespace = namespace if line[0] == "." else line[0]
            if namespace == own:
                shown.add(line[1])
                by = [one for one in line[2:] if isinstance(one, str)][::2]
                yield from differ(f"dimensions of {line[1]} on the dashboard", by, known.get(line[1], []) if by else [])
    read = {one["MetricName"] for one in watched(t) if one["Namespace"] == OWN}
    yield from (f"{one} is not on the dashboard" for one in sorted(known.keys() - shown))
    yield from (f"no function measures {one}" for one in sorted((shown | read) - known.keys()))
    yield from differ("the namespace of the access log's metric", transformed["MetricNamespace"], OWN)
