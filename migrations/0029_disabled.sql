-- Since when somebody may not sign in any more.
alter table users add column disabled_at timestamptz;
