# shellcheck shell=bash
# A private PostgreSQL and Redis on 127.0.0.1, sourced by the other scripts in this folder.
# It must not know what runs against them.
#
# Call order: require, trap stop_services EXIT, use_folder, start_postgres, start_redis, run.
# A folder holds the logs and `services/`, owned by the user who runs the servers: PostgreSQL refuses to run as root.

job=
asked_at=
pids=()

say() { printf '%s: %s\n' "${0##*/}" "$1" >&2; }
die() { say "$1"; exit 1; }

# A shell makes background jobs ignore SIGINT, and bash cannot undo that from inside.
if [[ $(trap -p INT) == "trap -- ''"* ]]; then exec env --default-signal=INT "$BASH" "scripts/${0##*/}" "$@"; fi

[ -d /proc/self/fd ] || die "this needs Linux; elsewhere use docker compose and cargo run."

# Ensures the named Debian packages or equivalent programs: installs them as root, otherwise prints what is missing.
require() {
  local package missing=()
  for package; do present "$package" || missing+=("$package"); done
  ((${#missing[@]})) || return 0
  if ((EUID)) || ! command -v apt-get >/dev/null; then die "please install first: ${missing[*]}."; fi
  say "installing ${missing[*]}"
  install_packages "${missing[@]}" || die "${missing[*]} could not be installed."
  for package in "${missing[@]}"; do present "$package" || die "$package is installed but does not run."; done
}

present() {
  case $1 in
    postgresql) find_postgres ;;
    redis-server) redis=$(type -P redis-server || type -P valkey-server) ;;
    chromium) CHROMIUM=${CHROMIUM:-$(type -P chromium || type -P chromium-browser || type -P google-chrome)} ;;
    chromium-driver) CHROMEDRIVER=${CHROMEDRIVER:-$(type -P chromedriver)} ;;
    pgbouncer) PGBOUNCER=${PGBOUNCER:-$(PATH=$PATH:/usr/sbin type -P pgbouncer)} ;;
    nginx-light) NGINX=${NGINX:-$(PATH=$PATH:/usr/sbin type -P nginx)} ;;
    *) type -P "$1" >/dev/null ;;
  esac
}

# The folder with all needed programs; Debian keeps them out of PATH, in one folder per version.
find_postgres() {
  local folder program newest_first
  newest_first=$(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV)
  for folder in $newest_first ${PATH//:/ }; do
    for program in initdb postgres psql; do
      "$folder/$program" --version >/dev/null 2>&1 || continue 2
    done
    postgres_bin=$folder
    return 0
  done
  return 1
}

# Only the programs are needed: commands that would create a cluster or start a service are replaced by `true`.
install_packages() {
  local stubs log name status=0
  local -x DEBIAN_FRONTEND=noninteractive
  stubs=$(mktemp -d)
  log=$stubs/log
  for name in pg_createcluster invoke-rc.d update-rc.d deb-systemd-invoke deb-systemd-helper; do
    ln -s "$(type -P true)" "$stubs/$name"
  done
  chmod 755 "$stubs"
  { apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 \
    -o DPkg::Path="$stubs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"; } \
    </dev/null >"$log" 2>&1 || { status=1; tail -n 20 "$log" >&2; }
  rm -rf "$stubs"
  return "$status"
}

# Creates a folder for this run only, and `services/` in it for an unprivileged owner.
use_folder() {
  mkdir -p "$1"
  [ -O "$1" ] || die "$1 belongs to somebody else: remove it or name another folder."
  folder=$(cd "$1" && pwd)
  exec 9>"$folder/lock"
  flock -n 9 || die "$folder is in use by another run."
  [ -d "$folder/services" ] || mkdir -m 700 "$folder/services"
  if ((EUID == 0)) && [ -O "$folder/services" ]; then
    chown "$(id -un postgres 2>/dev/null || id -un nobody):" "$folder/services"
  fi
}

# Starts PostgreSQL with `fsync=on`, or `fsync=off` for disposable data; exports DATABASE_URL.
start_postgres() {
  [ -d "$folder/services/pg" ] || create_cluster
  end_orphan "$folder/services/pg"
  start_server postgres "$postgres_bin/postgres" -D /proc/self/fd/8/pg -p PORT \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c "$1"
  DATABASE_URL="postgres://postgres:$(<"$folder/services/password")@127.0.0.1:$port/vps_claude"
  export DATABASE_URL
}

# Created beside its final path and moved there when complete, so that an interrupted first start leaves no partial
# cluster.
create_cluster() {
  local services=$folder/services log=$folder/initdb.log
  rm -rf "$services/pg.new"
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$services/password")
  chown --reference="$services" "$services/password"
  if ! (as_owner "$postgres_bin/initdb" -D /proc/self/fd/8/pg.new -U postgres --encoding=UTF8 --locale=C.UTF-8 \
    --auth=password --pwfile=/proc/self/fd/8/password) </dev/null >"$log" 2>&1 ||
    ! (as_owner "$postgres_bin/postgres" --single -D /proc/self/fd/8/pg.new postgres) \
      <<<'create database vps_claude' >>"$log" 2>&1; then
    tail -n 5 "$log" >&2
    die "the database could not be made; the reason is above."
  fi
  mv "$services/pg.new" "$services/pg"
}

# A killed run may have left its PostgreSQL running, so that is stopped first. An unrelated process with the same pid
# works in another folder; PostgreSQL itself cannot tell the difference and would refuse to start.
end_orphan() {
  local pid=
  { read -r pid <"$1/postmaster.pid"; } 2>/dev/null || [ -n "$pid" ] || return 0
  if [ "/proc/$pid/cwd" -ef "$1" ]; then kill -INT "$pid" || true; else rm -f "$1/postmaster.pid"; fi
  while [ "/proc/$pid/cwd" -ef "$1" ]; do sleep 0.1; done
}

# Starts a Redis without persistence and exports REDIS_URL.
start_redis() {
  start_server redis "$redis" --bind 127.0.0.1 --port PORT --dir /proc/self/fd/8 --save '' --appendonly no \
    --databases 1000
  export REDIS_URL="redis://127.0.0.1:$port"
}

# Starts a server, by name and command, on a free port, which it stores in `port` and substitutes for PORT in the
# command. The server has its own process group: a Ctrl-C in the terminal must not end it before the processes that use
# it.
start_server() {
  local name=$1
  shift
  for _ in 1 2 3; do
    port=$(free_port)
    set -m
    as_owner "${@//PORT/$port}" </dev/null >"$folder/$name.log" 2>&1 &
    set +m
    pids+=($!)
    if wait_until_ready "$name" $!; then return; fi
  done
  tail -n 5 "$folder/$name.log" >&2
  die "$name does not start; its log is above. If the data is from another version, remove $folder."
}

# A free port, below those that the kernel uses for outgoing connections.
free_port() {
  local candidate
  while candidate=$(shuf -i 20000-31999 -n 1) && (: <"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; do :; done
  printf '%s' "$candidate"
}

wait_until_ready() {
  local deadline=$((SECONDS + 60))
  while kill -0 "$2" 2>/dev/null && ((SECONDS < deadline)); do
    if "$1_is_ready" "$2"; then return 0; fi
    sleep 0.1
  done
  return 1
}

# PostgreSQL writes its pid into the first line of this file and its state into the eighth.
postgres_is_ready() {
  local lines=()
  { mapfile -t lines <"$folder/services/pg/postmaster.pid"; } 2>/dev/null
  [ "${lines[0]-}" = "$1" ] && [[ ${lines[7]-} == ready* ]]
}

redis_is_ready() {
  local answer=
  { exec 7<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
  printf 'PING\r\n' >&7
  read -r -t 1 answer <&7 || true
  exec 7>&-
  [[ $answer == +PONG* ]]
}

# Becomes the given program as the owner of `services/`, with that folder as descriptor 8: its path may be inaccessible
# to the owner, as below /root. If this script is killed, the program receives a signal to stop.
as_owner() {
  local identity=()
  ((EUID)) || read -ra identity < <(stat -c '--clear-groups --reuid=%u --regid=%g' "$folder/services")
  cd /
  exec setpriv "${identity[@]}" --pdeathsig INT "$@" 8<"$folder/services" 9>&-
}

# Runs a command and returns its exit status. It has its own process group, so that a Ctrl-C reaches it only
# once, through stop_job, and so that none of its children outlive it. It does not outlive this script either.
run() {
  local status=0
  set -m
  setpriv --pdeathsig KILL "$@" </dev/null 9>&- &
  job=$!
  set +m
  while :; do
    status=0
    wait "$job" || status=$?
    kill -0 "$job" 2>/dev/null || break
  done
  kill -KILL -- "-$job" 2>/dev/null || true
  job=
  return "$status"
}

# The first signal asks the job to stop and waits for it; a later one no longer waits.
stop_job() {
  [ -n "$job" ] || exit 130
  if [ -z "$asked_at" ]; then
    asked_at=$SECONDS
    kill -TERM -- "-$job" || true
  elif ((SECONDS > asked_at + 1)); then
    kill -KILL -- "-$job" || true
  fi
}
trap stop_job INT TERM HUP

# For the EXIT trap: stops the servers in reverse order.
stop_services() {
  local index
  trap '' INT TERM HUP
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    kill -INT "${pids[index]}" 2>/dev/null || true
    wait "${pids[index]}" || true
  done
}
