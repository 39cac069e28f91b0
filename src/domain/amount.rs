//! Amounts that are limited: how they are typed, shown, and stored as numbers.

use std::fmt;

/// The most of anything that is counted.
const MOST: i32 = 1_000_000;
/// In MiB: what any container needs, and a TiB.
const MEMORY: std::ops::RangeInclusive<i32> = 64..=1_048_576;
/// In hundredths.
const CPUS: std::ops::RangeInclusive<i32> = 10..=100_000;
const MIB_OF_GIB: i32 = 1_024;

/// An amount that a limit may be of.
pub trait Amount: Copy + Ord + fmt::Display {
    /// Reads what was typed; `None` when it is no such amount, or out of range.
    fn parse(typed: &str) -> Option<Self>;

    /// The number that is stored; never negative.
    fn number(self) -> i32;

    /// The amount of a stored number.
    fn of_number(number: i32) -> Self;
}

/// A number of environments or deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(i32);

impl Count {
    /// Whether there are so many already, or more.
    pub fn is_reached_by(self, count: i64) -> bool {
        count >= i64::from(self.0)
    }
}

impl Amount for Count {
    fn parse(typed: &str) -> Option<Self> {
        let is_plain = typed.bytes().all(|byte| byte.is_ascii_digit());
        let number = typed.parse().ok().filter(|_| is_plain)?;
        (0..=MOST).contains(&number).then_some(Self(number))
    }

    fn number(self) -> i32 {
        self.0
    }

    fn of_number(number: i32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Memory of a container, in MiB; written as Docker reads it: `512m`, `2g`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory(i32);

impl Amount for Memory {
    fn parse(typed: &str) -> Option<Self> {
        let typed = typed.to_ascii_lowercase();
        let end = typed.find(|c: char| c != '.' && !c.is_ascii_digit())?;
        let (number, unit) = typed.split_at(end);
        let mib = match unit.trim_start() {
            "m" | "mb" | "mib" => 1,
            "g" | "gb" | "gib" => MIB_OF_GIB,
            _ => return None,
        };
        let mib = i64::from(hundredths(number)?) * i64::from(mib) / 100;
        let mib = i32::try_from(mib).ok()?;
        MEMORY.contains(&mib).then_some(Self(mib))
    }

    fn number(self) -> i32 {
        self.0
    }

    fn of_number(number: i32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            mib if mib % MIB_OF_GIB == 0 => write!(f, "{}g", mib / MIB_OF_GIB),
            mib => write!(f, "{mib}m"),
        }
    }
}

/// CPUs of a container, in hundredths; written as Docker reads them: `2`, `1.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cpus(i32);

impl Amount for Cpus {
    fn parse(typed: &str) -> Option<Self> {
        let number = hundredths(typed)?;
        CPUS.contains(&number).then_some(Self(number))
    }

    fn number(self) -> i32 {
        self.0
    }

    fn of_number(number: i32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole}"),
            tenths if tenths % 10 == 0 => write!(f, "{whole}.{}", tenths / 10),
            rest => write!(f, "{whole}.{rest:02}"),
        }
    }
}

/// A number with at most two digits after its point, times a hundred.
fn hundredths(typed: &str) -> Option<i32> {
    let (whole, rest) = typed.split_once('.').unwrap_or((typed, "0"));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(rest) || !(1..=2).contains(&rest.len()) {
        return None;
    }
    let rest: i32 = format!("{rest:0<2}").parse().ok()?;
    whole
        .parse::<i32>()
        .ok()?
        .checked_mul(100)?
        .checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T: Amount + fmt::Debug>(typed: &str) -> Option<String> {
        let parsed = T::parse(typed)?;
        assert_eq!(T::of_number(parsed.number()), parsed, "{typed}");
        Some(parsed.to_string())
    }

    #[test]
    fn memory_is_a_number_and_a_unit_that_docker_knows() {
        for (typed, memory) in [
            ("512m", "512m"),
            ("512 MB", "512m"),
            ("2g", "2g"),
            ("2GiB", "2g"),
            ("1.5g", "1536m"),
            ("0.25G", "256m"),
            ("2048m", "2g"),
            ("64m", "64m"),
            ("1024g", "1024g"),
        ] {
            assert_eq!(shown::<Memory>(typed).as_deref(), Some(memory), "{typed}");
        }
        for typed in [
            "",
            "2",
            "g",
            "2t",
            "2gg",
            "63m",
            "1025g",
            "-2g",
            "1.234g",
            "1..5g",
            ".5g",
            "1,5g",
            "2 g b",
            "99999999999g",
            "٢g",
        ] {
            assert_eq!(shown::<Memory>(typed), None, "{typed}");
        }
    }

    #[test]
    fn cpus_are_a_number_with_at_most_two_digits_after_its_point() {
        for (typed, cpus) in [
            ("2", "2"),
            ("1.5", "1.5"),
            ("1.50", "1.5"),
            ("0.25", "0.25"),
            ("1.05", "1.05"),
            ("0.1", "0.1"),
            ("1000", "1000"),
        ] {
            assert_eq!(shown::<Cpus>(typed).as_deref(), Some(cpus), "{typed}");
        }
        for typed in [
            "", "0", "0.09", "1000.01", "1.", ".5", "1,5", "-1", "two", "1.555", "99999999",
        ] {
            assert_eq!(shown::<Cpus>(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number() {
        for typed in ["0", "3", "1000000"] {
            assert_eq!(shown::<Count>(typed).as_deref(), Some(typed));
        }
        for typed in ["", "-1", "+1", "1.5", "1000001", "many"] {
            assert_eq!(shown::<Count>(typed), None, "{typed}");
        }
        let three = Count::parse("3").unwrap();
        assert!(!three.is_reached_by(2) && three.is_reached_by(3) && three.is_reached_by(5));
    }
}
