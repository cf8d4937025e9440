//! The API's answers, as a client sees them.

use serde_json::Value;
use std::collections::BTreeMap;

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// The headers. `set-cookie` is that of the first cookie.
    pub headers: BTreeMap<String, String>,
    /// The cookies that the answer sets, with their attributes.
    pub cookies: Vec<String>,
    pub body: Value,
}

impl Answer {
    /// Reads a function's answer in the format that it returns to the gateway.
    pub fn of(given: Value) -> Answer {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let headers =
            given["headers"].as_object().unwrap_or_else(|| panic!("no headers: {given}")).iter();
        let cookies: Vec<String> =
            given["cookies"].as_array().expect("cookies").iter().map(text).collect();
        let first = cookies.first().map(|cookie| ("set-cookie".to_owned(), cookie.clone()));
        assert_eq!(given["isBase64Encoded"], false, "a text: {given}");
        Answer {
            status: given["statusCode"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .expect("a status"),
            headers: headers
                .map(|(name, value)| (name.clone(), text(value)))
                .chain(first)
                .collect(),
            cookies,
            body: given
                .get("body")
                .map_or(Value::Null, |body| serde_json::from_str(&text(body)).expect("JSON")),
        }
    }
    /// Returns the problem code; empty if the answer is not a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
    /// Returns a text field of the body.
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}")).to_owned()
    }
    /// Returns the cookie that the answer sets, as a browser sends it back.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let set = self.headers.get("set-cookie").unwrap_or_else(|| panic!("no cookie in {self:?}"));
        set.split(';').next().unwrap_or_default().to_owned()
    }
    /// Returns the cookie of device tokens that the answer sets, as a browser sends it back.
    pub fn device_cookie(&self) -> Option<String> {
        let pairs = self.cookies.iter().filter_map(|set| set.split(';').next());
        pairs
            .into_iter()
            .find(|pair| pair.starts_with("__Host-latchkey-devices="))
            .map(str::to_owned)
    }
    /// Returns the values of all cookies that the answer sets and does not delete.
    pub fn cookie_values(&self) -> Vec<String> {
        let values = self.cookies.iter().filter_map(|set| set.split(';').next()?.split_once('='));
        let values = values.map(|(_, value)| value.to_owned());
        values.filter(|value| !value.is_empty()).collect()
    }
    /// Asserts that the answer has this status, and returns it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}
