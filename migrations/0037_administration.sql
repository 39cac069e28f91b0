-- What administrators decide about the line of deployments, and about applications that no environment knows.
alter table deployments
    -- When it was last moved to the front of the line.
    add column moved_up_at timestamptz;

-- The line as it stands: how many deployments get their turn before this one. Whoever was moved up last is first; of the
-- others, everybody's first comes before anybody's second.
create view waiting_line as
select
    id, environment_id,
    row_number() over (order by moved_up_at desc nulls last, nth, turn_at nulls first, created_at, id) - 1 as ahead
from (
    select
        d.id, d.environment_id, d.created_at, d.moved_up_at, u.turn_at,
        row_number() over (
            partition by u.id
            order by d.moved_up_at desc nulls last, d.created_at, d.id
        ) as nth
    from deployments d
    join environments e on e.id = d.environment_id
    join users u on u.id = e.owner_id
    where d.turn_at is null
    and d.finished_at is null
) waiting;

-- An environment that was adopted from Coolify: nobody here knows its password until a new one is in force.
alter table environments add column password_unknown boolean not null default false;

-- Applications that no environment knows, and of which nobody wants to hear again.
create table ignored_applications (
    -- As Coolify names it.
    uuid       text primary key,
    name       text not null,
    ignored_at timestamptz not null default now()
);
