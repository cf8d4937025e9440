"""Rules for connections: events, permissions to invoke, services' use of the key,
the queue and the topic, and functions' settings."""

import json
import re
from typing import Any

from rule import Found, differ, rule
from template import ROOT, Node, Template, att, many

# The SES events of a mail, and their names in EventBridge.
MAIL_EVENTS = {
    "bounce": "Email Bounced", "complaint": "Email Complaint Received",
    "reject": "Email Rejected", "renderingFailure": "Email Rendering Failed",
}  # fmt: skip

# The log group for failed SMS, written by SNS.
SMS_LOG = "sns/${AWS::Region}/${AWS::AccountId}/DirectPublishToPhoneNumber"

# The environment variables that functions read.
ENVIRONMENT = {
    "LATCHKEY_TABLE": {"Ref": "Table"},
    "LATCHKEY_SECRET_ID": {"Ref": "Secret"},
    "LATCHKEY_BASE_URL": {"Ref": "BaseUrl"},
    "LATCHKEY_MAIL_FROM": {"Ref": "MailFrom"},
    "LATCHKEY_SOURCE_LIMIT": {"Ref": "SourceLimit"},
    "LATCHKEY_FAILED_SIGN_IN_LIMIT": {"Ref": "FailedSignInLimit"},
    "LATCHKEY_FRONT_DIGEST": {"Ref": "FrontDigest"},
    "LATCHKEY_BREACHED_URL": {"Ref": "BreachedPasswordsUrl"},
    "LATCHKEY_BREACHED_ON_FAILURE": {"Ref": "BreachedPasswordsOnFailure"},
    "LATCHKEY_METRICS": {"Fn::Sub": "Latchkey/${AWS::StackName}"},
}
# The additional ones of send-code.
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

# Rights outside our roles: resource policies and their statements.
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
    """Key, queue and topic grant exactly the listed rights, which encryption needs."""
    declared = t.translated["Resources"]
    for name, should in GRANTS.items():
        p = declared.get(name, {}).get("Properties", {})
        is_ = {one["Sid"]: one for one in p.get("KeyPolicy", p.get("PolicyDocument", {})).get("Statement", [])}
        yield from differ(f"statements of {name}", sorted(is_), sorted(one["Sid"] for one in should))
        for one in should:
            yield from differ(f"{one['Sid']} of {name}", is_.get(one["Sid"]), one)
    yield from differ("queues of LostEventsPolicy", declared.get("LostEventsPolicy", {}).get("Properties", {}).get("Queues"), [{"Ref": "LostEvents"}])
    yield from differ("topics of AlarmsPolicy", declared.get("AlarmsPolicy", {}).get("Properties", {}).get("Topics"), [{"Ref": "Alarms"}])


@rule
def trust(t: Template) -> Found:
    """Lambda assumes every role except the one with which SNS writes its log."""
    for name, it in t.of("AWS::IAM::Role").items():
        service = "sns" if name == "SmsLogRole" else "lambda"
        should = [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]
        yield from differ(f"who assumes {name}", it["Properties"]["AssumeRolePolicyDocument"]["Statement"], should)


@rule
def environment(t: Template) -> Found:
    """Functions get exactly the environment variables that the code reads."""
    sources = (ROOT / "shared/platform/src").rglob("*.rs")
    read = {name for source in sources for name in re.findall(r'"(LATCHKEY_\w+)"', source.read_text())}
    yield from differ("environment variables in the code", sorted(read), sorted(ENVIRONMENT | SENDING))
    for program, it in t.functions().items():
        told = t.translated["Resources"][it["Name"]]["Properties"]["Environment"]["Variables"]
        yield from differ(f"environment variables of {program}", told, ENVIRONMENT | (SENDING if program == "send-code" else {}))


@rule
def sending(t: Template) -> Found:
    """Only send-code may send: as one identity, through the configuration set, to no topic."""
    may = [one for role in t.of("AWS::IAM::Role") for one in t.statements(role) if re.match("ses:|sns:", str(one["Action"]))]
    should = [
        {"Sid": "Mail", "Effect": "Allow", "Action": "ses:SendEmail",
         "Resource": [arn("ses", "identity/${MailIdentity}"), arn("ses", "configuration-set/${Mail}")]},
        {"Sid": "Sms", "Effect": "Allow", "Action": "sns:Publish", "Resource": "*"},
        {"Sid": "NoTopics", "Effect": "Deny", "Action": "sns:Publish", "Resource": "arn:*:sns:*:*:*"},
    ]  # fmt: skip
    yield from differ("rights to send", may, should)
    yield from differ("roles that send", [one for one in t.statements("SendCodeRole") if one in may], may)


def source(path: str) -> str:
    return (ROOT / "shared/platform/src" / path).read_text()


@rule
def streams(t: Template) -> Found:
    """The stream delivers every new outbox row, with a bounded number of tries, and
    then to the queue of failures."""
    ((name, it),) = t.of("AWS::Lambda::EventSourceMapping").items()
    (prefix,) = re.findall(r'const OUTBOX: &str = "(.*?)";', source("dynamodb/table.rs"))
    (event,) = re.findall(r'record\.event_name == "(\w+)"', source("stream.rs"))
    pattern = {"eventName": [event], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": prefix}]}}}}
    p = dict(it["Properties"])
    patterns = [json.loads(one["Pattern"]) for one in p.pop("FilterCriteria", {}).get("Filters", [])]
    yield from differ(f"{name}: filter patterns", patterns, [pattern])
    yield from differ(name, p, {
        "EventSourceArn": att("Table", "StreamArn"), "FunctionName": {"Ref": "SendCodeFunction"}, "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10, "ParallelizationFactor": 10, "BisectBatchOnFunctionError": True, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRecordAgeInSeconds": 3600, "MaximumRetryAttempts": 10, "DestinationConfig": {"OnFailure": {"Destination": att("DeadLetters")}},
    })  # fmt: skip
    yield from may_put_by(t, "SendCodeFunction", "DeadLetters")


def may_put_by(t: Template, function: str, queue: str) -> Found:
    role = t.translated["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0]
    if not any(one["Action"] == "sqs:SendMessage" and one["Resource"] == att(queue) for one in t.statements(role)):
        yield f"{function}: its role may not send to {queue}"


def rules_of(t: Template, function: str) -> list[Node]:
    """A function's EventBridge rules, without the names that SAM gives."""
    rules = [it["Properties"] for it in t.of("AWS::Events::Rule").values()]
    rules = [p | {"Targets": [{of: it for of, it in target.items() if of != "Id"} for target in p["Targets"]]} for p in rules]
    return [p for p in rules if any(target["Arn"] == att(function) for target in p["Targets"])]


@rule
def measuring(t: Template) -> Found:
    """Every five minutes EventBridge invokes send-code with an input that it knows."""
    (fields,) = re.findall(r"struct DirectEvent \{(.*?)\n\}", source("stream.rs"), re.DOTALL)
    if "measure: Option<Measure>" not in fields:
        yield "send-code no longer accepts `measure`"
    asked = {"ScheduleExpression": "rate(5 minutes)", "Targets": [{"Arn": att("SendCodeFunction"), "Input": json.dumps({"measure": {}})}]}
    yield from differ("the scheduled input", rules_of(t, "SendCodeFunction"), [asked])


def properties(t: Template, name: str) -> Node:
    return t.translated["Resources"].get(name, {}).get("Properties", {})


def permissions(t: Template, function: str, service: str) -> list[Node]:
    """The permission with which a service may invoke a function."""
    every = [it["Properties"] for it in t.of("AWS::Lambda::Permission").values()]
    return [p for p in every if p["FunctionName"] == {"Ref": function} and p["Principal"] == f"{service}.amazonaws.com"]


def invoke(function: str, service: str, **more: Any) -> Node:
    return {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": function}, "Principal": f"{service}.amazonaws.com"} | more


@rule
def mail_events(t: Template) -> Found:
    """SES events reach delivery-events through EventBridge, or the queue of failures."""
    yield from differ("events of SES", properties(t, "MailEvents"), {"ConfigurationSetName": {"Ref": "Mail"}, "EventDestination": {
        "Name": "delivery-events", "Enabled": True, "MatchingEventTypes": list(MAIL_EVENTS),
        "EventBridgeDestination": {"EventBusArn": arn("events", "event-bus/default")},
    }})  # fmt: skip
    yield from differ("the configuration set of the stack", properties(t, "Mail").get("Name"), {"Ref": "AWS::StackName"})
    of_ours = {"mail": {"tags": {"ses:configuration-set": [{"Ref": "Mail"}]}}}
    asked = {
        "EventPattern": {"source": ["aws.ses"], "detail-type": list(MAIL_EVENTS.values()), "detail": of_ours},
        "Targets": [{
            "Arn": att("DeliveryEventsFunction"), "DeadLetterConfig": {"Arn": att("LostEvents")},
            "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 21600},
        }],
    }  # fmt: skip
    yield from differ("EventBridge rules", rules_of(t, "DeliveryEventsFunction"), [asked])
    by = {"SourceArn": att("DeliveryEventsFunctionMail")}
    yield from differ("who may invoke", permissions(t, "DeliveryEventsFunction", "events"), [invoke("DeliveryEventsFunction", "events", **by)])
    (failed,) = [it["Properties"] for it in t.of("AWS::Lambda::EventInvokeConfig").values()]
    yield from differ("what fails", failed, {
        "FunctionName": {"Ref": "DeliveryEventsFunction"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21600,
        "DestinationConfig": {"OnFailure": {"Destination": att("LostEvents")}},
    })  # fmt: skip
    yield from may_put_by(t, "DeliveryEventsFunction", "LostEvents")


@rule
def sms_events(t: Template) -> Found:
    """SNS's log lines about failed SMS reach delivery-events."""
    log = {"Fn::Sub": f"{SMS_LOG}/Failure"}
    yield from differ("the log group of SNS", properties(t, "SmsLog").get("LogGroupName"), log)
    written = [one for one in t.statements("SmsLogRole") if one["Resource"] == arn("logs", f"log-group:{SMS_LOG}*")]
    yield from differ("rights to write the log", written, t.statements("SmsLogRole"))
    (failed,) = re.findall(r'event\.status != "(\w+)"', source("delivery_events/event.rs"))
    yield from differ("the filter of log lines", properties(t, "SmsFailures"), {
        "LogGroupName": {"Fn::If": ["CreateSmsLog", {"Ref": "SmsLog"}, log]},
        "FilterPattern": f'{{ $.status = "{failed}" }}', "DestinationArn": att("DeliveryEventsFunction"),
    })  # fmt: skip
    # CloudFormation refuses a filter until its function may be invoked.
    yield from differ("DependsOn", many(t.translated["Resources"].get("SmsFailures", {}).get("DependsOn")), ["MayTellOfSms"])
    may = invoke("DeliveryEventsFunction", "logs", SourceAccount=ACCOUNT, SourceArn=arn("logs", f"log-group:{SMS_LOG}/Failure:*"))
    yield from differ("who may invoke", properties(t, "MayTellOfSms"), may)


@rule
def rotation(t: Template) -> Found:
    """Only one function may create and rotate the keys, and it exists before the
    rotation."""
    yield from differ("the schedule", properties(t, "Rotation"), {
        "SecretId": {"Ref": "Secret"}, "RotationLambdaARN": att("RotateSecretFunction"),
        "RotateImmediatelyOnUpdate": True, "RotationRules": {"AutomaticallyAfterDays": 90},
    })  # fmt: skip
    yield from differ("DependsOn", many(t.translated["Resources"].get("Rotation", {}).get("DependsOn")), ["MayRotate"])
    yield from differ("who may invoke", properties(t, "MayRotate"), invoke("RotateSecretFunction", "secretsmanager", SourceAccount=ACCOUNT))
    for name in t.of("AWS::IAM::Role"):
        for one in t.statements(name):
            used = {action for action in many(one["Action"]) if action.startswith("secretsmanager:")}
            if used:
                yield from differ(f"{name}: which secret", one["Resource"], {"Ref": "Secret"})
            if used - {"secretsmanager:GetSecretValue"} and name != "RotateSecretRole":
                yield f"{name}: may change the keys"
