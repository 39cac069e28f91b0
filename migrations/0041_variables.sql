-- The variables that people give to their environments, by name.
create table environment_variables (
    environment_id uuid not null references environments (id) on delete cascade,
    name           text not null,
    -- Since when Coolify has its value; null before, and when its application is made anew.
    sent_at        timestamptz,
    -- The next deployment removes it.
    removing       boolean not null default false,
    -- Coolify was asked for what waits: it may have done it, whatever it answered.
    offered        boolean not null default false,
    primary key (environment_id, name)
);

-- The values that wait until Coolify has accepted them. They are in no backup.
create table variable_values (
    environment_id uuid not null,
    name           text not null,
    value          text not null,
    primary key (environment_id, name),
    foreign key (environment_id, name) references environment_variables (environment_id, name) on delete cascade
);
