-- The newest build Coolify had of the application when this deployment asked for its own, empty when it had none: whatever is
-- newer is what was asked for, though the answer was lost and the build has ended meanwhile.
alter table deployments add column asked_after text;
