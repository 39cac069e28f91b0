-- What administrators have decided for one person. Null is as the settings say, -1 is no limit. Memory is in MiB, CPUs
-- are in hundredths, here and below.
alter table users
    add column environments_limit integer,
    add column deployments_limit integer,
    add column memory_limit integer,
    add column cpus_limit integer;

alter table environments
    -- What its owner chose for it; null is as much as is allowed.
    add column memory_chosen integer,
    add column cpus_chosen integer,
    -- What Coolify was given last, null for no limit, and for which application. Null when it never was given a limit, and
    -- empty as long as it is not known whether it took one.
    add column resources_given_to text,
    add column memory_given integer,
    add column cpus_given integer;
