create table environments (
    id                   uuid primary key,
    owner_id             uuid not null references users (id),
    name                 text not null,
    -- The name as it is compared: without case.
    name_key             text not null,
    subdomain            text not null,
    status               text not null default 'pending',
    -- Why the status is what it is, for people.
    reason               text,
    -- Counts every change a row shows; the row's poll sends the one it has.
    version              bigint not null default 1,
    -- The argon2id hash for code-server, only until Coolify has accepted it.
    password_hash        text,
    application_uuid     text,
    -- Who may act at Coolify: fence counts the leases, leased_until ends the newest.
    fence                bigint not null default 0,
    leased_until         timestamptz,
    -- Until then a request without an answer may still be carried out by Coolify: nothing is created before.
    unsure_until         timestamptz,
    -- When the watcher looks next; null when a job has the row, or nothing is to be seen.
    look_at              timestamptz,
    looks                integer not null default 0,
    -- How often in a row it was seen lost.
    missed               integer not null default 0,
    -- When Coolify last confirmed the status.
    checked_at           timestamptz,
    removal_requested_at timestamptz,
    status_since         timestamptz not null default now(),
    created_at           timestamptz not null default now(),
    constraint environments_name_taken unique (name_key),
    constraint environments_subdomain_taken unique (subdomain),
    constraint environments_status_known
        check (status in ('pending', 'deploying', 'running', 'error', 'deleting'))
);
create index environments_owner on environments (owner_id, created_at);
create index environments_look_at on environments (look_at) where look_at is not null;
create index environments_moving on environments (status) where status in ('deploying', 'deleting');

create table deployments (
    id                  uuid primary key,
    environment_id      uuid not null references environments (id) on delete cascade,
    requested_by        uuid references users (id) on delete set null,
    stage               text not null default 'requested',
    stage_since         timestamptz not null default now(),
    -- What the stage waits for at the moment, for people.
    note                text,
    outcome             text,
    reason              text,
    deployment_uuid     text,
    commit_sha          text,
    attempts            integer not null default 0,
    cancel_requested_at timestamptz,
    -- When the build was first seen to have ended: its last log lines come later.
    build_ended_at      timestamptz,
    -- When the log is fetched next; null when it is complete or nobody needs it.
    log_at              timestamptz,
    -- Coolify did not show the log: the token may not read it.
    log_missing         boolean not null default false,
    created_at          timestamptz not null default now(),
    deadline            timestamptz not null,
    finished_at         timestamptz,
    constraint deployments_stage_known
        check (stage in ('requested', 'application', 'settings', 'build', 'start', 'answer')),
    constraint deployments_outcome_known
        check (outcome in ('succeeded', 'failed', 'cancelled')),
    constraint deployments_outcome_with_end
        check ((outcome is null) = (finished_at is null))
);
create unique index deployments_one_moving on deployments (environment_id) where finished_at is null;
create index deployments_environment on deployments (environment_id, created_at desc);
create index deployments_log_at on deployments (log_at) where log_at is not null;

-- When each stage began, for the durations people see.
create table deployment_stages (
    deployment_id uuid not null references deployments (id) on delete cascade,
    stage         text not null,
    began_at      timestamptz not null default now(),
    primary key (deployment_id, stage)
);

-- Coolify's log of a deployment, an entry a row, in Coolify's order.
create table deployment_log (
    deployment_id uuid not null references deployments (id) on delete cascade,
    position      integer not null,
    output        text not null,
    hidden        boolean not null,
    error         boolean not null,
    primary key (deployment_id, position)
);
