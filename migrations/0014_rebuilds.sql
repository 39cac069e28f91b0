-- The image is built anew, whether or not there is one for the commit.
alter table deployments add column rebuild boolean not null default false;
