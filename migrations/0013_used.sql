-- When an environment was last used, as code-server's heartbeat tells, and whether it was in use at the last poll.
alter table watches
    add column used_at timestamptz,
    add column in_use boolean not null default false;

-- A page shows it, and a poll that finds the same announces nothing.
create function announce_use() returns trigger language plpgsql as $$
begin
  perform pg_notify('changes', 'o ' || owner_id), pg_notify('changes', 'e ' || id)
  from environments
  where id = new.environment_id;
  return null;
end $$;

create trigger watches_use_announced
  after update of in_use, used_at on watches
  for each row when (
    new.in_use <> old.in_use
    or (not new.in_use and new.used_at is distinct from old.used_at)
  )
  execute function announce_use();
