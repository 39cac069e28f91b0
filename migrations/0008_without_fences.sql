-- The columns that watches replaced, and one that nobody read.
drop index environments_look_at;
alter table environments
    drop column fence,
    drop column leased_until,
    drop column unsure_until,
    drop column look_at,
    drop column looks,
    drop column missed,
    drop column checked_at,
    drop column status_since;
