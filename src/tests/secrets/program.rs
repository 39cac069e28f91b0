//! What a program does in the story of secrets: everything that it sends or gets once.

use super::{Story, password};
use crate::tests::program::{Program, until};
use serde_json::json;

/// What a program sends: passwords, and values of variables.
pub const SENT: [&str; 6] = [
    "apirefused0",
    "apicreated1",
    "apichanged2",
    "apivarwrong3",
    "apivargiven4",
    "apivarreplaced5",
];

impl Story {
    /// An environment and an invitation by a program, with every mistake there is. Returns the tokens.
    pub async fn program(&mut self) -> [String; 2] {
        let eve = self.dashboard.administrator("Eve").await;
        let program = Program::of(&self.dashboard, &eve, &["write", "admin"]).await;
        self.is_shown_once(&program.token);
        let path = self.environment_by(&program).await;
        self.look_around().await;
        let invited = program
            .keyed("/invitations", "invitation", json!({}))
            .await
            .expect(201);
        let (_, link) = invited.text("link").split_once("link=").unwrap();
        self.is_shown_once(link);
        self.look_around().await;
        let guest = self.dashboard.stranger("Guest");
        guest.try_link(link).await.leads_to("/environments");
        for part in ["", "/variables", "/resources", "/deployments"] {
            program.get(&format!("{path}{part}")).await.expect(200);
        }
        for path in ["/account", "/people", "/invitations", "/audit", "/orphans"] {
            program.get(path).await.expect(200);
        }
        eve.get("/admin/audit.csv").await.expect(200);
        eve.get("/account").await.expect(200);
        program.send("DELETE", &path, &[], "").await.expect(202);
        let made = self.dashboard.made("By a program", "").await;
        self.dashboard.until_gone(&made).await;
        self.look_around().await;
        [program.token, link.to_owned()]
    }

    async fn environment_by(&mut self, program: &Program) -> String {
        let [refused, created, changed, ..] = SENT.map(password);
        let [.., wrong, given, replaced] = SENT;
        let wrong = format!("{wrong}'");
        let body = json!({ "name": "", "password": refused, "variables": { "KEY": wrong } });
        program.post("/environments", body).await.expect(422);
        let body = json!({ "name": "By a program", "password": created, "variables": { "KEY": given }, "deploy": true });
        let made = program.keyed("/environments", "environment", body).await;
        let made = made.expect(201);
        let path = format!("/environments/{}", made.text("id"));
        until(program, &path, "running").await;
        let put = async |part: &str, body: serde_json::Value| {
            let path = format!("{path}/{part}");
            program.send_json("PUT", &path, &[], body).await
        };
        let key = "variables/KEY";
        put(key, json!({ "value": wrong })).await.expect(422);
        put(key, json!({ "value": [wrong] })).await.expect(422);
        put(key, json!({ "value": replaced })).await.expect(202);
        let spaced = json!({ "password": format!("{refused} ") });
        put("password", spaced).await.expect(422);
        let body = json!({ "password": changed });
        put("password", body).await.expect(202);
        until(program, &path, "running").await;
        path
    }

    /// Leaves out the one answer that shows a secret, which was the last one.
    fn is_shown_once(&self, secret: &str) {
        let shown = self.dashboard.seen.lock().unwrap().pop();
        assert!(shown.unwrap().1.text.contains(secret));
    }
}
