"""Rules for a front as the API's only client: mutual TLS, and infra/front.yaml."""

import re
from typing import Any

from rule import Found, differ, rule
from template import ROOT, Template, att


@rule
def only_client(t: Template) -> Found:
    """With a truststore, only clients with its certificates reach the API."""
    (domain,) = t.of("AWS::ApiGatewayV2::DomainName").values()
    trusted = {"TruststoreUri": {"Ref": "TruststoreUri"}, "TruststoreVersion": {"Ref": "TruststoreVersion"}}
    mutual = domain["Properties"].get("MutualTlsAuthentication")
    yield from differ("mutual TLS", mutual, {"Fn::If": ["HasTruststore", trusted, {"Ref": "AWS::NoValue"}]})
    # A truststore implies a domain, and a domain implies that the default endpoint is off.
    closed = t.source["Resources"]["Api"]["Properties"].get("DisableExecuteApiEndpoint")
    yield from differ("the default endpoint is disabled", closed, {"Fn::If": ["HasDomain", True, False]})

    def is_set(name: str) -> Any:
        return {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]}

    yield from differ("HasDomain", t.source["Conditions"].get("HasDomain"), {"Fn::And": [is_set("DomainName"), is_set("CertificateArn")]})
    for needs, needed in {"DomainHasCertificate": ["CertificateArn"], "TruststoreIsUsed": ["DomainName", "FrontDigest", "TruststoreVersion"]}.items():
        it = t.source["Rules"].get(needs, {})
        asserted = [one["Assert"] for one in it.get("Assertions", [])]
        yield from differ(f"assertions of {needs}", asserted, [is_set(name) for name in needed])
    yield from differ("when TruststoreIsUsed", t.source["Rules"].get("TruststoreIsUsed", {}).get("RuleCondition"), is_set("TruststoreUri"))


@rule
def front(t: Template) -> Found:
    """infra/front.yaml: CloudFront presents its certificate and the secret, overwrites the
    viewer's address in every behavior, and WAF limits each address."""
    resources = t.front["Resources"]
    it = resources["Front"]["Properties"]["DistributionConfig"]
    code = (ROOT / "shared/platform/src/http/edge.rs").read_text()
    secret, viewer = (re.findall(rf'const {name}: &str = "([\w-]+)";', code)[0] for name in ("FRONT", "VIEWER"))
    (origin,) = it["Origins"]
    yield from differ("how CloudFront connects", origin.get("CustomOriginConfig"), {
        "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"], "OriginMtlsConfig": {"ClientCertificateArn": {"Ref": "ClientCertificateArn"}},
    })  # fmt: skip
    (sent,) = origin["OriginCustomHeaders"]
    yield from differ("the front's header", (sent["HeaderName"].lower(), sent["HeaderValue"]), (secret, {"Ref": "Secret"}))
    if f"headers['{viewer}'] = {{ value: event.viewer.ip }}" not in resources["Viewer"]["Properties"]["FunctionCode"]:
        yield f"the function does not overwrite {viewer}"
    for behavior in [it["DefaultCacheBehavior"], *it["CacheBehaviors"]]:
        where = behavior.get("PathPattern", "default")
        yield from differ(f"functions of the behavior {where}", behavior.get("FunctionAssociations"), [{"EventType": "viewer-request", "FunctionARN": att("Viewer", "FunctionARN")}])
        yield from differ(f"viewers of the behavior {where}", behavior.get("ViewerProtocolPolicy"), "https-only")
    yield from differ("IPv6", it.get("IPV6Enabled"), False)
    yield from differ("the rules", it.get("WebACLId"), att("Rules"))
    rules = {one["Name"]: one for one in resources["Rules"]["Properties"]["Rules"]}
    yield from differ("rules of WAF", sorted(rules), ["known-attackers", "source-rate"])
    limited = rules["source-rate"]
    yield from differ("what WAF does", limited.get("Action"), {"Block": {}})
    counted = {name: limited["Statement"]["RateBasedStatement"].get(name) for name in ("AggregateKeyType", "EvaluationWindowSec", "Limit")}
    yield from differ("what WAF counts", counted, {"AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": {"Ref": "SourceRate"}})
