//! A page of an environment on a sibling domain, made by whoever works there: what it can do to the dashboard.

use crate::chromium::Look;
use crate::person::{PASSWORD, Person};
use crate::stage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Cookies for the whole domain that are not ours, however much they look like it, and more than anybody needs.
const COOKIES: &str = "const names = ['session', 'theme', 'shut', 'vps-claude-known', 'é', '__Secure-vps-claude', 'VPS-CLAUDE'];
    for (let number = 0; number < 100; number++) names.push('many' + number);
    for (const name of names) document.cookie = `${name}=\"é <b>; Domain=neighbours.localhost; Path=/`;
    document.cookie = 'vps%2Dclaude=decoded; Domain=neighbours.localhost; Path=/';";
const SESSION: &str =
    "document.cookie = 'vps-claude=planted; Domain=neighbours.localhost; Path=/';";
const NO_SESSION: &str =
    "document.cookie = 'vps-claude=; Domain=neighbours.localhost; Path=/; Max-Age=0';";

/// Serves an empty page for ever and returns its port.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 8192];
                // It is all the same what was asked.
                let _: usize = stream.read(&mut request).await.unwrap_or_default();
                let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<!doctype html><link rel=icon href=data:,><p>Neighbour";
                stream.write_all(page.as_bytes()).await.ok();
            });
        }
    });
    port
}

/// Two sites below one domain.
struct Neighbours {
    dashboard: String,
    other: String,
}

impl Neighbours {
    async fn new(person: &Person) -> Self {
        let port = person.product.url.rsplit(':').next().unwrap();
        Self {
            dashboard: format!("http://dashboard.neighbours.localhost:{port}"),
            other: format!("http://other.neighbours.localhost:{}", serve().await),
        }
    }

    /// The neighbour's page does this.
    async fn does(&self, person: &Person, script: &str) {
        person.goes_by(&self.other);
        person.visit("/").await;
        person.run(script).await;
    }

    async fn is_signed_in(&self, person: &Person) {
        person.goes_by(&self.dashboard);
        person.visit("/account").await;
        person.read("main .lead", "somebody@example.com").await;
    }
}

#[tokio::test]
async fn a_page_on_a_sibling_domain_changes_nothing() {
    stage::person(Look::DESKTOP, async |person| {
        let both = Neighbours::new(person).await;
        person.goes_by(&both.dashboard);
        person.register("somebody@example.com").await;
        both.does(person, COOKIES).await;
        both.is_signed_in(person).await;
        for path in ["/logout", "/environments", "/login"] {
            person.expects(&format!("403 {path}"));
            let form = format!(
                "document.body.innerHTML = `<form method=post action='{}{path}'><input name=name value=planted>`;
                 document.forms[0].submit()",
                both.dashboard
            );
            both.does(person, &form).await;
            person
                .read("#alert", "This request came from another site and was not carried out. Go back and try again from here.")
                .await;
            both.is_signed_in(person).await;
        }
        person.visit("/environments").await;
        person.see_no("#rows .name").await;
    })
    .await;
}

#[tokio::test]
async fn whoever_has_a_session_of_a_sibling_domain_beside_their_own_is_told_what_to_remove() {
    stage::person(Look::DESKTOP, async |person| {
        let both = Neighbours::new(person).await;
        person.goes_by(&both.dashboard);
        person.register("somebody@example.com").await;
        both.does(person, SESSION).await;
        person.goes_by(&both.dashboard);
        person.visit("/login").await;
        person.expects("422 /login");
        person.fill("#email", "somebody@example.com").await;
        person.fill("#password", PASSWORD).await;
        person.click("main form button.primary").await;
        let told = person.see("main .summary").await;
        let told = told.text().await.unwrap();
        assert!(told.contains("two cookies named vps-claude"), "{told}");
        both.does(person, NO_SESSION).await;
        person.goes_by(&both.dashboard);
        person.visit("/login").await;
        both.is_signed_in(person).await;
    })
    .await;
}
