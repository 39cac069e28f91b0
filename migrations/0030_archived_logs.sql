-- Logs of ended deployments that are in the object store, or on their way there. A row is there before its object, and
-- until its object is known to be gone, so that none is forgotten. It may outlive the deployment.
create table archived_logs (
    -- The deployment's id, which the object is named after.
    id            uuid primary key,
    -- Null when the deployment was deleted: the object is to be removed.
    deployment_id uuid unique references deployments (id) on delete set null,
    -- Until then a process moves or removes the log.
    leased_until  timestamptz,
    -- When the store confirmed that it has the log.
    stored_at     timestamptz,
    -- The position after its last entry.
    log_end       integer,
    -- When the log had been kept for long enough.
    removed_at    timestamptz,
    constraint archived_logs_stored_with_end
        check ((stored_at is null) = (log_end is null))
);
create index archived_logs_deleted on archived_logs (id) where deployment_id is null;
create index archived_logs_kept on archived_logs (stored_at) where removed_at is null;

-- Only the last deployments of an environment keep their calls; their logs are kept for a time. log_kept is what older
-- versions set when they remove both.
alter table deployments add column calls_kept boolean not null default true;
create index deployments_calls_kept on deployments (environment_id, created_at desc) where calls_kept;

-- Logs that have moved leave from the front of the index, where each search for the next one begins.
alter table deployment_log set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);

-- The ended deployments whose log is complete and in the database, the oldest first. Each is found by one look into the
-- index, however many entries it has.
create view complete_logs as
with recursive logged as (
    (
        select deployment_id
        from deployment_log
        order by deployment_id
        limit 1
    )
    union all
    select (
        select l.deployment_id
        from deployment_log l
        where l.deployment_id > logged.deployment_id
        order by l.deployment_id
        limit 1
    )
    from logged
    where deployment_id is not null
)
select d.id as deployment_id, d.finished_at
from logged
join deployments d on d.id = logged.deployment_id
where d.finished_at is not null
and d.log_at is null;
