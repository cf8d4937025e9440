"""Faults that are planted into a copy of the template, and the check that must find each."""

import re
from dataclasses import dataclass


@dataclass
class Fault:
    what: str
    # The rule, or the linter's check, that must find the fault.
    found_by: str
    old: str
    new: str

    @property
    def word(self) -> str:
        """Returns the only word that the fault adds. The linter's finding must contain it."""
        (word,) = set(re.findall(r"\w+", self.new)) - set(re.findall(r"\w+", self.old))
        return word

    def plant(self, text: str) -> str:
        """Returns the template with this fault. The text to replace must exist."""
        if self.old not in text:
            raise SystemExit(f"the template no longer has the text that the fault {self.what!r} replaces: {self.old!r}")
        return text.replace(self.old, self.new, 1)


def block(text: str, name: str) -> str:
    """Returns a resource's text, up to and with the blank line after it."""
    begin = text.index(f"\n  {name}:\n") + 1
    return text[begin : text.index("\n\n", begin) + 2]


def between(text: str, begin: str, end: str) -> str:
    """Returns the text from the line that starts with `begin` up to the line that starts with `end`."""
    at = text.index(f"\n{begin}") + 1
    return text[at : text.index(f"\n{end}", at) + 1]


def faults(text: str) -> list[Fault]:
    spraying = block(text, "FailedSignInsAlarm")
    lockouts, send_code = block(text, "LockoutsAlarm"), block(text, "SendCodeFunction")
    failure = send_code[send_code.index("            DestinationConfig:") :].rstrip() + "\n"
    reserved = "      ReservedConcurrentExecutions: !If [Reserve, !Ref HashConcurrency, !Ref AWS::NoValue]\n"
    any_secret = 'Action: secretsmanager:GetSecretValue, Resource: "*"'
    of_key = "          - Sid: "
    topics = '              - { Sid: NoTopics, Effect: Deny, Action: sns:Publish, Resource: "arn:*:sns:*:*:*" }\n'
    of_api = "MetricName: 5xx\n      Dimensions: [{ Name: ApiId, Value: !Ref Api }]\n"
    may_rotate = "FunctionName: !Ref RotateSecretFunction\n      Principal"
    by_hash, by_write, by_read = (f"{{ ThrottlingBurstLimit: !Ref {rate}, ThrottlingRateLimit: !Ref {rate} }}" for rate in ("HashRate", "WriteRate", "ReadRate"))
    leading = next(line for line in text.splitlines(True) if "dynamodb:LeadingKeys" in line)
    return [
        # Found by the linter, in the translated template.
        Fault("a misspelt action", "W3037", "dynamodb:BatchGetItem", "dynamodb:BatchGetItems"),
        Fault("an undefined reference", "E1010", "Resource: !GetAtt Table.Arn", "Resource: !GetAtt Tabel.Arn"),
        Fault("an undefined parameter", "E1020", "Endpoint: !Ref AlarmEmail", "Endpoint: !Ref AlarmMails"),
        Fault("a misspelt property", "E3002", "EnableKeyRotation: true", "EnableKeyRotations: true"),
        Fault("an undefined resource in a Sub", "E1019", '!Sub "${Table.Arn}/stream/*"', '!Sub "${Tables.Arn}/stream/*"'),
        # Found by our rules.
        Fault("a missing route", "api", 'Method: post, Path: "/v1/session/confirm"', 'Method: get, Path: "/v1/me/confirm"'),
        Fault("another function's route", "api", 'Method: get, Path: "/v1/groups"', 'Method: get, Path: "/v1/limits/groups"'),
        Fault("a dropped alarm", "alarms", lockouts, ""),
        Fault("an alarm without an action", "alarms", "AlarmActions: [!Ref Alarms]", "AlarmActions: []"),
        Fault("an alarm that does not notify when it ends", "alarms", "      OKActions: [!Ref Alarms]\n", ""),
        Fault("an alarm that ignores missing data", "alarms", "TreatMissingData: notBreaching", "TreatMissingData: ignore"),
        Fault("a threshold of eight hours", "alarms", "Threshold: 300\n", "Threshold: 30000\n"),
        Fault("an alarm below its threshold", "alarms", "ComparisonOperator: GreaterThanOrEqualToThreshold", "ComparisonOperator: LessThanThreshold"),
        Fault("an alarm on another queue", "alarms", "Value: !GetAtt DeadLetters.QueueName", "Value: !GetAtt LostEvents.QueueName"),
        Fault("an alarm after SES stopped sending", "alarms", "Threshold: 0.001\n", "Threshold: 0.01\n"),
        Fault("complaints without an alarm", "alarms", block(text, "ComplaintsAlarm"), ""),
        Fault("errors of no API", "alarms", of_api, "MetricName: 5xx\n"),
        Fault("a dimension that Lambda does not have", "alarms", "IteratorAge\n      Dimensions: [{ Name: FunctionName", "IteratorAge\n      Dimensions: [{ Name: Function"),
        Fault("a function that is not summed", "alarms", "FILL(m6, 0) + ", ""),
        Fault("missing data raises no alarm", "alarms", "TreatMissingData: breaching", "TreatMissingData: notBreaching"),
        Fault("TTL off", "table", "AttributeName: ttl\n        Enabled: true", "AttributeName: ttl\n        Enabled: false"),
        Fault("no recovery", "table", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
        Fault("no deletion protection", "table", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"),
        Fault("a table that goes with the stack", "table", "DeletionPolicy: Retain", "DeletionPolicy: Delete"),
        Fault("keys that go with the stack", "table", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Delete"),
        Fault("a table encrypted with a key of AWS", "table", "        SSEType: KMS\n        KMSMasterKeyId: !GetAtt Key.Arn\n", ""),
        Fault("x86_64", "functions", "Architectures: [arm64]", "Architectures: [x86_64]"),
        Fault("no tracing", "functions", "Tracing: Active", "Tracing: PassThrough"),
        Fault("a shared role", "functions", "Role: !GetAtt VerifyRole.Arn", "Role: !GetAtt PolicyRole.Arn"),
        Fault("a right to write another function's log", "functions", "Resource: !GetAtt VerifyLog.Arn", "Resource: !GetAtt PolicyLog.Arn"),
        Fault("Argon2 without a bound", "functions", reserved, ""),
        Fault("a log without a retention", "logs", "      RetentionInDays: !Ref LogRetentionDays\n", ""),
        Fault("a wildcard", "wildcards", "Action: secretsmanager:GetSecretValue, Resource: !Ref Secret", any_secret),
        Fault("a wide action", "wildcards", "Action: dynamodb:DeleteItem", "Action: dynamodb:Delete*"),
        Fault("a scan", "keys", "Action: dynamodb:Query", "Action: dynamodb:Scan"),
        Fault("rights on every key", "keys", leading, ""),
        Fault("a right that is missing", "calls", '"LEDGER#*", "ADMINS"]', '"LEDGER#*"]'),
        Fault("a missing dead-letter queue", "streams", failure, ""),
        Fault("retries of whole batches", "streams", "            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
        Fault("changed records in place of new ones", "streams", '"eventName":["INSERT"]', '"eventName":["MODIFY"]'),
        Fault("another prefix", "streams", '"prefix":"OUTBOX#"', '"prefix":"OUTBOXES#"'),
        Fault("records given up after a minute", "streams", "MaximumRecordAgeInSeconds: 3600", "MaximumRecordAgeInSeconds: 60"),
        Fault("a stream read from its end", "streams", "StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST"),
        Fault("a shard handled one batch after another", "streams", "            ParallelizationFactor: 10\n", ""),
        Fault("no schedule for the measurement", "measuring", between(text, "        # Measures unsent messages", "        Outbox:"), ""),
        Fault("an unknown input", "measuring", '{"measure": {}}', '{"mesure": {}}'),
        Fault("an event that EventBridge does not have", "mail_events", "Email Bounced", "Email Bounce"),
        Fault("bounces that SES does not publish", "mail_events", "MatchingEventTypes: [bounce, complaint", "MatchingEventTypes: [complaint"),
        Fault("no events from SES", "mail_events", block(text, "MailEvents"), ""),
        Fault("a status that SNS does not write", "sms_events", '$.status = "FAILURE"', '$.status = "FAILED"'),
        Fault("a log without a subscription filter", "sms_events", block(text, "SmsFailures"), ""),
        Fault("another service that may invoke delivery-events", "sms_events", "Principal: logs.amazonaws.com", "Principal: sns.amazonaws.com"),
        Fault("rotation by another function", "rotation", may_rotate, may_rotate.replace("RotateSecret", "SendCode")),
        Fault("rotation before its permission exists", "rotation", "    DependsOn: MayRotate\n", ""),
        Fault("alarms that cannot be encrypted", "granted", between(text, f"{of_key}Alarms", "          # EventBridge sends events"), ""),
        Fault("queues that cannot be read", "granted", '                  - !Sub "sqs.${AWS::Region}.amazonaws.com"\n', ""),
        Fault("logs that cannot be encrypted", "granted", between(text, f"{of_key}Logs", "          # CloudWatch publishes alarms"), ""),
        Fault("a topic to which no alarm may publish", "granted", "alarm:${AWS::StackName}-*", "alarm:nothing-*"),
        Fault("a queue that accepts no events", "granted", block(text, "LostEventsPolicy"), ""),
        Fault("a queue that accepts events of any rule", "granted", "ArnEquals: { aws:SourceArn: !GetAtt DeliveryEventsFunctionMail.Arn }", "Null: { aws:SourceArn: false }"),
        Fault("a log that SNS cannot write", "trust", "Principal: { Service: sns.amazonaws.com }", "Principal: { Service: lambda.amazonaws.com }"),
        Fault("a right to publish to topics", "sending", topics, ""),
        Fault("a right to send as another identity", "sending", "identity/${MailIdentity}", "identity/x"),
        Fault("a setting that no function reads", "environment", "LATCHKEY_CONFIGURATION_SET: !Ref Mail", "LATCHKEY_CONFIGURATION: !Ref Mail"),
        Fault("a limit that no parameter sets", "environment", "        LATCHKEY_FAILED_SIGN_IN_LIMIT: !Ref FailedSignInLimit\n", ""),
        Fault("a setting that is missing", "environment", "        LATCHKEY_TABLE: !Ref Table\n", ""),
        Fault("an unencrypted queue", "encrypted", "      KmsMasterKeyId: !GetAtt Key.Arn\n", ""),
        Fault("a route without a throttle", "throttles", f"        POST /v1/sign-in: {by_hash}\n", ""),
        Fault("a throttle that is no parameter", "throttles", f"POST /v1/resets: {by_write}", "POST /v1/resets: { ThrottlingBurstLimit: 200, ThrottlingRateLimit: 200 }"),
        Fault("a throttle of another class", "throttles", f"PUT /v1/me/password: {by_hash}", f"PUT /v1/me/password: {by_write}"),
        Fault("reads without a throttle", "throttles", by_read, ""),
        Fault("a default that one client uses up", "throttles", "Default: 200\n", "Default: 10\n"),
        Fault("more hashes than Lambda computes", "throttles", "Default: 300\n    MinValue: 10\n    MaxValue: 5000", "Default: 600\n    MinValue: 10\n    MaxValue: 5000"),
        Fault("the execute-api endpoint left on with a front", "only_client", "DisableExecuteApiEndpoint: !If [HasDomain, true, false]", "DisableExecuteApiEndpoint: false"),
        Fault("a truststore that no name uses", "only_client", "      - Assert: !Not [!Equals [!Ref DomainName, \"\"]]\n        AssertDescription: TruststoreUri needs DomainName\n", ""),
        Fault("a name that requires no client certificate", "only_client", next(line for line in text.splitlines(True) if "MutualTlsAuthentication" in line), ""),
        Fault("a query in the log", "access_log", '"protocol":"$context.protocol"', '"path":"$context.path"'),
        Fault("refusals that are not counted", "access_log", '"429"', '"430"'),
        Fault("old TLS", "tls", "SecurityPolicy: TLS_1_2", "SecurityPolicy: TLS_1_0"),
        Fault("mail without TLS", "tls", "TlsPolicy: REQUIRE", "TlsPolicy: OPTIONAL"),
        Fault("keys that are never created", "rotation", "RotateImmediatelyOnUpdate: true", "RotateImmediatelyOnUpdate: false"),
        Fault("a dashboard without lockouts", "dashboard", ', [".", "Lockouts"]', ""),
        Fault("a dashboard without failed sign-ins", "dashboard", ', [".", "SignInsFailed"]', ""),
        Fault("an alarm threshold that is too high", "alarms", spraying, spraying.replace("Threshold: 300", "Threshold: 3000")),
        Fault("a dimension that no function writes", "dashboard", '"ResetSteps", "Step"', '"ResetSteps", "Stage"'),
        Fault("an alarm on an unmeasured metric", "dashboard", "MetricName: MessagesFailed", "MetricName: MessagesLost"),
        Fault("a parameter that is not explained", "operator", "\nConditions:", "  Other: { Type: String }\n\nConditions:"),
        Fault("a sender that SAM cuts", "sender", "    AllowedPattern: '([^<>]{0,63}<[^<>@\\s]+@[^<>@\\s]+>|[^<>@\\s]+@[^<>@\\s]+)'\n", "    AllowedPattern: '.+'\n"),
        Fault("a sender without a name alone", "sender", "([^<>]{0,63}<[^<>@\\s]+@[^<>@\\s]+>|", "("),
        Fault("an output of another name", "operator", "  DirectoryFunction:\n    Description", "  Directory:\n    Description"),
    ]


def in_front() -> list[Fault]:
    """The faults that are planted into infra/front.yaml."""
    viewer = "            FunctionAssociations: [{ EventType: viewer-request, FunctionARN: !GetAtt Viewer.FunctionARN }]\n"
    return [
        Fault("CloudFront without its certificate", "front", "              OriginMtlsConfig: { ClientCertificateArn: !Ref ClientCertificateArn }\n", ""),
        Fault("an origin without TLS", "front", "OriginProtocolPolicy: https-only", "OriginProtocolPolicy: match-viewer"),
        Fault("a behavior that trusts the viewer's header", "front", viewer, ""),
        Fault("a header that Latchkey does not read", "front", "HeaderName: X-Latchkey-Front", "HeaderName: X-Front"),
        Fault("a limit that only counts", "front", "Action: { Block: {} }", "Action: { Count: {} }"),
        Fault("a front without rules", "front", "        WebACLId: !GetAtt Rules.Arn\n", ""),
    ]
