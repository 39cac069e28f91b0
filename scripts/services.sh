# shellcheck shell=bash
# A private PostgreSQL and Redis on 127.0.0.1, for the scripts beside this file, which source it.
# It must not know what runs against them.
#
# The order of use: require, trap stop_services EXIT, use_folder, start_postgres, start_redis, run.
# A folder holds the logs and `services/`, which belongs to whoever runs the servers: PostgreSQL refuses to run as root.

job=
asked_at=
pids=()

say() { printf '%s: %s\n' "${0##*/}" "$1" >&2; }
die() { say "$1"; exit 1; }

# A shell makes what it starts with `&` ignore SIGINT, and bash cannot undo that from inside.
if [[ $(trap -p INT) == "trap -- ''"* ]]; then exec env --default-signal=INT "$BASH" "scripts/${0##*/}" "$@"; fi

[ -d /proc/self/fd ] || die "this needs Linux; elsewhere use docker compose and cargo run."

# Makes sure of the named Debian packages, or programs of their kind: root gets them installed, anybody else is told.
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
    *) type -P "$1" >/dev/null ;;
  esac
}

# The folder that has every program needed and working; Debian keeps them out of PATH, one folder for each version.
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

# Only the programs are wanted: what would make a cluster or register and start a service is replaced by `true`.
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

# Takes a folder for this run alone, and makes `services/` in it for an unprivileged owner.
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

# Starts PostgreSQL with `fsync=on`, or `fsync=off` for data that may be lost with the machine; exports DATABASE_URL.
start_postgres() {
  [ -d "$folder/services/pg" ] || create_cluster
  end_orphan "$folder/services/pg"
  start_server postgres "$postgres_bin/postgres" -D /proc/self/fd/8/pg -p PORT \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c "$1"
  DATABASE_URL="postgres://postgres:$(<"$folder/services/password")@127.0.0.1:$port/vps_claude"
  export DATABASE_URL
}

# Made beside its place and moved there when it is whole, so that an interrupted first start leaves no half cluster.
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

# A run that was killed may have left its PostgreSQL behind: it ends before the next one begins. A process that only
# happens to have the same number works in another folder; PostgreSQL itself could not tell and would refuse to start.
end_orphan() {
  local pid=
  { read -r pid <"$1/postmaster.pid"; } 2>/dev/null || [ -n "$pid" ] || return 0
  if [ "/proc/$pid/cwd" -ef "$1" ]; then kill -INT "$pid" || true; else rm -f "$1/postmaster.pid"; fi
  while [ "/proc/$pid/cwd" -ef "$1" ]; do sleep 0.1; done
}

# Starts a Redis that keeps nothing and exports REDIS_URL.
start_redis() {
  start_server redis "$redis" --bind 127.0.0.1 --port PORT --dir /proc/self/fd/8 --save '' --appendonly no \
    --databases 1000
  export REDIS_URL="redis://127.0.0.1:$port"
}

# Starts a server, by name and command, on a free port, which it leaves in `port` and puts where the command says PORT.
# The server has a process group of its own: a Ctrl-C in the terminal must not end it before what uses it.
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

# A port nobody answers on, below those the kernel gives to outgoing connections.
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

# PostgreSQL writes its number into the first line of this file and its state into the eighth.
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

# Becomes the given program as the owner of `services/`, with that folder as descriptor 8: it may lie where its owner
# may not go, below /root for one. Should this script be killed, the program is told to stop.
as_owner() {
  local identity=()
  ((EUID)) || read -ra identity < <(stat -c '--clear-groups --reuid=%u --regid=%g' "$folder/services")
  cd /
  exec setpriv "${identity[@]}" --pdeathsig INT "$@" 8<"$folder/services" 9>&-
}

# Runs a command to its end and returns how it ended. It has a process group of its own, so that a Ctrl-C reaches it
# once, through stop_job, and so that nothing it started outlives it. It does not outlive this script either.
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

# The first signal asks what runs to stop and lets it finish; one that comes later does not wait any more.
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

# For the EXIT trap: ends the servers, the last one first.
stop_services() {
  local index
  trap '' INT TERM HUP
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    kill -INT "${pids[index]}" 2>/dev/null || true
    wait "${pids[index]}" || true
  done
}
