-- Announces on the channel "changes" what changed, when it is committed. Whoever keeps a copy of a session or of a row
-- listens, so that the copy ends with the change and not with a lifetime. A payload is a letter and an id:
--   s session         a session ended, or ends sooner
--   o owner           an owner's environments changed
--   e environment     what the page of an environment shows changed

-- Its arguments are pairs of a letter and the column with the id.
create function announce() returns trigger language plpgsql as $$
declare
  changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  for n in 0 .. tg_nargs - 1 by 2 loop
    perform pg_notify('changes', tg_argv[n] || ' ' || (changed ->> tg_argv[n + 1]));
  end loop;
  return null;
end $$;

create trigger user_sessions_announced
  after delete on user_sessions
  for each row execute function announce('s', 'session_id');

create trigger session_expiry_announced
  after update of expiry_date on tower_sessions.session
  for each row when (new.expiry_date < old.expiry_date)
  execute function announce('s', 'id');

create trigger environments_announced
  after insert or delete on environments
  for each row execute function announce('o', 'owner_id', 'e', 'id');

create trigger environments_version_announced
  after update of version on environments
  for each row when (new.version <> old.version)
  execute function announce('o', 'owner_id', 'e', 'id');

-- When a log ends, its page polls slowly.
create trigger deployments_log_announced
  after update of log_at on deployments
  for each row when ((new.log_at is null) <> (old.log_at is null))
  execute function announce('e', 'environment_id');

-- Many lines of one log come at once.
create function announce_log() returns trigger language plpgsql as $$
begin
  perform pg_notify('changes', 'e ' || grown.environment_id)
  from (
    select distinct d.environment_id
    from added a
    join deployments d on d.id = a.deployment_id
  ) grown;
  return null;
end $$;

create trigger deployment_log_announced
  after insert on deployment_log
  referencing new table as added
  for each statement execute function announce_log();
