-- The calls to Coolify that were made for one deployment, as its page shows them: without bodies. The last ones are kept.
create table deployment_calls (
    id            bigint generated always as identity primary key,
    deployment_id uuid not null references deployments (id) on delete cascade,
    at            timestamptz not null,
    -- As the client names it: "PATCH envs".
    call          text not null,
    -- The status code, or why there was none.
    answer        text not null,
    milliseconds  integer not null
);
create index deployment_calls_deployment on deployment_calls (deployment_id, id);
