-- Administrators see what concerns everybody. Whoever has the oldest account is the first one.
alter table users
    add column role text not null default 'member',
    add constraint users_role_known check (role in ('administrator', 'member'));
update users
set role = 'administrator'
where id = (select id from users order by created_at, id limit 1);

-- A rollout deploys all that are behind the branch, one at a time: since when an environment waits for its turn in it,
-- and who began it.
alter table environments
    add column rollout_at timestamptz,
    add column rollout_by uuid references users (id) on delete set null;
create index environments_rollout on environments (rollout_at) where rollout_at is not null;
alter table deployments add column rollout boolean not null default false;
create index deployments_rollout on deployments (created_at) where rollout;

-- The environments that run a commit which is not the newest of the branch.
create function behind_branch(source text) returns table (environment_id uuid)
language sql stable
as $$
    select e.id
    from environments e
    cross join lateral last_success(e.id) d
    join branch_head h on h.commit_sha <> d.commit_sha and h.seen_at > d.finished_at
    where e.status = 'running'
    and not e.vanished
    and h.source = behind_branch.source
$$;
