//! One operation of the document. Problems that follow from its shape are added: an
//! operation with a body can refuse the body, one with a session can miss it.

use super::headers::{DEVICE, with_headers};
use crate::http::problem::status;
use domain::access::Access;
use domain::error::ProblemCode as P;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// Schemas by name.
pub type Schemas = BTreeMap<String, Value>;

/// Security scheme: a session's bearer.
pub const SESSION: &str = "session";
/// Security scheme: a session's cookie.
pub const COOKIE: &str = "sessionCookie";
/// Security scheme: a reset's bearer.
pub const RESET: &str = "reset";

/// The security schemes of a route.
fn security(access: Access) -> Value {
    match access {
        Access::Anyone => json!([]),
        Access::Reset => json!([{ RESET: [] }]),
        Access::ResetOrRegistration => json!([{ RESET: [] }, { SESSION: [] }, { COOKIE: [] }]),
        Access::Session
        | Access::Registration
        | Access::PasswordChange
        | Access::HelpDesk
        | Access::Administrator => json!([{ SESSION: [] }, { COOKIE: [] }]),
    }
}

/// Which sessions a route lets in. For a route without sessions, its security scheme
/// says enough.
fn who_may_call(access: Access) -> &'static str {
    match access {
        Access::Anyone | Access::Reset => "",
        Access::Session => "A session of any `reach` may call it.",
        Access::Registration | Access::ResetOrRegistration => {
            "The session's `reach` must be `register` or `full`."
        }
        Access::PasswordChange => "The session's `reach` must be `changePassword` or `full`.",
        Access::HelpDesk => {
            "For the help desk and administrators. The session's `reach` must be `full`."
        }
        Access::Administrator => "For administrators. The session's `reach` must be `full`.",
    }
}

/// The problems of a caller who may not call a route.
fn access_problems(access: Access) -> &'static [P] {
    match access {
        Access::Anyone => &[],
        Access::Session => &[P::SignInRequired, P::CrossSite],
        Access::Registration | Access::PasswordChange | Access::ResetOrRegistration => {
            &[P::SignInRequired, P::CrossSite, P::StepRequired]
        }
        Access::HelpDesk | Access::Administrator => {
            &[P::SignInRequired, P::CrossSite, P::StepRequired, P::Forbidden]
        }
        Access::Reset => &[P::ResetEnded],
    }
}

/// The problems of a request for a code.
pub const SENDING: &[P] =
    &[P::KindNotAllowed, P::SmsUnavailable, P::TooSoon, P::TooManyFromAddress];

/// The row of a route, without its handler.
pub struct Row {
    /// The function that serves it.
    pub function: &'static str,
    /// The HTTP method, in lower case.
    pub method: String,
    /// The pattern of the path.
    pub path: &'static str,
    /// Names of the query parameters.
    pub query: &'static [&'static str],
    /// Who may call it.
    pub access: Access,
}

/// How an operation uses the header `Latchkey-Device`.
#[derive(Clone, Copy, PartialEq)]
enum Device {
    /// The request may have it.
    Read,
    /// The request may have it, and the response may hand out a token in it.
    HandedOut,
}

/// The description of a route.
pub struct Operation {
    /// The ID of its route.
    pub id: &'static str,
    summary: &'static str,
    description: &'static str,
    takes: Option<String>,
    status: u16,
    answers: Option<String>,
    parameters: Vec<Value>,
    if_match: bool,
    tagged: bool,
    cookie: bool,
    device: Option<Device>,
    refuses: Vec<P>,
    schemas: Schemas,
}

/// Adds the schema of a type, and of the types in it. Returns its name.
pub fn schema<T: ToSchema>(schemas: &mut Schemas) -> String {
    let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut found);
    found.push((T::name().into_owned(), T::schema()));
    schemas.extend(found.into_iter().map(|(name, schema)| (name, json!(schema))));
    T::name().into_owned()
}

/// A reference to a schema.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

impl Operation {
    /// The description of the route with this ID. Without further calls, it has no
    /// body and answers 204.
    pub fn of(id: &'static str, summary: &'static str) -> Operation {
        Operation {
            id,
            summary,
            description: "",
            takes: None,
            status: 204,
            answers: None,
            parameters: Vec::new(),
            if_match: false,
            tagged: false,
            cookie: false,
            device: None,
            refuses: Vec::new(),
            schemas: Schemas::new(),
        }
    }
    /// The description.
    pub fn says(mut self, description: &'static str) -> Operation {
        self.description = description;
        self
    }
    /// The request has this body.
    pub fn takes<T: ToSchema>(mut self) -> Operation {
        self.takes = Some(schema::<T>(&mut self.schemas));
        self
    }
    /// The response has this body and status.
    pub fn answers<T: ToSchema>(mut self, status: u16) -> Operation {
        self.answers = Some(schema::<T>(&mut self.schemas));
        self.status = status;
        self
    }
    /// The response is a page of these, by `limit` and `cursor`.
    pub fn pages<T: ToSchema>(mut self) -> Operation {
        use crate::http::request::cursor::{DEFAULT_LIMIT, MAX_LIMIT};
        let of = schema::<T>(&mut self.schemas);
        let name = format!("{}Page", of.trim_end_matches("Response").trim_end_matches("Name"));
        let cursor = json!({ "type": "string", "description": "Where the next page begins. Absent on the last page." });
        let examples = &self.schemas[&of]["examples"];
        let page = json!({
            "type": "object",
            "description": "A page of a list.",
            "examples": [{ "items": examples, "cursor": "1.bWFj.cG9zaXRpb24" }],
            "required": ["items"],
            "properties": { "items": { "type": "array", "items": reference(&of) }, "cursor": cursor }
        });
        self.schemas.insert(name.clone(), page);
        (self.answers, self.status) = (Some(name), 200);
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
        self.parameter("query", "limit", "Rows of a page at most.", limit);
        self.parameter(
            "query",
            "cursor",
            "The `cursor` of the previous page, for the same filter.",
            json!({ "type": "string" }),
        );
        self
    }
    /// The query may have this parameter. `schema` is JSON.
    pub fn query(mut self, name: &str, description: &str, schema: &str) -> Operation {
        self.parameter("query", name, description, serde_json::from_str(schema).expect("a schema"));
        self
    }
    /// The request must have `If-Match`.
    pub fn if_match(mut self) -> Operation {
        self.if_match = true;
        self
    }
    /// The response has an `ETag`.
    pub fn tagged(mut self) -> Operation {
        self.tagged = true;
        self
    }
    /// The response may set or remove the session's cookie.
    pub fn sets_cookie(mut self) -> Operation {
        self.cookie = true;
        self
    }
    /// The request may have a device token.
    pub fn reads_device(mut self) -> Operation {
        self.device = Some(Device::Read);
        self
    }
    /// The request may have a device token, and the response may hand out a new one.
    pub fn hands_out_device(mut self) -> Operation {
        self.device = Some(Device::HandedOut);
        self
    }
    /// The response may be one of these problems.
    pub fn refuses(mut self, codes: &[P]) -> Operation {
        self.refuses.extend(codes);
        self
    }

    fn parameter(&mut self, place: &str, name: &str, description: &str, schema: Value) {
        let required = place == "path" || name == "If-Match";
        self.parameters.push(json!({ "in": place, "name": name, "required": required, "description": description, "schema": schema }));
    }

    /// All problems that the operation may answer.
    fn problems(&self, row: &Row) -> Vec<P> {
        let anywhere = [P::InvalidRequest, P::HeadersTooLarge, P::Unavailable, P::Internal];
        let mut problems: Vec<P> =
            anywhere.into_iter().chain(access_problems(row.access).iter().copied()).collect();
        if self.takes.is_some() {
            problems.extend([P::UnsupportedMediaType, P::BodyTooLarge]);
        }
        if row.method == "post" {
            problems.extend([P::IdempotencyKeyReused, P::BodyTooLarge]);
        }
        if self.if_match {
            problems.extend([P::PreconditionRequired, P::PreconditionFailed]);
        }
        problems.extend(&self.refuses);
        problems
    }

    /// The operation as JSON. Its schemas are added to `schemas`.
    ///
    /// # Panics
    /// If the query parameters or path differ from the row's.
    pub fn describe(mut self, row: &Row, schemas: &mut Schemas) -> Value {
        let named: Vec<&str> =
            self.parameters.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
        assert_eq!(named, row.query, "the query parameters of {}", self.id);
        let segments: Vec<&str> = row.path.split('/').collect();
        for name in
            segments.iter().filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        {
            let (description, schema) = match name {
                "userId" => (
                    "The user ID, in any spelling.",
                    json!({ "type": "string", "minLength": 1, "maxLength": 254 }),
                ),
                "methodId" => ("The ID of a method, which is its kind.", reference("Kind")),
                "resetId" => (
                    "The `resetId` of a started reset.",
                    json!({ "type": "string", "minLength": 1 }),
                ),
                "challengeId" => (
                    "The `challengeId` of a code that was sent.",
                    json!({ "type": "string", "minLength": 1 }),
                ),
                unknown => panic!("no description of the path parameter {unknown}"),
            };
            self.parameter("path", name, description, schema);
        }
        if self.if_match {
            let tag = json!({ "type": "string", "pattern": "^\"[0-9]+\"$", "example": "\"1\"" });
            self.parameter("header", "If-Match", "The `ETag` of the version that you read.", tag);
        }
        if row.method == "post" {
            let key = json!({ "type": "string", "minLength": crate::http::request::idempotency::LENGTH.start(), "maxLength": crate::http::request::idempotency::LENGTH.end(), "pattern": "^[!-+\\--~]+$" });
            self.parameter(
                "header",
                "Idempotency-Key",
                "A key that you choose for this request, such as a UUID. If you repeat the request with the same key and body within 24 hours, you get the first response again and nothing is done twice.",
                key,
            );
        }
        if let Some(device) = self.device {
            let asks = match device {
                Device::Read => "",
                Device::HandedOut => {
                    " Or `new`, to get a token when the user has completed every step. Pages of the configured address have a cookie instead."
                }
            };
            let says = format!(
                "The token of a known device of this user. Its wrong passwords are counted apart, and other callers cannot keep it from signing in. An unknown token has no effect.{asks}"
            );
            self.parameter("header", DEVICE, &says, json!({ "type": "string" }));
        }
        let language = json!({ "type": "string", "example": "zh-TW" });
        self.parameter(
            "header",
            "Accept-Language",
            "The language of problems and warnings: English or Traditional Chinese.",
            language,
        );

        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "description": format!("{} {}", self.description, who_may_call(row.access)).trim(),
            "tags": [row.function],
            "security": security(row.access),
            "parameters": self.parameters,
            "responses": self.responses(row),
        });
        if let Some(body) = &self.takes {
            let media = if row.method == "patch" {
                "application/merge-patch+json"
            } else {
                "application/json"
            };
            operation["requestBody"] =
                json!({ "required": true, "content": { media: { "schema": reference(body) } } });
        }
        schemas.append(&mut self.schemas);
        operation
    }

    /// The responses by status.
    fn responses(&self, row: &Row) -> Map<String, Value> {
        let device = self.device == Some(Device::HandedOut);
        let others: Vec<&str> =
            [("ETag", self.tagged), ("Set-Cookie", self.cookie), (DEVICE, device)]
                .into_iter()
                .filter(|(_, has)| *has)
                .map(|(name, _)| name)
                .collect();
        let mut success = json!({ "description": self.summary, "headers": with_headers(&others) });
        if let Some(answer) = &self.answers {
            success["content"] = json!({ "application/json": { "schema": reference(answer) } });
        }
        let refusals = self.refusals(row).into_iter().map(|(name, (status, _))| {
            (status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }))
        });
        refusals.chain([(self.status.to_string(), success)]).collect()
    }

    /// The problems that the operation may answer, grouped by status. Each group has a
    /// name, made of its codes.
    pub fn refusals(&self, row: &Row) -> Vec<(String, (u16, BTreeSet<String>))> {
        let mut by_status: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
        for code in self.problems(row) {
            by_status.entry(status(code).as_u16()).or_default().insert(code.as_str().to_owned());
        }
        by_status
            .into_iter()
            .map(|(status, codes)| {
                let name = codes.iter().map(String::as_str).collect::<Vec<_>>().join("-");
                (name, (status, codes))
            })
            .collect()
    }
}
