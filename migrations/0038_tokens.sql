-- With which programs use the API in somebody's name. Only the hash of a token is kept.
create table tokens (
    id           uuid primary key,
    user_id      uuid not null references users (id) on delete cascade,
    name         text not null,
    scopes       text[] not null,
    token_hash   bytea not null,
    created_at   timestamptz not null default now(),
    -- Null when it is valid until it is revoked.
    expires_at   timestamptz,
    -- Written at most once a minute.
    last_used_at timestamptz,
    constraint tokens_hash_taken unique (token_hash)
);
create index tokens_user on tokens (user_id);
