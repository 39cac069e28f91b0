-- Names are compared as they are shown, and by full case folding. The names that are there already are kept, and get
-- the key that new names are compared with, as far as the oldest of those that look alike has not got it. A name of
-- which nothing can be seen becomes its address.
do $$
declare
    -- What the former rules let into a name although it shows nothing.
    invisible constant text := '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2060-\u206F\u3164\uFE00-\uFE0F\uFFA0\uFFF0-\uFFFB\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]';
    space constant text := '[\s\u0085\u00A0\u1680\u2000-\u200A\u202F\u205F\u2800\u3000]+';
    found record;
    wanted text;
begin
    if getdatabaseencoding() <> 'UTF8' then
        return;
    end if;
    for found in
        select id, name, name_key, subdomain
        from environments
        order by created_at, id
    loop
        wanted := regexp_replace(found.name_key, invisible, '', 'g');
        wanted := btrim(regexp_replace(wanted, space, ' ', 'g'));
        if wanted = '' then
            update environments
            set name = found.subdomain
            where id = found.id;
            wanted := found.subdomain;
        end if;
        wanted := replace(replace(replace(wanted, 'ß', 'ss'), 'ẞ', 'ss'), 'ς', 'σ');
        if wanted <> found.name_key then
            begin
                update environments
                set name_key = wanted
                where id = found.id;
            exception
                when unique_violation then null;
            end;
        end if;
    end loop;
end
$$;
