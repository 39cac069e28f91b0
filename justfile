set positional-arguments

# List the recipes.
default:
    @just --list

# Run the whole product on this computer, with a simulated Coolify.
demo *arguments:
    scripts/demo "$@"

# The same, with its own log in detail.
dev *arguments:
    RUST_LOG="${RUST_LOG:-info,sqlxmq=warn,vps_claude=debug}" scripts/demo "$@"

# Run the tests, or those of a kind: pure, stories, browser, endurance.
test *arguments:
    scripts/test "$@"

# Make small changes to the domain and the guard, and list those that no test of theirs notices.
mutants *arguments:
    scripts/mutants "$@"

# Check everything that must hold before a commit.
ci:
    .ci/run

# Run the command of every claim in README.md.
claims:
    scripts/claims

# Run all tests three times beside two busy processes.
loaded *arguments:
    scripts/loaded "$@"

# Write .sqlx/ anew after a change of SQL; `--check` only compares.
prepare *arguments:
    scripts/prepare "$@"

# Make pictures of every page; the folder is target/screenshots unless named.
screenshots *arguments:
    scripts/screenshots "$@"
