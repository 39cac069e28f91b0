-- Only the last deployments of an environment keep their log and calls.
alter table deployments add column log_kept boolean not null default true;
create index deployments_log_kept on deployments (environment_id, created_at desc) where log_kept;
