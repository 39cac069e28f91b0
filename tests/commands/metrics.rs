//! What `METRICS_LISTEN` serves, on a listener of its own.

use crate::database;
use crate::program::Program;

#[tokio::test]
async fn metrics_are_served_where_it_is_said_and_nowhere_else() {
    let database = database::create("status").await;
    let serve = Program::new(&[])
        .able_to_serve(&database)
        .with("METRICS_LISTEN", "127.0.0.1:0");
    let (serve, metrics) = serve.start("serving metrics address=");
    let pages = serve.until("serving address=");
    let get = async |address: &str, path: &str| {
        let url = format!("http://{}{path}", address.trim());
        reqwest::get(url).await.unwrap()
    };
    let answer = get(&metrics, "/metrics").await;
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .contains("openmetrics")
    );
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("vps_claude_environments{status=\"running\"} 0.0"),
        "{text}"
    );
    assert_eq!(get(&metrics, "/login").await.status(), 404);
    assert_eq!(get(&pages, "/metrics").await.status(), 404);
    serve.stop("TERM").with(0);
    database::remove(&database).await;
}
