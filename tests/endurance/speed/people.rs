//! Many people with many environments, and the requests their browsers send. It measures nothing.

use super::load::Connection;
use crate::process::{World, id_of};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use uuid::Uuid;

/// How many environments everybody has: as many as a page shows. One of them runs.
const EACH: i32 = 50;
/// How long sessions live.
const LIFETIME: time::Duration = time::Duration::days(30);
/// What a browser sends with everything.
const BROWSER: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    accept: */*\r\naccept-language: en-GB,en;q=0.5\r\nsec-fetch-dest: empty\r\nsec-fetch-mode: cors\r\n\
    sec-fetch-site: same-origin\r\ndnt: 1\r\nconnection: keep-alive\r\n";

/// Somebody who is signed in.
pub struct Reader {
    pub session: String,
    /// The environment that runs.
    pub runs: Uuid,
}

impl Reader {
    /// The path of that environment's page.
    pub fn page(&self) -> String {
        format!("/environments/{}", id_of(self.runs))
    }
}

/// The bytes of a request by a browser.
pub fn request(path: &str, reader: Option<&Reader>, more: &str) -> Vec<u8> {
    let cookie =
        reader.map(|reader| format!("cookie: vps-claude={}; theme=dark\r\n", reader.session));
    let cookie = cookie.unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{BROWSER}{cookie}{more}\r\n").into_bytes()
}

/// Signs in as many people, each with environments.
pub async fn invite(world: &World, count: usize) -> Vec<Reader> {
    let sessions = sessions(world, count).await;
    insert_environments(world).await;
    let runs = "select owner_id, id from environments where status = 'running'";
    let runs: Vec<(Uuid, Uuid)> = sqlx::query_as(runs)
        .fetch_all(&world.database)
        .await
        .unwrap();
    let runs: HashMap<Uuid, Uuid> = runs.into_iter().collect();
    let readers = sessions.into_iter().map(|(user, session)| Reader {
        session,
        runs: runs[&user],
    });
    readers.collect()
}

/// Users with a session each, as the dashboard stores them.
async fn sessions(world: &World, count: usize) -> Vec<(Uuid, String)> {
    let (mut users, mut ids, mut stored) = (vec![], vec![], vec![]);
    for _ in 0..count {
        let record = Record {
            id: Id(rand::random()),
            data: [("signed_in".to_owned(), true.into())].into(),
            expiry_date: OffsetDateTime::now_utc() + LIFETIME,
        };
        users.push(Uuid::now_v7());
        ids.push(record.id.to_string());
        stored.push(rmp_serde::to_vec(&record).unwrap());
    }
    let insert = "with new as (
           select * from unnest($1::uuid[], $2::text[], $3::bytea[]) as new (id, session, data)
         ), person as (
           insert into users (id, email, name, password_hash)
           select id, id || '@example.com', 'Reader', '-' from new
         ), stored as (
           insert into tower_sessions.session (id, data, expiry_date)
           select session, data, now() + interval '30 days' from new
         )
         insert into user_sessions (session_id, user_id, device)
         select session, id, 'Firefox on Linux' from new";
    let insert = sqlx::query(insert).bind(&users).bind(&ids).bind(stored);
    insert.execute(&world.database).await.unwrap();
    users.into_iter().zip(ids).collect()
}

/// Of everybody's environments one runs, and has been deployed; the others have not been.
async fn insert_environments(world: &World) {
    let insert = "with environment as (
           insert into environments (id, owner_id, name, name_key, subdomain, status, application_uuid, application_asked)
           select gen_random_uuid(), u.id, 'Workspace ' || label, 'workspace ' || label, 'workspace-' || label,
             case when n = 1 then 'running' else 'pending' end, case when n = 1 then 'application-' || label end, n = 1
           from (select *, row_number() over (order by id) as number from users where name = 'Reader') u
           cross join generate_series(1, $1) n
           cross join lateral (select u.number || '-' || n as label) labelled
           returning id, status
         ), watch as (
           insert into watches (environment_id, due_at, checked_at)
           select id, case when status = 'running' then now() + random() * interval '1 minute' end,
             case when status = 'running' then now() end
           from environment
         ), deployment as (
           insert into deployments (id, environment_id, stage, outcome, turn_at, deadline, build_ended_at, finished_at)
           select gen_random_uuid(), id, 'answer', 'succeeded', now(), now(), now(), now()
           from environment
           where status = 'running'
           returning id
         )
         insert into deployment_log (deployment_id, position, output, hidden, error)
         select id, line, 'Step ' || line || ' of the build', false, false
         from deployment
         cross join generate_series(0, 19) line";
    let insert = sqlx::query(insert).bind(EACH);
    insert.execute(&world.database).await.unwrap();
    let analyze = sqlx::query("analyze").execute(&world.database);
    analyze.await.unwrap();
}

/// The poll of a page: its request, and how often the page sends it.
pub struct Poll {
    pub request: Vec<u8>,
    pub every: Duration,
    /// How many rows it names.
    pub rows: usize,
}

/// Opens a page as a browser does.
pub async fn open(address: SocketAddr, path: &str, reader: &Reader) -> Poll {
    let mut connection = Connection::open(address).await.unwrap();
    let asked = request(path, Some(reader), "");
    assert_eq!(connection.ask(&asked).await.unwrap(), 200);
    let page = connection.body();
    let value = |text: &str| text.split_once('"').unwrap().0.replace("&amp;", "&");
    let (_, poll) = page.split_once("id=\"poll\" hx-get=\"").expect("a poll");
    let (_, every) = poll.split_once("hx-trigger=\"every ").unwrap();
    let every = every.split_once('s').unwrap().0.parse().unwrap();
    let rows = page.split("name=\"row\" value=\"").skip(1);
    let rows: Vec<String> = rows
        .map(|row| format!("&row={}", value(row).replace(' ', "+")))
        .collect();
    let path = format!("{}{}", value(poll), rows.concat());
    let headers = "hx-request: true\r\nhx-trigger: poll\r\nhx-target: poll\r\n\
                   hx-current-url: http://127.0.0.1/environments\r\n";
    Poll {
        request: request(&path, Some(reader), headers),
        every: Duration::from_secs(every),
        rows: rows.len(),
    }
}
