//! The languages that `Accept-Language` and `?mkt=` choose: lookup (RFC 4647) with
//! weights (RFC 9110).

use super::portal::serve;
use tests::world::Ask;

async fn chosen(path: &str, accepted: &str) -> String {
    let page = serve(Ask::new("GET", path).header("accept-language", accepted)).await;
    page.headers["content-language"].clone()
}

#[tokio::test]
async fn accept_language_chooses_by_range_and_weight() {
    for (header, expected) in [
        // Traditional Chinese, under the names that browsers and systems use.
        ("zh-TW", "zh-TW"),
        ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("zh-MO", "zh-TW"),
        ("zh-Hant-HK", "zh-TW"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh-Hant-CN", "zh-TW"),
        ("zh-HK,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("zh-TW-u-co-stroke", "zh-TW"),
        ("zh-tw-x-private", "zh-TW"),
        ("ZH-hANT", "zh-TW"),
        // Simplified Chinese (`zh-CN`) and Chinese without a script (`zh`) do not select
        // Traditional Chinese.
        ("zh", "en"),
        ("zh-CN", "en"),
        ("zh-SG", "en"),
        ("zh-Hans", "en"),
        ("zh-Hans-TW", "en"),
        ("zh-Hans-HK", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,zh-TW;q=0.8,en;q=0.7", "zh-TW"),
        ("zh-TWN", "en"),
        ("zhx-TW", "en"),
        // English, and languages that Latchkey does not support.
        ("en", "en"),
        ("en-GB,zh-TW;q=0.9", "en"),
        ("EN-us", "en"),
        ("eng, zh-TW;q=0.1", "zh-TW"),
        ("de, fr", "en"),
        ("de, zh-TW;q=0.3, en;q=0.2", "zh-TW"),
        ("", "en"),
        // The weight decides; between equal weights, the order decides.
        ("en;q=0.8, zh-TW;q=0.9", "zh-TW"),
        ("en;q=0.9, zh-TW", "zh-TW"),
        ("zh-TW, en", "zh-TW"),
        ("en, zh-TW", "en"),
        ("en;q=0.001, zh-TW;q=0.002", "zh-TW"),
        ("en ; Q = 0.1 , zh-TW ; q=0.2", "zh-TW"),
        // A weight of 0 refuses a language.
        ("zh-TW;q=0, en;q=0.1", "en"),
        ("zh-Hant, zh-TW;q=0", "en"),
        ("en-US, en;q=0, zh-TW;q=0.5", "zh-TW"),
        ("en, en-GB;q=0, zh-TW;q=0.5", "en"),
        ("zh-HK;q=0, zh-TW;q=0.5, en;q=0.1", "zh-TW"),
        ("en;q=0, de", "en"),
        // `*` stands for any language that no other range names.
        ("*", "en"),
        ("*;q=0", "en"),
        ("de, *;q=0.5", "en"),
        ("en;q=0, *", "zh-TW"),
        ("en-US;q=0.2, *", "zh-TW"),
        ("en-GB;q=0, *", "en"),
        ("zh-TW;q=0.5, *", "en"),
        ("zh-TW, *;q=0.5", "zh-TW"),
        ("zh-TW, *;q=0", "zh-TW"),
        // Malformed ranges are ignored; the other ranges still count.
        ("zh_TW, en", "en"),
        ("zh-TW-", "en"),
        ("-zh-TW", "en"),
        ("zh--TW", "en"),
        ("zh-TW-ninechars", "en"),
        ("en-@, zh-TW;q=0.1", "zh-TW"),
        ("zh-TW;q=2, en;q=0.1", "en"),
        ("zh-TW;q=-1, en;q=0.1", "en"),
        ("zh-TW;q=NaN, en;q=NaN", "en"),
        ("zh-TW;q=inf, en;q=0.1", "en"),
        ("zh-TW;q=, en;q=0.1", "en"),
        ("zh-TW;q, en;q=0.1", "en"),
        ("zh-TW;level=1, en;q=0.1", "en"),
        ("zh-TW;q=0.5;q=1, en;q=0.1", "en"),
        (",,; ;=,-,*-,;q=1,zh-TW;q=0.1", "zh-TW"),
        // A header that is not ASCII is ignored as a whole.
        ("繁體中文, zh-TW", "en"),
    ] {
        assert_eq!(chosen("/reset", header).await, expected, "{header:?}");
    }
}

#[tokio::test]
async fn mkt_is_matched_like_a_range_of_accept_language() {
    for (tag, expected) in [
        ("zh-TW", "zh-TW"),
        ("zh-hk", "zh-TW"),
        ("zh-Hant-MO", "zh-TW"),
        ("en-AU", "en"),
        // Unsupported languages: `Accept-Language` decides.
        ("zh-CN", "the browser's"),
        ("zh", "the browser's"),
        ("*", "the browser's"),
        ("zh_TW", "the browser's"),
        ("", "the browser's"),
    ] {
        for browser in ["en", "zh-TW"] {
            let expected = if expected == "the browser's" { browser } else { expected };
            let path = format!("/reset?mkt={tag}");
            assert_eq!(chosen(&path, browser).await, expected, "{path} {browser}");
        }
    }
}
