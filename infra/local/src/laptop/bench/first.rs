//! The first request to each function in a benchmark: one that reads the keys and
//! the table, from an unknown caller.

use crate::secrets::SECRET_ID;
use serde_json::{Value, json};

/// A challenge ID in the right format that was never issued: version 1, key 1, a code of 8
/// digits by mail, for a reset.
const CHALLENGE: &str = "AQABAAgAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Returns the first Lambda event for the function.
pub(super) fn event(function: &str) -> Value {
    match function {
        "policy" => request("GET", "/v1/limits", None, None),
        "directory" => request("GET", "/v1/users", Some("lks_"), None),
        "sign-in" => request(
            "POST",
            "/v1/sign-in",
            None,
            Some(json!({ "userId": "nobody", "password": "nobody's password" })),
        ),
        "registration" => request("GET", "/v1/me/methods", Some("lks_"), None),
        // A start would wait for the end of its time step.
        "reset" => request(
            "POST",
            &format!("/v1/resets/{}/challenges", "A".repeat(43)),
            Some("lkr_"),
            Some(json!({ "kind": "email" })),
        ),
        "verify" => request(
            "POST",
            &format!("/v1/challenges/{CHALLENGE}/verify"),
            Some("lkr_"),
            Some(json!({ "code": "12345678" })),
        ),
        "send-code" => json!({ "Records": [{
            "eventName": "INSERT",
            "dynamodb": { "SequenceNumber": "1", "Keys": { "pk": { "S": "OUTBOX#nobody" }, "sk": { "S": "nothing" } } },
        }] }),
        "rotate-secret" => {
            json!({ "SecretId": SECRET_ID, "ClientRequestToken": "first", "Step": "testSecret" })
        }
        "delivery-events" => json!({ "detail-type": "Email Complaint Received", "detail": {
            "eventType": "Complaint", "mail": { "messageId": "of-nobody" },
        } }),
        "portal" => request("GET", "/sign-in", None, None),
        "recover" => json!({ "unlock": { "userId": "nobody" } }),
        _ => request("GET", "/", None, None),
    }
}

/// Whether the response is the one that the function must give.
pub(super) fn is_right(function: &str, answer: &Value) -> bool {
    let status = match function {
        "directory" | "registration" | "sign-in" => 401,
        "reset" => 410,
        "verify" => 422,
        // The response would name a failed record: without keys or a table, the
        // function fails.
        "send-code" => return *answer == json!({ "batchItemFailures": [] }),
        // A rotation step that reads the current keys and finds no next version.
        "rotate-secret" => return answer["errorMessage"] == "there is no new version",
        // No account has the user ID.
        "recover" => return answer["problem"]["code"] == "notFound",
        // The function looks for the message and finds no owner.
        "delivery-events" => return answer["unknown"] == 1,
        _ => 200,
    };
    answer["statusCode"] == status
}

/// `bearer` is the prefix of a bearer token in the right format that was never issued.
fn request(method: &str, path: &str, bearer: Option<&str>, body: Option<Value>) -> Value {
    let mut headers = json!({ "host": "reset.example.com", "content-type": "application/json" });
    if let Some(bearer) = bearer {
        headers["authorization"] = format!("Bearer {bearer}{}", "A".repeat(65)).into();
    }
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": {
            "accountId": "000000000000", "apiId": "api", "domainName": "reset.example.com", "domainPrefix": "reset",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench" },
            "routeKey": "$default", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0,
        },
        "body": body.map(|body| body.to_string()),
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unready_answer_is_wrong() {
        assert!(is_right("reset", &json!({ "statusCode": 410 })));
        assert!(!is_right("reset", &json!({ "statusCode": 503 })));
        assert!(!is_right("policy", &Value::Null));
        assert!(is_right("delivery-events", &json!({ "unknown": 1 })));
        assert!(!is_right(
            "delivery-events",
            &json!({ "errorMessage": "the table did not answer" })
        ));
        assert!(is_right("send-code", &json!({ "batchItemFailures": [] })));
        assert!(!is_right(
            "send-code",
            &json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })
        ));
    }
}
