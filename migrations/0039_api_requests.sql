-- Requests of programs that carry an Idempotency-Key: the same one again is answered with the same answer, for a day, or for
-- a thousand others of the same token.
create table api_requests (
    token_id    uuid not null references tokens (id) on delete cascade,
    -- Digests of the key, and of the request, with the token itself as the secret: neither can be guessed from here.
    key         bytea not null,
    fingerprint bytea not null,
    began_at    timestamptz not null default now(),
    -- Encrypted with a key that is derived from the token, which is not in the database. Null while it is under way.
    answer      bytea,
    primary key (token_id, key)
);
create index api_requests_began on api_requests (began_at);
create index api_requests_token on api_requests (token_id, began_at);
