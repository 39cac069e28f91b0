-- When Coolify wrote the entry, by its clock.
alter table deployment_log add column at timestamptz;
