-- The repository to work on in an environment, which its container may clone. Chosen when it is created.
alter table environments add column workspace_repository text;
