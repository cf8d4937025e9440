"""Creates the table, roles, queues, key and logs of the translated template in a
local CloudFormation (moto). Compares them with the template, and the table with
the one that `infra/local` creates."""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import boto3
from moto import mock_aws
from template import PARAMETERS, ROOT, Template

STACK = "latchkey"
# moto supports the other types in part or not at all.
MADE = [
    "AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::KMS::Alias", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::SQS::Queue",
]  # fmt: skip
# The most characters of a role's inline policies, without whitespace (IAM's quota).
POLICY_MAX = 10_240


def part(t: Template) -> str:
    """The resources to create. Names of other resources are filled in."""
    resources = {name: it for name, it in t.translated["Resources"].items() if it["Type"] in MADE}
    kept = {name: t.translated[name] for name in ["AWSTemplateFormatVersion", "Parameters", "Conditions"]}
    text = json.dumps(kept | {"Resources": resources})
    secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys"
    for name, is_ in [("Secret", secret), ("Mail", STACK)]:
        text = text.replace(json.dumps({"Ref": name}), json.dumps(is_)).replace(f"${{{name}}}", is_)
    return text


def laptop(t: Template) -> dict[str, Any]:
    """The request with which `infra/local` creates its table."""
    source = (ROOT / "infra/local/src/dynamodb/template.rs").read_text()
    (names,) = re.findall(r"const CREATE_TABLE: \[&str; \d+\] =\s*\[(.*?)\];", source, re.DOTALL)
    properties = t.source["Resources"]["Table"]["Properties"]
    request = {name: properties[name] for name in re.findall(r'"(\w+)"', names) if name in properties}
    view = properties["StreamSpecification"]["StreamViewType"]
    return request | {"TableName": "laptop", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}


# The properties in which two tables must be equal for a program.
DEFINITION = ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification", "BillingModeSummary"]


def definition(table: dict[str, Any]) -> dict[str, Any]:
    found = {name: table[name] for name in DEFINITION if table.get(name)}
    indexes = [{name: index[name] for name in ["IndexName", "KeySchema", "Projection"]} for index in found["GlobalSecondaryIndexes"]]
    return found | {"GlobalSecondaryIndexes": sorted(indexes, key=lambda index: index["IndexName"])}


def unlike(t: Template) -> Iterator[str]:
    """The differences in what a local CloudFormation created."""
    with mock_aws(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stacks = boto3.client("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in PARAMETERS.items()]
        stacks.create_stack(StackName=STACK, TemplateBody=part(t), Parameters=given, Capabilities=["CAPABILITY_IAM"])
        made = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in stacks.list_stack_resources(StackName=STACK)["StackResourceSummaries"]}
        wanted = [name for name, it in t.translated["Resources"].items() if it["Type"] in MADE]
        yield from (f"{name} was not made" for name in wanted if not made.get(name))
        yield from table(t, made)
        yield from roles(t, made)
        yield from others(t, made)


def table(t: Template, made: dict[str, str]) -> Iterator[str]:
    client = boto3.client("dynamodb")
    stack = client.describe_table(TableName=made["Table"])["Table"]
    client.create_table(**laptop(t))
    own = client.describe_table(TableName="laptop")["Table"]
    if definition(stack) != definition(own):
        yield f"the stack's table is {definition(stack)}, the local one {definition(own)}"
    if not stack["DeletionProtectionEnabled"]:
        yield "the table can be deleted"


def roles(t: Template, made: dict[str, str]) -> Iterator[str]:
    client = boto3.client("iam")
    arn = boto3.client("dynamodb").describe_table(TableName=made["Table"])["Table"]["TableArn"]
    for name in t.of("AWS::IAM::Role"):
        policy = client.get_role_policy(RoleName=made[name], PolicyName="own")["PolicyDocument"]
        # moto returns some in Python's notation.
        policy = ast.literal_eval(policy) if isinstance(policy, str) else policy
        size = len(json.dumps(policy, separators=(",", ":")))
        if size > POLICY_MAX:
            yield f"{name}: its policy has {size} characters, more than {POLICY_MAX}"
        made_of, written = policy["Statement"], t.statements(name)
        if [one["Sid"] for one in made_of] != [one["Sid"] for one in written]:
            yield f"{name}: statements differ from the template"
        for one in made_of:
            resources = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
            yield from (f"{name} {one['Sid']}: {it} is no name" for it in resources if not isinstance(it, str) or "${" in it)
            on_items = str(one["Action"]).startswith("dynamodb:") and "Condition" in one
            yield from (f"{name} {one['Sid']}: {it} is not of the table" for it in resources if on_items and not it.startswith(arn))


def others(t: Template, made: dict[str, str]) -> Iterator[str]:
    kms, sqs, groups = boto3.client("kms"), boto3.client("sqs"), boto3.client("logs")
    if not kms.get_key_rotation_status(KeyId=made["Key"])["KeyRotationEnabled"]:
        yield "the key does not rotate"
    named = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
    if named.get(f"alias/{STACK}") != made["Key"]:
        yield "the key has no name"
    for name in t.of("AWS::SQS::Queue"):
        queue = sqs.get_queue_attributes(QueueUrl=made[name], AttributeNames=["All"])["Attributes"]
        if made["Key"] not in queue.get("KmsMasterKeyId", "") or queue["MessageRetentionPeriod"] != "1209600":
            yield f"{name} is {queue}"
    for group in groups.describe_log_groups()["logGroups"]:
        # moto does not return its key.
        if group.get("retentionInDays") != 30:
            yield f"{group['logGroupName']} is {group}"
