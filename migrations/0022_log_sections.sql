-- Which section of Coolify's log an entry belongs to; null for entries that were stored before.
alter table deployment_log add column section smallint;
