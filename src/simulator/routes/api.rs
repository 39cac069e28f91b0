//! How a call becomes a route: its method and path, and its handler, behind the faults and the checks. And what every
//! handler needs.

use axum::extract::State as Extract;
use axum::routing::{MethodFilter, MethodRouter, any, on};
use axum::{Router, http::Method, middleware::from_fn_with_state, response::IntoResponse};

use crate::simulator::{access, inject, persistence, server::Shared};

pub use super::request::ApiRequest;
pub use crate::simulator::calls::Call;
pub use crate::simulator::response::{ApiResponse, Reply};
pub use crate::simulator::state::State;

/// What a call is about, or its 404.
pub fn found<T>(what: Option<T>, call: Call) -> Result<T, ApiResponse> {
    what.ok_or_else(|| ApiResponse::missing(call.not_found()))
}

pub struct Api {
    shared: Shared,
    router: Router<Shared>,
}

impl Api {
    pub fn new(shared: &Shared) -> Self {
        let (shared, router) = (Shared::clone(shared), Router::new());
        Self { shared, router }
    }

    /// The same with one more call. `R` is a response, or a reply that may be a refusal.
    pub fn call<R>(self, call: Call, handler: fn(&mut State, &ApiRequest) -> R) -> Self
    where
        R: IntoResponse + 'static,
    {
        let (method, path) = call.route();
        let reads = method == Method::GET;
        let respond = async move |Extract(shared): Extract<Shared>, request: ApiRequest| {
            let response = handler(&mut shared.state(), &request).into_response();
            if !reads {
                shared.changed.notify_one();
                // An application that was promised must not be forgotten when the process is killed.
                persistence::write(&shared).await;
            }
            response
        };
        let method = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
        let route = self.layered(call, on(method, respond));
        let router = self.router.route(&format!("/api{path}"), route);
        Self { router, ..self }
    }

    /// The router, in which any other path or method is answered with 404.
    pub fn finish(self) -> Router {
        let unknown = self.layered(Call::Unknown, any(async || ApiResponse::no_such_route()));
        self.router
            .method_not_allowed_fallback(unknown.clone())
            .fallback(unknown)
            .with_state(self.shared)
    }

    fn layered(&self, call: Call, route: MethodRouter<Shared>) -> MethodRouter<Shared> {
        let state = (Shared::clone(&self.shared), call);
        let checked = route.layer(from_fn_with_state(state.clone(), access::check));
        checked.layer(from_fn_with_state(state, inject::faults))
    }
}
