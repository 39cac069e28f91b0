-- The environments whose last deployed commit is not the newest of the branch, with both. A commit that was the newest
-- before the deployment says nothing: the deployment may have taken a newer one. It is there in place of behind_branch(),
-- which copies of the former version still call during an upgrade.
create function outdated(source text) returns table (environment_id uuid, from_sha text, to_sha text)
language sql stable
as $$
    select e.id, d.commit_sha, h.commit_sha
    from environments e
    cross join lateral last_success(e.id) d
    join branch_head h on h.commit_sha <> d.commit_sha and h.seen_at > d.finished_at
    where h.source = outdated.source
$$;
