-- Who has an environment for now, and when it is looked at next. Narrow: a look touches neither the wide row nor its indexes.
create table watches (
    environment_id uuid primary key references environments (id) on delete cascade,
    -- Counts the claims: nothing is written without the newest.
    token          bigint not null default 0,
    -- Which process has the claim, and until when.
    holder         uuid,
    leased_until   timestamptz,
    -- Until then a request without an answer may still be carried out by Coolify: nothing is created before.
    unsure_until   timestamptz,
    -- The number of the newest job: older ones do nothing.
    job            bigint not null default 0,
    kind           text not null default 'settled',
    -- When it is looked at next; null when a job has it, or nothing is to be seen.
    due_at         timestamptz,
    looks          integer not null default 0,
    -- How often in a row it was seen lost.
    missed         integer not null default 0,
    -- When the status was last confirmed.
    checked_at     timestamptz,
    constraint watches_kind_known check (kind in ('deployment', 'removal', 'settled'))
);
create index watches_due on watches (kind, due_at) where due_at is not null;

-- Coolify may have an application for it, because one was asked for.
alter table environments add column application_asked boolean not null default false;

insert into watches (environment_id, token, unsure_until, kind, due_at, checked_at)
select id, fence, unsure_until,
       case status when 'deploying' then 'deployment' when 'deleting' then 'removal' else 'settled' end,
       look_at, checked_at
from environments;

update environments set application_asked = true where application_uuid is not null or status <> 'pending' or fence > 0;

create function newest_deployment(environment uuid) returns uuid
language sql stable
as 'select id from deployments where environment_id = environment order by created_at desc limit 1';

-- Why the last deployment failed, if it did. One that was withdrawn while it waited says nothing.
create function last_failure(environment uuid) returns text
language sql stable
as $$
    select case when outcome = 'failed' then reason end
    from deployments
    where environment_id = environment
    and finished_at is not null
    and (outcome <> 'cancelled' or turn_at is not null)
    order by created_at desc
    limit 1
$$;
