//! Checks how web pages are served: language, caching, headers.

use lambda_runtime::{Context, LambdaEvent};
use platform::http::routes::portal::{File, Kind, router};
use serde_json::Value;
use serde_json::value::to_raw_value;
use std::collections::BTreeMap;
use tests::lines::metrics;
use tests::world::{Ask, event};

const FILES: &[File] = &[
    File {
        name: "en/reset.html",
        kind: Kind::Html,
        tag: "\"e1\"",
        plain: b"<p>Reset</p>",
        brotli: b"\x8fcompressed",
    },
    File {
        name: "zh-TW/reset.html",
        kind: Kind::Html,
        tag: "\"z1\"",
        plain: "<p>重設</p>".as_bytes(),
        brotli: b"\x8fcompressed",
    },
    File {
        name: "assets/reset-1234.js",
        kind: Kind::Script,
        tag: "\"s1\"",
        plain: b"0",
        brotli: b"\x8f0",
    },
];

pub(super) struct Served {
    status: u64,
    pub(super) headers: BTreeMap<String, String>,
    body: Value,
    base64: bool,
}

pub(super) async fn serve(ask: Ask) -> Served {
    serve_event(&event(&ask, 1)).await
}

async fn serve_event(event: &Value) -> Served {
    let event = LambdaEvent::new(to_raw_value(event).expect("JSON"), Context::default());
    let Ok(answer) = platform::http::event::gateway::answer(router(FILES, metrics()), event).await;
    let answer = serde_json::to_value(answer).expect("JSON");
    Served {
        status: answer["statusCode"].as_u64().expect("a status"),
        headers: serde_json::from_value(answer["headers"].clone()).expect("headers"),
        body: answer["body"].clone(),
        base64: answer["isBase64Encoded"].as_bool().expect("isBase64Encoded"),
    }
}

#[tokio::test]
async fn a_page_has_the_language_of_the_address_or_else_of_the_browser() {
    for (path, accepted, expected) in [
        ("/reset", "", "en"),
        ("/reset", "zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("/reset", "de, fr", "en"),
        ("/reset?mkt=zh-TW", "en", "zh-TW"),
        ("/reset?mkt=ZH-hant", "en", "zh-TW"),
        ("/reset?a=b&mkt=en-GB", "zh-TW", "en"),
        ("/reset?mkt=de", "zh-TW", "zh-TW"),
        ("/reset?mkt=%00", "zh-TW", "zh-TW"),
    ] {
        let served = serve(Ask::new("GET", path).header("accept-language", accepted)).await;
        assert_eq!(
            (served.status, served.headers["content-language"].as_str()),
            (200, expected),
            "{path} {accepted}"
        );
        assert_eq!(
            served.body.as_str().is_some_and(|body| body.contains("重設")),
            expected == "zh-TW"
        );
        assert!(served.headers["vary"].contains("Accept-Language"));
    }
}

#[tokio::test]
async fn a_page_is_revalidated_and_its_assets_are_cached() {
    let page = serve(Ask::new("GET", "/reset")).await;
    assert_eq!(
        (page.headers["cache-control"].as_str(), page.headers["etag"].as_str()),
        ("no-cache", "\"e1\"")
    );
    for known in ["\"e1\"", "W/\"e1\"", "\"x\", \"e1\""] {
        let again = serve(Ask::new("GET", "/reset").header("if-none-match", known)).await;
        assert_eq!(
            (again.status, again.body, again.headers["etag"].as_str()),
            (304, Value::Null, "\"e1\""),
            "{known}"
        );
    }
    assert_eq!(
        serve(Ask::new("GET", "/reset").header("if-none-match", "\"z1\"")).await.status,
        200
    );
    let script = serve(Ask::new("GET", "/assets/reset-1234.js")).await;
    assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    let gone = serve(Ask::new("GET", "/assets/reset-0000.js")).await;
    assert_eq!((gone.status, gone.headers["cache-control"].as_str()), (404, "no-store"));
}

#[tokio::test]
async fn a_file_is_compressed_for_browsers_that_accept_it() {
    let brotli =
        serve(Ask::new("GET", "/reset").header("accept-encoding", "gzip, deflate, br, zstd")).await;
    assert_eq!((brotli.headers["content-encoding"].as_str(), brotli.base64), ("br", true));
    for without in ["", "gzip", "br;q=0", "brotli"] {
        let plain = serve(Ask::new("GET", "/reset").header("accept-encoding", without)).await;
        assert_eq!(
            (plain.headers.get("content-encoding"), plain.body.as_str()),
            (None, Some("<p>Reset</p>")),
            "{without}"
        );
        assert!(plain.headers["vary"].contains("Accept-Encoding"));
    }
}

#[tokio::test]
async fn a60_every_answer_forbids_what_a_page_does_not_need() {
    let mut broken = event(&Ask::new("GET", "/reset"), 1);
    broken["rawPath"] = "reset".into();
    let asks = ["/", "/reset", "/admin", "/assets/reset-1234.js", "/assets/none", "/nowhere"]
        .map(|path| event(&Ask::new("GET", path), 1));
    let asks = asks.into_iter().chain([event(&Ask::new("POST", "/reset"), 1), broken]);
    let mut seen = Vec::new();
    for ask in asks {
        let served = serve_event(&ask).await;
        seen.push(served.status);
        let policy = &served.headers["content-security-policy"];
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.split("; ").any(|p| p == part), "{part} of {ask}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(
                served.headers.get(name).map(String::as_str),
                Some(value),
                "{name} of {ask}"
            );
        }
    }
    // The files of this test include no page `/admin`.
    assert_eq!(seen, [303, 200, 404, 200, 404, 404, 405, 400]);
}

#[tokio::test]
async fn a_redirect_leads_only_to_our_own_pages() {
    for (path, location) in [
        ("/", "/sign-in"),
        ("/?mkt=zh-TW", "/sign-in?mkt=zh-TW"),
        ("/?mkt=//evil.example", "/sign-in"),
        ("/.well-known/change-password", "/security-info"),
    ] {
        let served = serve(Ask::new("GET", path)).await;
        assert_eq!((served.status, served.headers["location"].as_str()), (303, location), "{path}");
    }
    for path in ["/assets/..%2Fen%2Freset.html", "/assets/../en/reset.html", "/en/reset.html"] {
        assert_eq!(serve(Ask::new("GET", path)).await.status, 404, "{path}");
    }
}
