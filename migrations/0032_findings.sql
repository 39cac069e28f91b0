-- What the last checks of the settings found. One row; the copies take turns running them.
create table findings (
    id         boolean primary key default true,
    -- Since when they run; a process that died meanwhile does not end them.
    begun_at   timestamptz,
    ended_at   timestamptz,
    -- In the order in which they are shown.
    found      jsonb not null default '[]',
    constraint findings_one_row check (id)
);
insert into findings default values;
