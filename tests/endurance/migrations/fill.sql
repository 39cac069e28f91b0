-- The tables of 0012 with :environments environments: five deployments each, and twenty entries in the log of each of
-- those. One in ten is deploying.
insert into users (id, email, name, password_hash)
select gen_random_uuid(), 'user' || n || '@example.com', 'User ' || n, 'x'
from generate_series(1, greatest(:environments / 10, 1)) n;

insert into tower_sessions.session (id, data, expiry_date)
select 'session' || n, '\x00', now() + interval '7 days'
from generate_series(1, :environments / 10) n;

insert into user_sessions (session_id, user_id, device)
select 'session' || row_number() over (), id, 'Firefox'
from users
limit :environments / 10;

insert into environments (id, owner_id, name, name_key, subdomain, status, application_uuid, application_asked, password_hash)
select gen_random_uuid(), u.id, 'Workspace ' || n, 'workspace ' || n, 'workspace-' || n,
       case when n % 10 = 0 then 'deploying' else 'running' end, 'application' || n, true,
       case when n % 10 = 0 then 'x' end
from generate_series(1, :environments) n
join (select id, row_number() over () as number from users) u
  on u.number = 1 + n % greatest(:environments / 10, 1);

insert into watches (environment_id, kind, due_at, checked_at)
select id, case status when 'deploying' then 'deployment' else 'settled' end, now(), now()
from environments;

insert into deployments (id, environment_id, stage, deployment_uuid, commit_sha, created_at, deadline, turn_at, outcome, finished_at)
select gen_random_uuid(), e.id, 'build', 'deployment', 'abcdef', now() - n * interval '1 day', now(), now(),
       case when n > 1 or e.status = 'running' then 'succeeded' end,
       case when n > 1 or e.status = 'running' then now() - n * interval '1 day' end
from environments e
cross join generate_series(1, 5) n;

insert into deployment_stages (deployment_id, stage)
select d.id, stages.name
from deployments d
cross join unnest(array['application', 'settings', 'build']) as stages (name);

insert into deployment_calls (deployment_id, at, call, answer, milliseconds)
select id, now(), 'GET applications', '200', 40
from deployments
cross join generate_series(1, 5);

insert into deployment_log (deployment_id, position, output, hidden, error)
select id, n, 'Step ' || n || ' of the build wrote this line into its log.', false, false
from deployments
cross join generate_series(1, 20) n;

analyze;
