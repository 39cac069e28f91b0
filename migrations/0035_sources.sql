-- What an environment is built from, if that was chosen for it: both, or neither, which is what the settings say when its
-- application is made.
alter table environments
    add column source_repository text,
    add column source_branch text;

-- The newest commit of each branch that environments are built from. It is there in place of branch_head, which copies of
-- the former version still read during an upgrade.
create table branch_heads (
    repository text not null,
    branch     text not null,
    commit_sha text,
    -- Since when it is known to be the newest: the time before it was read.
    seen_at    timestamptz,
    -- When it was read last, or tried to.
    read_at    timestamptz not null default '-infinity',
    primary key (repository, branch)
);

-- The branches that environments are built from, and the one of the settings.
create function sources(standard_repository text, standard_branch text) returns table (repository text, branch text)
language sql stable
as $$
    select standard_repository, standard_branch
    union
    select e.source_repository, e.source_branch
    from environments e
    where e.source_repository is not null
    and e.source_branch is not null
$$;

-- The environments whose last deployed commit is not the newest of their branch, with both; as outdated().
create function behind_source(standard_repository text, standard_branch text)
returns table (environment_id uuid, from_sha text, to_sha text)
language sql stable
as $$
    select e.id, d.commit_sha, h.commit_sha
    from environments e
    cross join lateral last_success(e.id) d
    join branch_heads h
    on h.repository = coalesce(e.source_repository, standard_repository)
    and h.branch = coalesce(e.source_branch, standard_branch)
    where h.commit_sha <> d.commit_sha
    and h.seen_at > d.finished_at
$$;

-- Copies of the former version know one branch, and are told only of what is built from it.
create or replace function outdated(source text) returns table (environment_id uuid, from_sha text, to_sha text)
language sql stable
as $$
    select e.id, d.commit_sha, h.commit_sha
    from environments e
    cross join lateral last_success(e.id) d
    join branch_head h on h.commit_sha <> d.commit_sha and h.seen_at > d.finished_at
    where h.source = outdated.source
    and e.source_repository is null
$$;
