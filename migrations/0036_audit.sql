-- Who did what to what, when, from where. A row is written in the transaction of the change itself, and is never changed.
create table audit (
    id           bigint generated always as identity primary key,
    at           timestamptz not null default now(),
    -- Without a reference: the row says the same when the account is gone. Null for the owner of the machine, and for the process.
    user_id      uuid,
    -- The name and the e-mail address at that time.
    who          text,
    -- How it was asked for: page, api, command or process.
    way          text not null,
    address      inet,
    -- Such as environment.created; a newer release has words that this one does not know.
    action       text not null,
    subject_kind text not null,
    subject_id   uuid,
    -- The subject's name at that time.
    subject      text not null,
    detail       text
);
create index audit_at on audit (at);
create index audit_user on audit (user_id, id);
create index audit_action on audit (action, id);
create index audit_subject on audit (subject_id, id);

-- It only grows. What is older than AUDIT_RETENTION_DAYS is deleted by the process, which says so with a setting of its
-- transaction. That keeps mistakes away, in the program and at a prompt; whoever owns the database can drop the trigger.
create function refuse_audit_change() returns trigger
language plpgsql as $$
begin
    raise exception 'the audit is only added to' using errcode = 'restrict_violation';
end
$$;

create function refuse_audit_delete() returns trigger
language plpgsql as $$
declare
    before constant timestamptz := nullif(current_setting('vps_claude.audit_before', true), '')::timestamptz;
begin
    if before is null or old.at >= before then
        raise exception 'the audit is only added to' using errcode = 'restrict_violation';
    end if;
    return old;
end
$$;

create trigger audit_stays
    before update or truncate on audit
    for each statement execute function refuse_audit_change();
create trigger audit_is_kept
    before delete on audit
    for each row execute function refuse_audit_delete();
