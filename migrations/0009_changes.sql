-- Announces on the channel "changes" what changed, when it is committed. Whoever keeps a copy of a session or of a row
-- listens, so that the copy ends with the change and not with a lifetime. A payload is a letter and an id:
--   s session         a session ended, or ends sooner
--   o owner           an owner's environments changed
--   e environment     what the page of an environment shows changed

create function announce_session() returns trigger language plpgsql as $$
begin
  perform pg_notify('changes', 's ' || old.session_id);
  return null;
end $$;

create trigger user_sessions_announced
  after update of session_id, user_id or delete on user_sessions
  for each row execute function announce_session();

create function announce_session_expiry() returns trigger language plpgsql as $$
begin
  perform pg_notify('changes', 's ' || old.id);
  return null;
end $$;

create trigger session_expiry_announced
  after update of expiry_date on tower_sessions.session
  for each row when (new.expiry_date < old.expiry_date)
  execute function announce_session_expiry();

create function announce_environment() returns trigger language plpgsql as $$
declare
  changed environments;
begin
  changed := coalesce(new, old);
  perform pg_notify('changes', 'o ' || changed.owner_id);
  perform pg_notify('changes', 'e ' || changed.id);
  return null;
end $$;

create trigger environments_announced
  after insert or delete on environments
  for each row execute function announce_environment();

create trigger environments_version_announced
  after update of version on environments
  for each row when (new.version <> old.version)
  execute function announce_environment();

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

create function announce_log_end() returns trigger language plpgsql as $$
begin
  perform pg_notify('changes', 'e ' || new.environment_id);
  return null;
end $$;

create trigger deployments_log_announced
  after update of log_at, log_missing on deployments
  for each row when ((new.log_at is null) <> (old.log_at is null) or new.log_missing <> old.log_missing)
  execute function announce_log_end();
