create table users (
    id            uuid primary key,
    email         text not null,
    name          text not null,
    password_hash text not null,
    created_at    timestamptz not null default now(),
    constraint users_email_taken unique (email)
);

-- The table tower-sessions-sqlx-store 0.15 reads and writes, made here so that several copies may start at once.
create schema tower_sessions;
create table tower_sessions.session (
    id          text primary key not null,
    data        bytea not null,
    expiry_date timestamptz not null
);
create index session_expiry_date on tower_sessions.session (expiry_date);

-- Which session is whose, for the account page and for ending the others.
create table user_sessions (
    session_id   text primary key references tower_sessions.session (id) on delete cascade,
    user_id      uuid not null references users (id) on delete cascade,
    device       text not null,
    last_used_at timestamptz not null default now()
);
create index user_sessions_user_id on user_sessions (user_id);
