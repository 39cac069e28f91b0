-- Whether a new password is not in force yet: it waits here as a hash, or Coolify has it for the next container.
alter table environments
    add column password_waits boolean not null default false,
    -- When it was changed last, as the container in front of people has it.
    add column password_since timestamptz;
