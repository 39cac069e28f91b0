-- The newest commit of the branch that environments are built from. One row; the copies take turns reading it.
create table branch_head (
    id         boolean primary key default true,
    commit_sha text,
    -- When it was read last, or tried to.
    read_at    timestamptz not null default '-infinity',
    constraint branch_head_one_row check (id)
);
insert into branch_head default values;

-- The titles of the commits after a deployed one up to the newest, newest first.
create table branch_updates (
    from_sha text not null,
    to_sha   text not null,
    titles   text[] not null,
    primary key (from_sha, to_sha)
);

-- The commit that an environment was deployed from last.
create function deployed_commit(environment uuid) returns text
language sql stable
as $$
    select commit_sha
    from deployments
    where environment_id = environment
    and outcome = 'succeeded'
    order by created_at desc
    limit 1
$$;
