//! Somebody who uses the dashboard by HTTP alone, with a session. It must not know which command serves it.

use reqwest::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};

/// Somebody who is signed in.
pub struct Visitor {
    client: Client,
    url: String,
    session: String,
}

impl Visitor {
    /// Registers at the dashboard of this address.
    pub async fn register(url: &str) -> Self {
        Self::register_as(url, "somebody@example.com").await
    }

    /// The same with this address.
    pub async fn register_as(url: &str, email: &str) -> Self {
        let fields = [
            ("name", "Somebody"),
            ("email", email),
            ("password", "eight letters and more"),
        ];
        Self::let_in(url, "/register", &fields).await
    }

    /// Signs in at the dashboard of this address.
    pub async fn sign_in(url: &str, email: &str, password: &str) -> Self {
        Self::let_in(url, "/login", &[("email", email), ("password", password)]).await
    }

    async fn let_in(url: &str, path: &str, fields: &[(&str, &str)]) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none());
        let mut visitor = Self {
            client: client.build().unwrap(),
            url: url.to_owned(),
            session: String::new(),
        };
        let welcome = visitor.post(path, fields).await;
        let cookie = welcome.headers()[SET_COOKIE].to_str().unwrap();
        cookie
            .split(';')
            .next()
            .unwrap()
            .clone_into(&mut visitor.session);
        visitor
    }

    /// Sends a form, which must lead to the environments.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}{path}", self.url));
        let answer = self.send(request.form(fields)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        let leads_to = answer.headers()[LOCATION].to_str().unwrap();
        assert_eq!(leads_to.split('#').next(), Some("/environments"), "{path}");
        answer
    }

    /// Makes a token of the API with this scope.
    pub async fn token(&self, scope: &str) -> String {
        let fields = [("token_name", "terminal"), ("expires", "30"), (scope, "1")];
        let request = self.client.post(format!("{}/account/tokens", self.url));
        let answer = self.send(request.form(&fields)).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        let page = answer.text().await.unwrap();
        let (_, token) = page.split_once("vpsc_").unwrap();
        let end = token.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        format!("vpsc_{}", &token[..end.unwrap()])
    }

    /// A page, which must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self
            .send(self.client.get(format!("{}{path}", self.url)))
            .await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// The status of what is below an address of an environment: any name below localhost is this computer.
    pub async fn status_at(&self, address: &str, path: &str) -> u16 {
        let host = address.strip_prefix("http://").unwrap();
        let (_, port) = host.split_once(':').unwrap();
        let request = self.client.get(format!("http://127.0.0.1:{port}{path}"));
        let answer = request.header(HOST, host).send().await.unwrap();
        answer.status().as_u16()
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        request.header(COOKIE, &self.session).send().await.unwrap()
    }
}
