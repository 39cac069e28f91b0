-- Whether a value of a variable waits until Coolify has accepted it. Values are in no backup, so after a restore this says so
-- without one: then the value was lost. Triggers set it, because copies of the former version give values too.
alter table environment_variables add column waiting boolean not null default false;

update environment_variables v
set waiting = true
from variable_values w
where w.environment_id = v.environment_id
and w.name = v.name;

create function note_waiting_value() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        update environment_variables
        set waiting = false
        where environment_id = old.environment_id
        and name = old.name;
    else
        update environment_variables
        set waiting = true
        where environment_id = new.environment_id
        and name = new.name;
    end if;
    return null;
end
$$;

create trigger variable_values_noted
    after insert or delete on variable_values
    for each row execute function note_waiting_value();
