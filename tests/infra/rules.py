"""Rules for resources and rights that a linter cannot know."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from rule import Found, differ, rule
from template import ROOT, Template, att, many

MUTATING = {"POST", "PUT", "PATCH", "DELETE"}
# Functions that compute Argon2.
HASHING = {"directory", "registration", "reset", "sign-in"}
# The routes that compute Argon2.
HASHING_ROUTES = {
    "POST /v1/sign-in", "POST /v1/session/confirm", "PUT /v1/me/password", "PUT /v1/resets/{resetId}/password",
    "POST /v1/users", "POST /v1/users/{userId}/temporary-password",
}  # fmt: skip
# The fewest requests a second that a throttle allows by default: four times what one
# simple client sends (50 sign-ins a second), which must not turn away the others.
RATE_MIN = 200
# Requests with Argon2 a second that one concurrent invocation handles: each takes 39 ms.
HASHES_PER_INVOCATION = 25

# Every right with a wildcard, and why it needs one: role or policy, statement,
# element with the wildcard.
WILDCARDS = {
    ("*", "Trace", "Resource *"): "X-Ray actions support no resource ARNs",
    ("SendCodeRole", "Sms", "Resource *"): "a phone number has no ARN; NoTopics denies topics",
    ("SendCodeRole", "NoTopics", "Resource arn:*:sns:*:*:*"): "it is a Deny",
    ("SendCodeRole", "Streams", "Resource ${Table.Arn}/stream/*"): "only streams of this table; ListStreams takes no single stream",
    ("SmsLogRole", "Log", "Resource arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:sns/${AWS::Region}/"
     "${AWS::AccountId}/DirectPublishToPhoneNumber*"): "SNS writes two groups: delivered and failed SMS",
    ("Key", "Manage", "Action kms:*"): "without it the key becomes unmanageable",
    ("Key", "ThroughServices", "Principal *"): "limited to this account and three services",
    ("Key", "ThroughServices", "Action kms:ReEncrypt*"): "ReEncryptFrom and ReEncryptTo",
    ("Key", "ThroughServices", "Action kms:GenerateDataKey*"): "GenerateDataKey with and without plaintext",
    ("Key", "Logs", "Action kms:ReEncrypt*"): "ReEncryptFrom and ReEncryptTo",
    ("Key", "Logs", "Action kms:GenerateDataKey*"): "GenerateDataKey with and without plaintext",
    ("Key", "Alarms", "Action kms:GenerateDataKey*"): "GenerateDataKey with and without plaintext",
    ("Key", "Events", "Action kms:GenerateDataKey*"): "GenerateDataKey with and without plaintext",
    ("Key", "*", "Resource *"): "in a key policy it means the key itself",
}

# Calls on items, which must name their keys.
ON_ITEMS = {"BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Query", "UpdateItem"}

# The fields of the access log and their sources.
LOGGED = {
    "time": "requestTime", "requestId": "requestId", "functionRequestId": "integration.requestId", "sourceIp": "identity.sourceIp",
    "routeKey": "routeKey", "protocol": "protocol", "status": "status", "functionStatus": "integration.integrationStatus",
    "milliseconds": "responseLatency", "functionMilliseconds": "integration.latency", "bytes": "responseLength", "refusedBy": "error.responseType",
}  # fmt: skip


@rule
def table(t: Template) -> Found:
    """One table: on demand, TTL, a stream of keys, recovery, our key, retained."""
    (name, it), *more = t.of("AWS::DynamoDB::Table").items()
    yield from (f"{another} is a second table" for another, _ in more)
    p = it["Properties"]
    yield from differ("BillingMode", p.get("BillingMode"), "PAY_PER_REQUEST")
    yield from differ("TTL", p.get("TimeToLiveSpecification"), {"AttributeName": "ttl", "Enabled": True})
    yield from differ("the stream", p.get("StreamSpecification"), {"StreamViewType": "KEYS_ONLY"})
    yield from differ("recovery", p.get("PointInTimeRecoverySpecification"), {"PointInTimeRecoveryEnabled": True})
    yield from differ("encryption", p.get("SSESpecification"), {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": att("Key")})
    yield from differ("deletion protection", p.get("DeletionProtectionEnabled"), True)
    # When creating a stack fails, the secret is deleted. The table's protection
    # prevents its deletion, and then the key is needed to remove the protection.
    for kept, policy in [(name, "Retain"), ("Secret", "RetainExceptOnCreate"), ("Key", "Retain")]:
        it = t.translated["Resources"][kept]
        yield from differ(f"deletion policies of {kept}", (it.get("DeletionPolicy"), it.get("UpdateReplacePolicy")), (policy, "Retain"))


@rule
def encrypted(t: Template) -> Found:
    """Secret, queues, topic and logs are encrypted with our key, which rotates."""
    fields = {
        "AWS::SecretsManager::Secret": "KmsKeyId", "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::SNS::Topic": "KmsMasterKeyId", "AWS::Logs::LogGroup": "KmsKeyId",
    }  # fmt: skip
    for kind, field in fields.items():
        for name, it in t.of(kind).items():
            if it["Properties"].get(field) not in (att("Key"), {"Ref": "Key"}):
                yield f"{name} is not encrypted with our key"
    yield from differ("the key's rotation", t.translated["Resources"]["Key"]["Properties"].get("EnableKeyRotation"), True)


@rule
def logs(t: Template) -> Found:
    """Every log group has a retention."""
    for name, it in t.of("AWS::Logs::LogGroup").items():
        yield from differ(f"retention of {name}", it["Properties"].get("RetentionInDays"), {"Ref": "LogRetentionDays"})


@rule
def functions(t: Template) -> Found:
    """Every function: arm64, its own role, only its own log, JSON, tracing."""
    roles: dict[str, str] = {}
    for program, written in t.functions().items():
        name = written["Name"]
        p = t.translated["Resources"][name]["Properties"]
        yield from differ(f"{name}: name", p.get("FunctionName"), {"Fn::Sub": f"${{AWS::StackName}}-{program}"})
        yield from differ(f"{name}: runtime", p.get("Runtime"), "provided.al2023")
        yield from differ(f"{name}: architecture", p.get("Architectures"), ["arm64"])
        yield from differ(f"{name}: builder", written["Metadata"].get("BuildMethod"), "rust-cargolambda")
        yield from differ(f"{name}: tracing", p.get("TracingConfig"), {"Mode": "Active"})
        if not 0 < p.get("Timeout", 0) < 29:
            yield f"{name}: its timeout is not below the gateway's 30 s"
        reserved = "ReservedConcurrentExecutions" in p
        yield from differ(f"{name}: reserved concurrency", reserved, program in HASHING)
        yield from differ(f"{name}: a whole vCPU", p["MemorySize"] == 1769, program in HASHING)
        role = p["Role"].get("Fn::GetAtt", ["none"])[0]
        if role in roles:
            yield f"{name}: its role is {roles[role]}'s too"
        roles[role] = name
        log = p.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        yield from differ(f"{name}: log", p.get("LoggingConfig"), {"LogFormat": "JSON", "LogGroup": {"Ref": log}})
        group = t.translated["Resources"].get(log, {}).get("Properties", {}).get("LogGroupName")
        yield from differ(f"{name}: log group", group, {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{program}"})
        if role not in t.translated["Resources"]:
            yield f"{name}: no role of the template"
            continue
        writes = [one for one in t.statements(role) if any(action.startswith("logs:") for action in many(one["Action"]))]
        may = [(sorted(many(one["Action"])), one["Resource"]) for one in writes]
        yield from differ(f"{role}: logs", may, [(["logs:CreateLogStream", "logs:PutLogEvents"], att(log))])
        managed = t.translated["Resources"][role]["Properties"].get("ManagedPolicyArns")
        yield from differ(f"{role}: managed policies", managed, None)


def policies(t: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, with its resource's name."""
    for name, it in t.translated["Resources"].items():
        p = it["Properties"] if "Properties" in it else {}
        documents = [p.get("AssumeRolePolicyDocument"), p.get("KeyPolicy"), p.get("PolicyDocument")]
        documents += [policy["PolicyDocument"] for policy in p.get("Policies", [])]
        yield from ((name, one) for document in documents if document for one in document["Statement"])


@rule
def wildcards(t: Template) -> Found:
    """Every wildcard is listed with a reason, and every listed one is used."""
    unused = set(WILDCARDS)
    for name, one in policies(t):
        sid = one.get("Sid", "none")
        yield from (f"{name} {sid}: uses {key}" for key in one if key.startswith("Not"))
        texts = [f"Action {action}" for action in many(one["Action"])]
        for what in many(one.get("Resource", [])):
            texts.append(f"Resource {what.get('Fn::Sub', '') if isinstance(what, dict) else what}")
        principal = one.get("Principal")
        texts += [f"Principal {it}" for it in many(principal["AWS"])] if isinstance(principal, dict) and "AWS" in principal else []
        texts += ["Principal *"] if principal == "*" else []
        for text in (text for text in texts if "*" in text):
            reasons = {(name, sid, text), (name, "*", text), ("*", sid, text)} & set(WILDCARDS)
            if not reasons:
                yield f"{name} {sid}: {text} is not on the list of wildcards"
            unused -= reasons
    yield from (f"{' '.join(one)} is listed as a wildcard but unused" for one in sorted(unused))


@rule
def keys(t: Template) -> Found:
    """Every right on items names key prefixes, and no role may scan."""
    for name, one in policies(t):
        actions = {action.removeprefix("dynamodb:") for action in many(one["Action"]) if action.startswith("dynamodb:")}
        if "Scan" in actions or any("*" in action or action.startswith("PartiQL") for action in actions):
            yield f"{name}: may scan"
        leading = one.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
        if actions & ON_ITEMS and (not leading or "*" in leading):
            yield f"{name} {one['Sid']}: names no keys"


@rule
def calls(t: Template) -> Found:
    """A role grants every call of tests/golden/calls.txt."""
    verbs = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
    granted = set()
    for _, one in policies(t):
        for key in one.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", []):
            granted |= {(action, key.removesuffix("#*")) for action in many(one["Action"])}
    used = set()
    for line in (ROOT / "tests/golden/calls.txt").read_text().splitlines():
        verb, *rest = line.split()
        if line.startswith("  Read "):
            used |= {("dynamodb:BatchGetItem", item) for item in rest}
        elif line.startswith("  ") and verb in verbs:
            used.add((f"dynamodb:{verbs[verb]}", rest[0]))
    yield from (f"no role grants {action} {item}" for action, item in sorted(used - granted))


def routes(t: Template) -> dict[tuple[str, str], str]:
    """Every route's method and path, with its program."""
    found = {}
    for program, it in t.functions().items():
        for event in it["Properties"]["Events"].values():
            if event["Type"] == "HttpApi":
                found[event["Properties"]["Method"].upper(), event["Properties"]["Path"]] = program
    return found


@rule
def api(t: Template) -> Found:
    """The routes are those of the API document and the local router."""
    document = json.loads((ROOT / "infra/openapi.json").read_text())["paths"]
    described = {(method.upper(), path) for path, item in document.items() for method in item}
    router = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["metadata"]["lambda"]["watch"]["router"]
    pages = {("GET", path) for path, program in router.items() if program == "portal"}
    declared = routes(t)
    yield from (f"no route {' '.join(one)}" for one in sorted((described | pages) - declared.keys()))
    yield from (f"the route {' '.join(one)} is not documented" for one in sorted(declared.keys() - described - pages))
    for (_, path), program in declared.items():
        yield from differ(f"who answers {path}", program, router.get(path))


@rule
def throttles(t: Template) -> Found:
    """Every route is throttled by the parameter of what it costs. No default lets one
    ordinary client use up a route, or exceeds what Lambda may compute."""
    p = t.source["Resources"]["Api"]["Properties"]
    own, declared = p.get("RouteSettings", {}), {f"{method} {path}" for method, path in routes(t) if method in MUTATING}
    expected = {one: "HashRate" if one in HASHING_ROUTES else "WriteRate" for one in declared}
    yield from (f"{one} computes Argon2 but is no route" for one in sorted(HASHING_ROUTES - declared))
    yield from (f"{one} is throttled but is no route" for one in sorted(own.keys() - declared))
    for where, rate, it in [("by default", "ReadRate", p.get("DefaultRouteSettings")), *((one, expected[one], own.get(one)) for one in sorted(declared))]:
        yield from differ(f"the throttle {where}", it, {"ThrottlingBurstLimit": {"Ref": rate}, "ThrottlingRateLimit": {"Ref": rate}})
    parameters = t.source["Parameters"]
    for rate in ["HashRate", "WriteRate", "ReadRate"]:
        it = parameters.get(rate, {})
        if not RATE_MIN <= it.get("Default", 0) <= it.get("MaxValue", 0) or "MinValue" not in it:
            yield f"{rate}: no range, or a default below {RATE_MIN}"
    if parameters["HashRate"]["Default"] > HASHES_PER_INVOCATION * parameters["HashConcurrency"]["Default"]:
        yield "HashRate is above what HashConcurrency allows"


@rule
def access_log(t: Template) -> Found:
    """The access log is JSON with the listed fields, and a metric counts the
    gateway's own refusals in it."""
    (stage,) = t.of("AWS::ApiGatewayV2::Stage").values()
    settings = stage["Properties"].get("AccessLogSettings", {})
    yield from differ("destination", settings.get("DestinationArn"), att("AccessLog"))
    yield from differ("fields", json.loads(settings.get("Format", "{}")), {name: f"$context.{it}" for name, it in LOGGED.items()})
    # Requests that the gateway itself refused reached no function.
    (it,) = t.of("AWS::Logs::MetricFilter").values()
    refused = {"LogGroupName": {"Ref": "AccessLog"}, "FilterPattern": '{ $.status = "429" && $.functionStatus = "-" }'}
    yield from differ("the metric filter", {name: it["Properties"].get(name) for name in refused}, refused)


@rule
def tls(t: Template) -> Found:
    """At least TLS 1.2, and no mail without TLS."""
    for name, it in t.of("AWS::ApiGatewayV2::DomainName").items():
        for one in it["Properties"]["DomainNameConfigurations"]:
            yield from differ(f"{name}: TLS", one.get("SecurityPolicy"), "TLS_1_2")
    (mail,) = t.of("AWS::SES::ConfigurationSet").values()
    yield from differ("TLS of mails", mail["Properties"].get("DeliveryOptions"), {"TlsPolicy": "REQUIRE"})
    suppressed = mail["Properties"].get("SuppressionOptions", {}).get("SuppressedReasons")
    yield from differ("suppression", suppressed, ["BOUNCE", "COMPLAINT"])
