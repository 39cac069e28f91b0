-- The group of an environment in its owner's list: 0 needs its owner, 1 moves, 2 runs, 3 is not deployed.
create function environment_group(status text, reason text) returns integer
language sql immutable
as $$
    select case
        when status = 'error' or (status = 'deleting' and reason is not null) then 0
        when status in ('deploying', 'deleting') then 1
        when status = 'running' then 2
        else 3
    end
$$;

-- Whether an environment's name or host contains what is searched for.
create function environment_matches(name_key text, subdomain text, name text, host text, domain text) returns boolean
language sql immutable
as $$
    select name = ''
    or strpos(name_key, name) > 0
    or strpos(concat_ws('.', subdomain, domain), host) > 0
$$;
