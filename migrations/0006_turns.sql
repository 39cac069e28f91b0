-- A deployment waits for its turn before anything is asked of Coolify, and its deadline begins with the turn.
alter table deployments
    -- When it got its turn; null while it waits. Until then `deadline` is how long it may wait.
    add column turn_at          timestamptz,
    -- How many deployments wait before it, as people are told.
    add column ahead            integer,
    -- What the environment was before: a deployment that is withdrawn while it waits leaves no trace.
    add column status_before    text not null default 'pending',
    add column reason_before    text,
    -- This deployment made the application: there are no volumes and no builds to look for.
    add column made_application boolean not null default false,
    -- A volume was asked for: those that exist must be looked for before one is added again.
    add column volumes_asked    boolean not null default false,
    -- When Coolify was first seen to build; until then the build waits in its queue.
    add column build_began_at   timestamptz,
    -- The few lines before the cause of a failure.
    add column reason_lines     text;

update deployments set turn_at = created_at where finished_at is not null or stage <> 'requested';

create index deployments_waiting on deployments (created_at) where turn_at is null and finished_at is null;

-- When the person's deployments got their last turn: who waited longest is next.
alter table users add column turn_at timestamptz;

-- How many deployments may be under way at once. One row; whoever gives turns locks it.
create table turns (
    id           boolean primary key default true,
    -- As Coolify's server allows, and a few that wait there.
    capacity     integer not null default 4,
    -- When Coolify was last asked for that.
    read_at      timestamptz,
    -- Coolify's build queue was full: no turns until then.
    closed_until timestamptz,
    constraint turns_one_row check (id)
);
insert into turns default values;
