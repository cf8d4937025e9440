//! A stand-in for a service of breached passwords, over HTTP.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};

/// How the stand-in answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With this status and text.
    Text(u16, String),
    /// Never.
    Silence,
}

/// One request to the stand-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The path, such as `/range/21BD1`.
    pub path: String,
    /// Whether it asked for padding.
    pub padded: bool,
}

#[derive(Default)]
struct Shared {
    reply: Mutex<Option<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

/// The stand-in. It answers until its test ends.
pub struct Ranges {
    /// The URL that the first digits of a SHA-1 are appended to.
    pub endpoint: String,
    shared: Arc<Shared>,
}

impl Ranges {
    /// Starts the stand-in. It answers with no rows.
    pub async fn start() -> Ranges {
        let shared = Arc::new(Shared::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}/range/", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ranges { endpoint, shared }
    }

    /// Sets the answer to all later requests.
    pub fn reply(&self, reply: Reply) {
        *self.shared.reply.lock().expect("no panic holds it") = Some(reply);
    }

    /// Sets the rows of the answer to all later requests, with line ends as the real service.
    pub fn rows(&self, rows: &[(&str, u64)]) {
        let rows: Vec<String> =
            rows.iter().map(|(rest, count)| format!("{rest}:{count}")).collect();
        self.reply(Reply::Text(200, rows.join("\r\n")));
    }

    /// Takes the requests so far.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().expect("no panic holds it"))
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let padded = headers.get("add-padding").is_some_and(|value| value == "true");
    let asked = Asked { path: uri.path().to_owned(), padded };
    shared.asked.lock().expect("no panic holds it").push(asked);
    let reply = shared.reply.lock().expect("no panic holds it").clone();
    match reply {
        None => StatusCode::OK.into_response(),
        Some(Reply::Text(status, text)) => {
            (StatusCode::from_u16(status).expect("a status"), Body::from(text)).into_response()
        }
        Some(Reply::Silence) => std::future::pending().await,
    }
}
