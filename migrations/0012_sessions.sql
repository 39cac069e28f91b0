-- What a person needs to recognise a session, and to end it alone. Its secret id is on no page.
alter table user_sessions
  add column id uuid not null default gen_random_uuid(),
  add column address text,
  add column created_at timestamptz;
alter table user_sessions
  alter column created_at set default now();
create unique index user_sessions_id on user_sessions (id);
