-- The newest commit of the branch that environments are built from. One row; the copies take turns reading it.
create table branch_head (
    id         boolean primary key default true,
    -- Which repository and branch it is of.
    source     text not null default '',
    commit_sha text,
    -- Since when it is known to be the newest: the time before it was read.
    seen_at    timestamptz,
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

-- The commit that an environment was deployed from last, and when that was done.
create function last_success(environment uuid) returns table (commit_sha text, finished_at timestamptz)
language sql stable
as $$
    select commit_sha, finished_at
    from deployments
    where environment_id = environment
    and outcome = 'succeeded'
    order by created_at desc
    limit 1
$$;
