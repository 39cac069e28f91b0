# shellcheck shell=bash
# Starts the demo for whatever looks at it from outside. Sourced after services.sh.

# Starts the demo with its data and a database of its own in this folder, on a free port; sets `url`. Its profile is PROFILE (dev).
start_demo() {
  demo_folder=$1
  use_folder "$1"
  export SQLX_OFFLINE=true DATA_DIR=$demo_folder/data DATABASE_URL='' DATABASE_URL_FILE='' REDIS_URL='' REDIS_URL_FILE='' LISTEN
  run cargo build --locked --profile "${PROFILE:-dev}"
  LISTEN=127.0.0.1:$(free_port)
  # shellcheck disable=SC2034 # It is for whoever sources this.
  url=http://$LISTEN
  set -m
  setpriv --pdeathsig TERM cargo run --quiet --locked --profile "${PROFILE:-dev}" -- demo --with-data \
    </dev/null >"$demo_folder/demo.log" 2>&1 9>&- &
  set +m
  pids+=($!)
  # Its data takes up to two minutes.
  for _ in 1 2 3; do
    if wait_until_ready demo $!; then return; fi
  done
  tail -n 5 "$demo_folder/demo.log" >&2
  die "the demo does not start; its log is above."
}

demo_is_ready() { grep -q 'vps-claude is ready' "$demo_folder/demo.log"; }
