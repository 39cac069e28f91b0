-- Coolify no longer has the application: a new one needs a new password.
alter table environments add column vanished boolean not null default false;
