"""Own rules of how one thing reaches another: events, permissions to invoke, what
services may do with the key, the queue and the topic, and a function's settings."""

import json
import re
from typing import Any

from rule import Found, differ, rule
from template import ROOT, Node, Template, att, many

# What SES tells of a mail, and how EventBridge calls it.
MAIL_EVENTS = {
    "bounce": "Email Bounced", "complaint": "Email Complaint Received",
    "reject": "Email Rejected", "renderingFailure": "Email Rendering Failed",
}  # fmt: skip

# Where SNS writes of SMS that failed.
SMS_LOG = "sns/${AWS::Region}/${AWS::AccountId}/DirectPublishToPhoneNumber"

# What functions read of their environment.
ENVIRONMENT = {
    "LATCHKEY_TABLE": {"Ref": "Table"},
    "LATCHKEY_SECRET_ID": {"Ref": "Secret"},
    "LATCHKEY_BASE_URL": {"Ref": "BaseUrl"},
    "LATCHKEY_MAIL_FROM": {"Ref": "MailFrom"},
    "LATCHKEY_SOURCE_LIMIT": {"Ref": "SourceLimit"},
    "LATCHKEY_FRONT_DIGEST": {"Ref": "FrontDigest"},
    "LATCHKEY_METRICS": {"Fn::Sub": "Latchkey/${AWS::StackName}"},
}
# And the one that sends.
SENDING = {"LATCHKEY_CONFIGURATION_SET": {"Ref": "Mail"}}


def arn(service: str, rest: str) -> Node:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"}


def grant(sid: str, who: Node | str, actions: Any, what: Any, **condition: Any) -> Node:
    who = {"Service": who} if isinstance(who, str) and "*" not in who else who
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": actions, "Resource": what} | ({"Condition": condition} if condition else {})


ACCOUNT = {"Ref": "AWS::AccountId"}
USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]
SEND = ["kms:Decrypt", "kms:GenerateDataKey*"]
LOGS = ["/aws/lambda/${AWS::StackName}-*", "/aws/vendedlogs/${AWS::StackName}/*", "sns/*"]
KEYS_OF = ["dynamodb", "secretsmanager", "sqs"]

# What others than our roles may do: whose policy, and its statements.
GRANTS = {
    "Key": [
        grant("Manage", {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}, "kms:*", "*"),
        grant("ThroughServices", {"AWS": "*"}, [*USE, "kms:CreateGrant", "kms:DescribeKey"], "*", StringEquals={
            "kms:CallerAccount": ACCOUNT, "kms:ViaService": [{"Fn::Sub": f"{one}.${{AWS::Region}}.amazonaws.com"} for one in KEYS_OF]}),
        grant("Logs", {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}}, [*USE, "kms:DescribeKey"], "*", ArnLike={
            "kms:EncryptionContext:aws:logs:arn": [arn("logs", f"log-group:{one}") for one in LOGS]}),
        grant("Alarms", "cloudwatch.amazonaws.com", SEND, "*"),
        grant("Events", "events.amazonaws.com", SEND, "*", StringEquals={"aws:SourceAccount": ACCOUNT}),
    ],
    "LostEventsPolicy": [
        grant("Events", "events.amazonaws.com", "sqs:SendMessage", att("LostEvents"), ArnEquals={"aws:SourceArn": att("DeliveryEventsFunctionMail")}),
    ],
    "AlarmsPolicy": [
        grant("Alarms", "cloudwatch.amazonaws.com", "sns:Publish", {"Ref": "Alarms"},
              StringEquals={"aws:SourceAccount": ACCOUNT}, ArnLike={"aws:SourceArn": arn("cloudwatch", "alarm:${AWS::StackName}-*")}),
    ],
}  # fmt: skip


@rule
def granted(t: Template) -> Found:
    """Key, queue and topic grant what is listed; what is encrypted can be used."""
    declared = t.translated["Resources"]
    for name, should in GRANTS.items():
        p = declared.get(name, {}).get("Properties", {})
        is_ = {one["Sid"]: one for one in p.get("KeyPolicy", p.get("PolicyDocument", {})).get("Statement", [])}
        yield from differ(f"statements of {name}", sorted(is_), sorted(one["Sid"] for one in should))
        for one in should:
            yield from differ(f"{one['Sid']} of {name}", is_.get(one["Sid"]), one)
    yield from differ("whose queue", declared.get("LostEventsPolicy", {}).get("Properties", {}).get("Queues"), [{"Ref": "LostEvents"}])
    yield from differ("whose topic", declared.get("AlarmsPolicy", {}).get("Properties", {}).get("Topics"), [{"Ref": "Alarms"}])


@rule
def trust(t: Template) -> Found:
    """A role is for Lambda, but the one that SNS writes its log by."""
    for name, it in t.of("AWS::IAM::Role").items():
        service = "sns" if name == "SmsLogRole" else "lambda"
        should = [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]
        yield from differ(f"who is {name}", it["Properties"]["AssumeRolePolicyDocument"]["Statement"], should)


@rule
def environment(t: Template) -> Found:
    """Functions are told what the code reads, by its names."""
    sources = (ROOT / "shared/platform/src").rglob("*.rs")
    read = {name for source in sources for name in re.findall(r'"(LATCHKEY_\w+)"', source.read_text())}
    yield from differ("what the code reads", sorted(read), sorted(ENVIRONMENT | SENDING))
    for program, it in t.functions().items():
        told = t.translated["Resources"][it["Name"]]["Properties"]["Environment"]["Variables"]
        yield from differ(f"what {program} is told", told, ENVIRONMENT | (SENDING if program == "send-code" else {}))


@rule
def sending(t: Template) -> Found:
    """send-code alone sends: as one identity, through the set, to no topic."""
    may = [one for role in t.of("AWS::IAM::Role") for one in t.statements(role) if re.match("ses:|sns:", str(one["Action"]))]
    should = [
        {"Sid": "Mail", "Effect": "Allow", "Action": "ses:SendEmail",
         "Resource": [arn("ses", "identity/${MailIdentity}"), arn("ses", "configuration-set/${Mail}")]},
        {"Sid": "Sms", "Effect": "Allow", "Action": "sns:Publish", "Resource": "*"},
        {"Sid": "NoTopics", "Effect": "Deny", "Action": "sns:Publish", "Resource": "arn:*:sns:*:*:*"},
    ]  # fmt: skip
    yield from differ("who sends what", may, should)
    yield from differ("who sends", [one for one in t.statements("SendCodeRole") if one in may], may)


def source(path: str) -> str:
    return (ROOT / "shared/platform/src" / path).read_text()


@rule
def streams(t: Template) -> Found:
    """The stream brings every new message of the outbox, tried a bounded number of
    times, and put by where it fails."""
    ((name, it),) = t.of("AWS::Lambda::EventSourceMapping").items()
    (prefix,) = re.findall(r'const OUTBOX: &str = "(.*?)";', source("dynamodb/table.rs"))
    (event,) = re.findall(r'record\.event_name == "(\w+)"', source("stream.rs"))
    pattern = {"eventName": [event], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": prefix}]}}}}
    p = dict(it["Properties"])
    patterns = [json.loads(one["Pattern"]) for one in p.pop("FilterCriteria", {}).get("Filters", [])]
    yield from differ(f"{name}: what it brings", patterns, [pattern])
    yield from differ(name, p, {
        "EventSourceArn": att("Table", "StreamArn"), "FunctionName": {"Ref": "SendCodeFunction"}, "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10, "ParallelizationFactor": 10, "BisectBatchOnFunctionError": True, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRecordAgeInSeconds": 3600, "MaximumRetryAttempts": 10, "DestinationConfig": {"OnFailure": {"Destination": att("DeadLetters")}},
    })  # fmt: skip
    yield from may_put_by(t, "SendCodeFunction", "DeadLetters")


def may_put_by(t: Template, function: str, queue: str) -> Found:
    role = t.translated["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0]
    if not any(one["Action"] == "sqs:SendMessage" and one["Resource"] == att(queue) for one in t.statements(role)):
        yield f"{function}: its role may not put into {queue}"


def rules_of(t: Template, function: str) -> list[Node]:
    """What EventBridge asks a function, without how SAM names it."""
    rules = [it["Properties"] for it in t.of("AWS::Events::Rule").values()]
    rules = [p | {"Targets": [{of: it for of, it in target.items() if of != "Id"} for target in p["Targets"]]} for p in rules]
    return [p for p in rules if any(target["Arn"] == att(function) for target in p["Targets"])]


@rule
def measuring(t: Template) -> Found:
    """Every five minutes send-code is asked what waits, in words that it knows."""
    (fields,) = re.findall(r"struct DirectEvent \{(.*?)\n\}", source("stream.rs"), re.DOTALL)
    if "measure: Option<Measure>" not in fields:
        yield "send-code is not asked by `measure` any more"
    asked = {"ScheduleExpression": "rate(5 minutes)", "Targets": [{"Arn": att("SendCodeFunction"), "Input": json.dumps({"measure": {}})}]}
    yield from differ("what is asked", rules_of(t, "SendCodeFunction"), [asked])


def properties(t: Template, name: str) -> Node:
    return t.translated["Resources"].get(name, {}).get("Properties", {})


def permissions(t: Template, function: str, service: str) -> list[Node]:
    """By which a service may invoke a function."""
    every = [it["Properties"] for it in t.of("AWS::Lambda::Permission").values()]
    return [p for p in every if p["FunctionName"] == {"Ref": function} and p["Principal"] == f"{service}.amazonaws.com"]


def invoke(function: str, service: str, **more: Any) -> Node:
    return {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": function}, "Principal": f"{service}.amazonaws.com"} | more


@rule
def mail_events(t: Template) -> Found:
    """What SES tells of a mail goes by EventBridge to delivery-events, or is put by."""
    yield from differ("what SES tells", properties(t, "MailEvents"), {"ConfigurationSetName": {"Ref": "Mail"}, "EventDestination": {
        "Name": "delivery-events", "Enabled": True, "MatchingEventTypes": list(MAIL_EVENTS),
        "EventBridgeDestination": {"EventBusArn": arn("events", "event-bus/default")},
    }})  # fmt: skip
    yield from differ("the set of the stack", properties(t, "Mail").get("Name"), {"Ref": "AWS::StackName"})
    of_ours = {"mail": {"tags": {"ses:configuration-set": [{"Ref": "Mail"}]}}}
    asked = {
        "EventPattern": {"source": ["aws.ses"], "detail-type": list(MAIL_EVENTS.values()), "detail": of_ours},
        "Targets": [{
            "Arn": att("DeliveryEventsFunction"), "DeadLetterConfig": {"Arn": att("LostEvents")},
            "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 21600},
        }],
    }  # fmt: skip
    yield from differ("what EventBridge brings", rules_of(t, "DeliveryEventsFunction"), [asked])
    by = {"SourceArn": att("DeliveryEventsFunctionMail")}
    yield from differ("who may bring it", permissions(t, "DeliveryEventsFunction", "events"), [invoke("DeliveryEventsFunction", "events", **by)])
    (failed,) = [it["Properties"] for it in t.of("AWS::Lambda::EventInvokeConfig").values()]
    yield from differ("what fails", failed, {
        "FunctionName": {"Ref": "DeliveryEventsFunction"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21600,
        "DestinationConfig": {"OnFailure": {"Destination": att("LostEvents")}},
    })  # fmt: skip
    yield from may_put_by(t, "DeliveryEventsFunction", "LostEvents")


@rule
def sms_events(t: Template) -> Found:
    """What SNS writes of an SMS that failed goes to delivery-events."""
    log = {"Fn::Sub": f"{SMS_LOG}/Failure"}
    yield from differ("where SNS writes", properties(t, "SmsLog").get("LogGroupName"), log)
    written = [one for one in t.statements("SmsLogRole") if one["Resource"] == arn("logs", f"log-group:{SMS_LOG}*")]
    yield from differ("who writes it", written, t.statements("SmsLogRole"))
    (failed,) = re.findall(r'event\.status != "(\w+)"', source("delivery_events/event.rs"))
    yield from differ("which lines", properties(t, "SmsFailures"), {
        "LogGroupName": {"Fn::If": ["CreateSmsLog", {"Ref": "SmsLog"}, log]},
        "FilterPattern": f'{{ $.status = "{failed}" }}', "DestinationArn": att("DeliveryEventsFunction"),
    })  # fmt: skip
    # A filter is refused while nobody may invoke its function.
    yield from differ("what is first", many(t.translated["Resources"].get("SmsFailures", {}).get("DependsOn")), ["MayTellOfSms"])
    may = invoke("DeliveryEventsFunction", "logs", SourceAccount=ACCOUNT, SourceArn=arn("logs", f"log-group:{SMS_LOG}/Failure:*"))
    yield from differ("who may bring them", properties(t, "MayTellOfSms"), may)


@rule
def rotation(t: Template) -> Found:
    """The keys are made and rotated by a function that may do that alone, and is
    there first."""
    yield from differ("the schedule", properties(t, "Rotation"), {
        "SecretId": {"Ref": "Secret"}, "RotationLambdaARN": att("RotateSecretFunction"),
        "RotateImmediatelyOnUpdate": True, "RotationRules": {"AutomaticallyAfterDays": 90},
    })  # fmt: skip
    yield from differ("what is first", many(t.translated["Resources"].get("Rotation", {}).get("DependsOn")), ["MayRotate"])
    yield from differ("who may ask", properties(t, "MayRotate"), invoke("RotateSecretFunction", "secretsmanager", SourceAccount=ACCOUNT))
    for name in t.of("AWS::IAM::Role"):
        for one in t.statements(name):
            used = {action for action in many(one["Action"]) if action.startswith("secretsmanager:")}
            if used:
                yield from differ(f"{name}: which secret", one["Resource"], {"Ref": "Secret"})
            if used - {"secretsmanager:GetSecretValue"} and name != "RotateSecretRole":
                yield f"{name}: may change the keys"
