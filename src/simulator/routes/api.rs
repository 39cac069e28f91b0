//! How a call becomes a route: its name, its method and path, and its handler, behind the faults and the checks. And
//! what every handler needs.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, any, on};

use crate::simulator::{access, inject, persistence, server::Shared};

pub use super::input::Input;
pub use crate::simulator::answer::{Answer, Reply};
pub use crate::simulator::calls::Call;
pub use crate::simulator::state::State;

/// Does what a call asks for; `R` is an answer, or a reply that may be a refusal.
type Handler<R> = fn(&mut State, &Input) -> R;

/// The routes so far.
pub struct Api {
    shared: Shared,
    router: Router<Shared>,
}

impl Api {
    /// No routes.
    pub fn new(shared: &Shared) -> Self {
        let (shared, router) = (Shared::clone(shared), Router::new());
        Self { shared, router }
    }

    /// The same with one more call, at a path below `/api`. The methods are `"GET"`, `"POST"` and so on; several have
    /// spaces between them.
    pub fn call<R>(self, call: Call, methods: &str, path: &str, handler: Handler<R>) -> Self
    where
        R: IntoResponse + 'static,
    {
        let answer = move |Extract(shared): Extract<Shared>, method: Method, input: Input| async move {
            let response = handler(&mut shared.state(), &input).into_response();
            if method != Method::GET {
                shared.changed.notify_one();
                // An application that was promised must not be forgotten when the process is killed.
                persistence::write(&shared).await;
            }
            response
        };
        let methods = methods
            .split(' ')
            .filter_map(|method| method.parse::<Method>().ok());
        let methods = methods.filter_map(|method| MethodFilter::try_from(method).ok());
        let methods = methods
            .reduce(MethodFilter::or)
            .unwrap_or(MethodFilter::GET);
        let route = self.layered(call, on(methods, answer));
        let router = self.router.route(&format!("/api{path}"), route);
        Self { router, ..self }
    }

    /// The router, in which any other path or method is answered with 404.
    pub fn finish(self) -> Router {
        let answer = || async { Answer::no_such_route() };
        let unknown = self.layered(Call::Unknown, any(answer));
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
