//! The route table: the method, path, query parameters and permitted callers of each route.
//! The router, the checks and the OpenAPI document are built from it; tests compare the
//! template and the local router with it.

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
    /// The routes of the function.
    pub rows: Vec<Route<S>>,
}

/// One route.
pub struct Route<S = Arc<Host>> {
    /// The operation ID in the OpenAPI document.
    pub id: &'static str,
    /// The HTTP method. A `GET` also answers `HEAD`.
    pub method: Method,
    /// The path pattern, such as `/v1/users/{userId}`.
    pub path: &'static str,
    /// The names of the query parameters. All others are refused.
    pub query: &'static [&'static str],
    /// The callers that the route admits.
    pub access: Access,
    handler: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// Creates a route without query parameters.
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

    /// Returns the same route with these query parameters.
    pub fn query(self, names: &'static [&'static str]) -> Route<S> {
        Route { query: names, ..self }
    }
}

/// The parts of a route that are checked before its handler runs.
#[derive(Clone, Copy)]
struct Checks {
    access: Access,
    query: &'static [&'static str],
}

impl Routes {
    /// Builds the router of an API function, with the checks of each route.
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
    /// Builds the router of a function whose routes need no checks.
    pub fn plain_router(self, state: S) -> Router {
        let route = |router: Router<S>, row: Route<S>| router.route(row.path, row.handler);
        self.rows.into_iter().fold(Router::new(), route).with_state(state)
    }
}

/// Checks the query, records who may call the route, and reads the idempotency key.
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
