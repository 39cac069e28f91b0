-- Links that let somebody in once: the first administrator, whoever is invited, whoever has forgotten a password. Only
-- the hash of a link's token is kept, and a link that is used is deleted.
create table links (
    id          uuid primary key,
    kind        text not null,
    token_hash  bytea not null,
    email       text,
    role        text not null default 'member',
    user_id     uuid references users (id) on delete cascade,
    created_by  uuid references users (id) on delete set null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    constraint links_token_taken unique (token_hash),
    constraint links_kind_known check (kind in ('set-up', 'invitation', 'reset')),
    constraint links_role_known check (role in ('administrator', 'member')),
    constraint links_reset_has_user check ((kind = 'reset') = (user_id is not null)),
    constraint links_expiry check ((kind = 'set-up') = (expires_at is null))
);
create index links_user on links (user_id);
create index links_created_by on links (created_by);
