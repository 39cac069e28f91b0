-- Secrets that all copies of the dashboard share and that survive restarts. gen_random_uuid() is as random as what
-- sessions are made of; two of them hold more than the 32 bytes of the digest can lose.
create table secrets (
    name text primary key,
    value bytea not null
);

-- Signs the cookies of browsers in which somebody signed in before.
insert into secrets (name, value)
values ('browsers', sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
