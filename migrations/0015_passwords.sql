-- Whether a new password is not in force yet: it waits here as a hash, or Coolify has it for the next container.
alter table environments
    add column password_waits boolean not null default false,
    -- Coolify was sent the hash: it may have it, whatever it answered.
    add column password_offered boolean not null default false,
    -- When it was changed last, as the container in front of people has it.
    add column password_since timestamptz;

update environments
set password_waits = true
where password_hash is not null
and application_uuid is not null;
