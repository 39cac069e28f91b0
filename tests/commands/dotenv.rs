//! The file `.env`: it is read, the surroundings go before it, and what is odd about it is one line without secrets.

use crate::program::Program;

/// What is said when nothing is wrong but that nothing is set.
const NOTHING_SET: &str = "COOLIFY_API_URL is missing: ";
const READ: &str = "LOG_FORMAT is wrong: ";

#[test]
fn it_is_read_in_each_way_people_write_it() {
    for content in [
        "LOG_FORMAT=xml",
        "# how the log is written\n\nexport LOG_FORMAT=\"xml\" # not a format\n",
        "LOG_FORMAT='xml'\r\n",
        "\u{feff}LOG_FORMAT = xml\n",
    ] {
        Program::new(&[])
            .dotenv(content)
            .run()
            .with(2)
            .says_only(READ);
    }
}

#[test]
fn the_example_is_read_to_its_end() {
    let example = include_str!("../../.env.example");
    let first_to_fill_in = "COOLIFY_API_URL is missing: ";
    let program = Program::new(&[]).dotenv(example);
    program.run().with(2).says_only(first_to_fill_in);
}

#[test]
fn the_surroundings_go_before_it_even_where_they_are_blank() {
    for surroundings in ["text", ""] {
        Program::new(&[])
            .dotenv("LOG_FORMAT=xml")
            .with("LOG_FORMAT", surroundings)
            .run()
            .with(2)
            .says_only(NOTHING_SET);
    }
}

#[test]
fn without_it_everything_is_as_the_surroundings_say() {
    Program::new(&[]).run().with(2).says_only(NOTHING_SET);
}

#[test]
fn one_in_a_folder_above_is_of_something_else() {
    for content in ["LOG_FORMAT=xml", "cannot be read"] {
        let program = Program::new(&[]).dotenv(content).in_a_folder_below();
        program.run().with(2).says_only(NOTHING_SET);
    }
}

#[test]
fn a_dollar_sign_names_a_variable_but_in_single_quotes() {
    for (written, token) in [
        ("COOLIFY_API_TOKEN='$HIDDEN'", "***"),
        ("LISTEN='a$HIDDEN'", "a$HIDDEN"),
        ("LISTEN=\"a${HIDDEN}\"", "ab"),
        ("LISTEN=a$HIDDEN", "ab"),
        ("LISTEN=a${HIDDEN}", "ab"),
        ("LISTEN=a$ABSENT", "a"),
        ("LISTEN=a\\$HIDDEN", "a$HIDDEN"),
    ] {
        let name = written.split('=').next().unwrap();
        let config = Program::new(&["config"]).with("HIDDEN", "b");
        let ended = config.dotenv(written).run().with(2);
        let line = ended
            .text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap();
        let shown = line.split_whitespace().nth(1).unwrap();
        assert_eq!(shown, token, "{written}: {line}");
        assert!(line.contains("(.env)"), "{line}");
    }
}

#[test]
fn one_that_cannot_be_read_is_a_line_that_keeps_its_secrets() {
    let first = ".env is wrong: its first line cannot be read";
    let second = ".env is wrong: the line after that of LISTEN cannot be read";
    for (content, said) in [
        (&b"COOLIFY_API_TOKEN=1|hi den\n"[..], first),
        (
            b"DATABASE_URL=postgres://vps:hidden@db/vps?sslmode=on or off\n",
            first,
        ),
        (b"LISTEN=127.0.0.1:0\nCOOLIFY_API_TOKEN='1|hidden\n", second),
        (b"LISTEN=127.0.0.1:0\n\nhidden\nDATABASE_URL=\n", second),
        (
            b"COOLIFY_API_TOKEN=\xff\xfe\n",
            ".env is wrong: the file cannot be read: ",
        ),
    ] {
        let ended = Program::new(&[])
            .dotenv(content)
            .run()
            .with(2)
            .says_only(said);
        ended
            .says_nothing_of("hi den")
            .says_nothing_of("hidden")
            .says_nothing_of("sslmode");
    }
}

#[test]
fn one_that_is_no_file_is_a_line_that_says_so() {
    let said = ".env is wrong: the file cannot be read: ";
    let folder = Program::new(&[]).dotenv_that_is_a_folder();
    folder.run().with(2).says_only(said);
    for target in ["nowhere", ".env"] {
        let link = Program::new(&[]).dotenv_that_is_a_link_to(target);
        link.run().with(2).says_only(said);
    }
}
