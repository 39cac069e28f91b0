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
