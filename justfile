set positional-arguments

# List the recipes.
default:
    @just --list

# Run the whole product on this computer, with a simulated Coolify.
demo *arguments:
    scripts/demo "$@"

# The same, with a detailed log.
dev *arguments:
    RUST_LOG="${RUST_LOG:-info,sqlxmq=warn,vps_claude=debug}" scripts/demo "$@"

# Run the tests, or those of a kind: pure, stories, browser, endurance.
test *arguments:
    scripts/test "$@"

# Mutate the domain and the guard, and list the changes that their tests do not detect.
mutants *arguments:
    scripts/mutants "$@"

# Run all checks that must pass before a commit.
ci:
    .ci/run

# Check the licences, sources, versions and advisories of the dependencies.
deny:
    scripts/deny

# Try an archive of a release in roots of Debian that have no packages, as root.
fresh *arguments:
    scripts/fresh "$@"

# Measure size, start and memory of the executable, of a release or the given one.
footprint *arguments:
    scripts/footprint "$@"

# Make the archives of a release with checksums and bills of materials, for this machine's target or the named ones.
release *targets:
    scripts/release "$@"

# Run the command of every claim in README.md.
claims:
    scripts/claims

# Upgrade from the previous release in the middle of fifty deployments, and try the migrations on large tables.
upgrade *arguments:
    scripts/upgrade "$@"

# Run all tests three times beside two busy processes.
loaded *arguments:
    scripts/loaded "$@"

# Regenerate .sqlx/ after a change of SQL; `--check` only compares.
prepare *arguments:
    scripts/prepare "$@"

# Take screenshots of every page; the folder is target/screenshots unless named.
screenshots *arguments:
    scripts/screenshots "$@"

# Hold the API of the demo against its own description with Schemathesis.
schemathesis *arguments:
    scripts/schemathesis "$@"

# Measure the demo's pages with Lighthouse.
lighthouse *arguments:
    scripts/lighthouse "$@"
