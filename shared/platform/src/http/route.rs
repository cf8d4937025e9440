//! One row for each route: its method, path, query parameters and who may call it.
//! The router, the checks and the API document come from these rows; tests compare
//! the template and the local router with them.

use crate::host::Host;
use crate::http::problem::Refusal;
use crate::http::request::{idempotency, query};
use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use domain::access::Access;
use domain::context::RequestContext;
use domain::error::ProblemCode;
use std::sync::Arc;

/// The routes of one function.
pub struct Routes<S = Arc<Host>> {
    /// The function's name, as in `functions/` and in the template.
    pub function: &'static str,
    /// Its rows.
    pub rows: Vec<Route<S>>,
}

/// One route.
pub struct Route<S = Arc<Host>> {
    /// The operation's ID in the API document.
    pub id: &'static str,
    /// The HTTP method. A `GET` also answers `HEAD`.
    pub method: Method,
    /// The path's pattern, such as `/v1/users/{userId}`.
    pub path: &'static str,
    /// Names of its query parameters. All others are refused.
    pub query: &'static [&'static str],
    /// Who may call it.
    pub access: Access,
    handler: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// A route without query parameters.
    ///
    /// # Panics
    /// For a method that has no `MethodFilter`.
    pub fn new<H: Handler<T, S>, T: 'static>(
        method: Method,
        path: &'static str,
        access: Access,
        id: &'static str,
        handler: H,
    ) -> Route<S> {
        let filter = MethodFilter::try_from(method.clone()).expect("a method that routes have");
        Route { id, method, path, query: &[], access, handler: on(filter, handler) }
    }

    /// The same route with these query parameters.
    pub fn query(self, names: &'static [&'static str]) -> Route<S> {
        Route { query: names, ..self }
    }
}

/// The parts of a row that are checked before its handler runs.
#[derive(Clone, Copy)]
struct Checks {
    access: Access,
    query: &'static [&'static str],
}

impl Routes {
    /// The router of an API function, with the checks of each row.
    pub fn router(self, host: Arc<Host>) -> Router {
        let mut router = Router::new();
        for Route { path, query, access, handler, .. } in self.rows {
            let checks = from_fn_with_state(Checks { access, query }, check);
            router = router.route(path, handler.route_layer(checks));
        }
        router.with_state(host)
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// The router of a function whose rows need no checks.
    pub fn plain_router(self, state: S) -> Router {
        let route = |router: Router<S>, row: Route<S>| router.route(row.path, row.handler);
        self.rows.into_iter().fold(Router::new(), route).with_state(state)
    }
}

/// Checks the query, notes who may call the route, and reads the idempotency key.
async fn check(
    State(checks): State<Checks>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    query::check(request.uri(), checks.query)?;
    let ctx = request.extensions_mut().get_mut::<RequestContext>();
    ctx.ok_or(ProblemCode::Internal)?.access = checks.access;
    Ok(next.run(idempotency::read(request).await?).await)
}
