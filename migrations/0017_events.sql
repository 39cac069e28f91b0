-- Since when the status is what it is. For older rows the end of the last deployment is the best that is known.
alter table environments add column status_since timestamptz;
update environments e
set status_since = coalesce((select max(finished_at) from deployments where environment_id = e.id), e.created_at);
alter table environments
    alter column status_since set default now(),
    alter column status_since set not null;

-- The same before the deployment was requested: one that is withdrawn while it waits leaves no trace.
alter table deployments add column since_before timestamptz;

-- What happened to an environment besides its deployments, as its page tells it. The last ones are kept.
create table environment_events (
    id             bigint generated always as identity primary key,
    environment_id uuid not null references environments (id) on delete cascade,
    at             timestamptz not null default clock_timestamp(),
    kind           text not null,
    -- Who did it; null when it happened by itself.
    user_id        uuid references users (id) on delete set null,
    -- Why it happened, for people.
    reason         text,
    -- The last lines of the container's log, when it stopped.
    lines          text,
    constraint environment_events_kind_known
        check (kind in ('password', 'discarded', 'stopped', 'recovered', 'late'))
);
create index environment_events_environment on environment_events (environment_id, id desc);
