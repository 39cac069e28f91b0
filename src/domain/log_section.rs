//! The sections of Coolify's log of a deployment, known by what Coolify writes when one begins.

/// A section, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogSection {
    /// What comes before the first words that are known.
    Beginning = 0,
    Repository = 1,
    Image = 2,
    Container = 3,
}

impl LogSection {
    /// All sections, in their order.
    pub const ALL: [Self; 4] = [
        Self::Beginning,
        Self::Repository,
        Self::Image,
        Self::Container,
    ];

    /// The section that an entry begins. The words are those of Coolify's `ApplicationDeploymentJob`, 4.0 to 4.3.
    pub fn begun_by(output: &str) -> Option<Self> {
        let output = output.trim_start();
        let begins = |words: &[&str]| words.iter().any(|words| output.starts_with(words));
        if begins(&["Importing "]) {
            Some(Self::Repository)
        } else if begins(&["Building docker image started"]) {
            Some(Self::Image)
        } else if begins(&["Rolling update started", "Stopping running container"]) {
            Some(Self::Container)
        } else {
            None
        }
    }

    /// The section after an entry: a log never goes back to an earlier one.
    #[must_use]
    pub fn after(self, output: &str) -> Self {
        Self::begun_by(output).map_or(self, |begun| begun.max(self))
    }

    /// The value in the database.
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The section with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|section| section.number() == number)
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Beginning => "Beginning",
            Self::Repository => "Reading the repository",
            Self::Image => "Building the image",
            Self::Container => "Starting the container",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LogSection::{Beginning, Container, Image, Repository};
    use super::*;

    #[test]
    fn a_section_begins_with_coolifys_words_and_goes_on_until_the_next() {
        let mut section = Beginning;
        for (output, expected) in [
            ("Starting deployment of a/b:main to localhost.", Beginning),
            ("Preparing container with helper image: c.", Beginning),
            ("\nImporting a/b:main (commit sha 0a) to /d.", Repository),
            ("Building docker image started.", Image),
            ("#5 Importing the cache", Image),
            ("Importing a cache", Image),
            ("Building docker image completed.", Image),
            ("Rolling update started.", Container),
            ("New container started.", Container),
        ] {
            section = section.after(output);
            assert_eq!(section, expected, "{output}");
        }
        assert_eq!(Image.after("Stopping running container."), Container);
    }

    #[test]
    fn numbers_are_those_of_the_database_and_every_section_has_its_title() {
        for (number, title) in [
            (0, "Beginning"),
            (1, "Reading the repository"),
            (2, "Building the image"),
            (3, "Starting the container"),
        ] {
            let section = LogSection::from_number(number).unwrap();
            assert_eq!((section.number(), section.title()), (number, title));
        }
        assert_eq!(LogSection::from_number(4), None);
    }
}
