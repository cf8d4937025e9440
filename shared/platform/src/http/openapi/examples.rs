//! An example of each body for the API document. A test checks that each matches its
//! schema.

use domain::policy::Policy;
use serde_json::{Value, json};

/// Examples, each with the name of its schema.
pub(crate) fn examples() -> Vec<(&'static str, Value)> {
    requests().into_iter().chain(answers()).collect()
}

fn policy() -> Value {
    json!(Policy::default())
}

fn requests() -> Vec<(&'static str, Value)> {
    vec![
        ("SignIn", json!({ "userId": "kim@example.com", "password": "four words and a number 7" })),
        ("ConfirmPassword", json!({ "password": "four words and a number 7" })),
        (
            "ChangePassword",
            json!({ "currentPassword": "four words and a number 7", "newPassword": "five other words and an 8" }),
        ),
        ("AddMethod", json!({ "kind": "mobilePhone", "destination": "+61 491 570 156" })),
        ("VerifyCode", json!({ "code": "0123 4567" })),
        ("StartReset", json!({ "userId": "kim@example.com" })),
        ("SendCode", json!({ "kind": "mobilePhone", "destination": "+61 491 570 156" })),
        ("SetPassword", json!({ "newPassword": "five other words and an 8" })),
        (
            "CreateUser",
            json!({ "userId": "kim@example.com", "name": "Kim Example", "language": "zh-TW", "role": "user", "groups": ["Sales"] }),
        ),
        ("PatchUser", json!({ "groups": ["Sales", "Night shift"], "language": null })),
        ("SaveTerms", json!({ "terms": ["zeppelin", "北部海岸"] })),
        ("Policy", policy()),
    ]
}

const AT: &str = "2026-11-25T09:30:00Z";
const LATER: &str = "2026-11-25T09:45:00Z";

fn user() -> Value {
    json!({
        "userId": "kim@example.com", "name": "Kim Example", "language": "zh-TW", "role": "user", "groups": ["Sales"], "enabled": true,
        "temporaryPasswordUntil": null, "registeredAt": AT, "createdAt": AT, "revision": 3
    })
}

fn answers() -> Vec<(&'static str, Value)> {
    let me = json!({ "userId": "kim@example.com", "name": "Kim Example", "role": "user", "language": null });
    let saved = json!({ "version": 4, "savedAt": AT, "termsVersion": 2, "policy": policy() });
    let mut outcome = saved.clone();
    outcome["saved"] = true.into();
    outcome["warnings"] = json!([{ "code": "administratorsCutOff", "detail": "2 of your administrators will lose self-service reset. Ask them to register a second method first." }]);
    outcome["cutOff"] = json!({ "administrators": 2, "users": 0, "complete": true });
    vec![
        (
            "SessionResponse",
            json!({ "bearer": "lks_…", "reach": "register", "next": "register", "postponeUntil": LATER, "expiresAt": LATER, "user": me, "undeliverable": [] }),
        ),
        (
            "MeResponse",
            json!({ "user": me, "reach": "full", "next": null, "postponeUntil": null, "expiresAt": LATER, "undeliverable": ["email"] }),
        ),
        (
            "MethodsResponse",
            json!({
                "allowed": ["email", "mobilePhone"], "needed": 1, "registered": ["email"],
                "methods": { "email": { "destination": "k•••@example.com", "verifiedAt": AT, "undeliverableSince": LATER } },
                "pending": { "mobilePhone": { "destination": "•••56" } }
            }),
        ),
        (
            "ChallengeResponse",
            json!({ "challengeId": "c…", "kind": "email", "digits": 8, "expiresAt": LATER, "resendAfter": 30 }),
        ),
        ("VerifiedResponse", json!({ "verified": "email" })),
        (
            "StartedResponse",
            json!({
                "resetId": "r…", "bearer": "lkr_…", "kinds": ["email", "mobilePhone"], "typed": ["mobilePhone"], "unavailable": [],
                "expiresAt": LATER, "supportCode": "AB12C-D34EF"
            }),
        ),
        (
            "ResetResponse",
            json!({ "next": "method", "verified": ["email"], "expiresAt": LATER, "supportCode": "AB12C-D34EF" }),
        ),
        ("UserResponse", user()),
        ("UserPage", json!({ "items": [user()], "cursor": "1.bWFj.cG9zaXRpb24" })),
        ("GroupPage", json!({ "items": ["Night shift", "Sales"] })),
        (
            "CreatedResponse",
            json!({ "user": user(), "temporaryPassword": "k7mw-x2pd-9qfh-t4vb-h3ks", "temporaryPasswordExpiresAt": "2026-12-02T09:30:00Z" }),
        ),
        ("PolicyResponse", saved.clone()),
        ("PolicyPage", json!({ "items": [saved] })),
        ("PolicySaveResponse", outcome),
        ("TermsResponse", json!({ "version": 2, "terms": ["zeppelin"] })),
        (
            "OrganisationResponse",
            json!({
                "name": "Example Ltd", "shortName": "Example", "helpDesk": "mailto:help@example.com", "accentColour": "#1f5fbf",
                "language": "en", "languages": ["en", "zh-TW"]
            }),
        ),
        (
            "LimitsResponse",
            json!({
                "code": { "digits": 8, "lifetimeMinutes": 5, "guesses": 5 }, "resetLifetimeMinutes": 15, "resendWaitSeconds": 30,
                "password": { "minimumLength": 15, "maximumLength": 256 },
                "session": { "fullSeconds": 43200, "limitedSeconds": 1200, "idleSeconds": 3600, "proofSeconds": 1200 }
            }),
        ),
        (
            "CanResetResponse",
            json!({ "canReset": false, "reason": "resetClosed", "detail": "Too many wrong codes were entered. Wait until the time shown, or unlock the account.", "until": "2026-11-26T09:30:00Z" }),
        ),
        (
            "Problem",
            json!({
                "type": "urn:latchkey:problem:invalidRequest", "title": "The request is not valid", "status": 400,
                "detail": "Correct the fields listed in \"errors\" and send the request again.", "code": "invalidRequest", "supportCode": "AB12C-D34EF",
                "errors": [{ "pointer": "/code/digits", "code": "outOfRange", "detail": "Must be from 6 to 8.", "min": 6, "max": 8 }]
            }),
        ),
    ]
}
