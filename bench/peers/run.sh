#!/usr/bin/env bash
# Measures this service, Celery's result backends and BullMQ; see docs/peers.md.
#
#   npm run build && bench/peers/run.sh [--seconds 2] [--rounds 3] [--only enqueue,store,read,notify]
#
# Starts a MariaDB and two Redis servers of its own, on a temporary folder and free ports, and ends all that it started,
# however it ends.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=$root/node_modules/.cache/taskresults-peers
PATH=$PATH:/usr/sbin:/usr/local/sbin

need() { # <program> <line that installs it>
  command -v "$1" >/dev/null && return
  printf '%s is missing. This installs it:\n  %s\n' "$1" "$2" >&2
  exit 1
}
need node 'see "Start" in README.md'
need redis-server 'apt-get update && apt-get install -y redis-server'
need mariadbd 'apt-get update && apt-get install -y mariadb-server'
need mariadb-install-db 'apt-get update && apt-get install -y mariadb-server'
need python3 'apt-get update && apt-get install -y python3 python3-venv'
[ -e "$root/dist/main.js" ] || { printf 'the service is not built. This builds it:\n  npm ci && npm run build\n' >&2; exit 1; }

install() { # <file that says what> <command…>: unless what is installed is what the file says
  local wanted=$1 mark
  mark=$cache/$(basename "$wanted").installed
  shift
  cmp -s "$wanted" "$mark" && return
  if ! "$@" >"$cache/install.log" 2>&1; then
    cat "$cache/install.log" >&2
    printf 'this failed:\n  %s\n' "$*" >&2
    exit 1
  fi
  cp "$wanted" "$mark"
}
install_python() {
  python3 -m venv --clear "$cache/venv" && "$cache/venv/bin/pip" install --disable-pip-version-check -r "$here/requirements.txt"
}
install_node() {
  cp "$here/package.json" "$cache/package.json" && npm install --prefix "$cache" --no-audit --no-fund --no-package-lock
}
mkdir -p "$cache"
install "$here/requirements.txt" install_python
install "$here/package.json" install_node

folder=$(mktemp -d "${TMPDIR:-/tmp}/taskresults-peers-XXXXXX")
started=()
finish() {
  trap '' INT TERM HUP
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Where there is setpriv, the system ends the servers even if this script is killed with KILL.
tied=()
command -v setpriv >/dev/null && tied=(setpriv --pdeathsig KILL)

start() { # <name> <command…>
  local name=$1
  shift
  "${tied[@]}" "$@" >"$folder/$name.log" 2>&1 &
  started+=($!)
}

answers() { # <name> <port>: waits for the server that was started last
  for _ in $(seq 300); do
    (: <>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && return
    kill -0 "${started[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  cat "$folder/$1.log" >&2
  echo "$1 did not start" >&2
  exit 1
}

read -r PEERS_MARIADB_PORT PEERS_REDIS_PORT PEERS_REDIS_ALWAYS_PORT PEERS_OURS_PORT PEERS_UNCACHED_PORT < <(node -e '
  const servers = [1, 2, 3, 4, 5].map(() => require("node:net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => {
    console.log(...servers.map((server) => server.address().port));
    for (const server of servers) server.close();
  }, 50);
')
export PEERS_MARIADB_PORT PEERS_REDIS_PORT PEERS_REDIS_ALWAYS_PORT PEERS_OURS_PORT PEERS_UNCACHED_PORT

as_root=()
[ "$(id -u)" = 0 ] && as_root=(--user=root)
mariadb-install-db --no-defaults --datadir="$folder/mariadb" --tmpdir="$folder" --skip-test-db \
  --auth-root-authentication-method=normal "${as_root[@]}" >"$folder/install-db.log"
start mariadb mariadbd --no-defaults --datadir="$folder/mariadb" --tmpdir="$folder" --socket="$folder/sock" \
  --pid-file="$folder/pid" --bind-address=127.0.0.1 --port="$PEERS_MARIADB_PORT" \
  --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=256M --max-connections=300 "${as_root[@]}"
answers mariadb "$PEERS_MARIADB_PORT"

for fsync in everysec always; do
  mkdir "$folder/redis-$fsync"
  [ $fsync = everysec ] && port=$PEERS_REDIS_PORT || port=$PEERS_REDIS_ALWAYS_PORT
  start "redis-$fsync" redis-server --bind 127.0.0.1 --port "$port" --dir "$folder/redis-$fsync" --daemonize no \
    --save '' --appendonly yes --appendfsync $fsync --maxmemory-policy noeviction
  answers "redis-$fsync" "$port"
done

cd "$root"
node -e '
  const { createConnection } = require("mysql2/promise");
  (async () => {
    const connection = await createConnection(`mysql://root@127.0.0.1:${process.env.PEERS_MARIADB_PORT}/mysql`);
    for (const name of ["ours", "uncached", "celery"]) await connection.query(`CREATE DATABASE ${name}`);
    await connection.end();
  })();
'
serve() { # <database> <port> <flags…>
  start "$1" node "$root/dist/main.js" serve --port "$2" --migrate --log-level warn \
    --database-url "mysql://root@127.0.0.1:$PEERS_MARIADB_PORT/$1" "${@:3}"
  answers "$1" "$2"
}
serve ours "$PEERS_OURS_PORT"
serve uncached "$PEERS_UNCACHED_PORT" --cache-size 0

export PEERS_TIED="${tied[*]}"
export PEERS_PYTHON=$cache/venv/bin/python
export NODE_PATH=$cache/node_modules
PEERS_VERSIONS="Node.js $(node --version)
$("$PEERS_PYTHON" --version)
$(sed 's/==/ /' "$here/requirements.txt")
$(node -p 'Object.entries(require(process.argv[1]).dependencies).map((each) => each.join(" ")).join("\n")' "$here/package.json")
Redis $(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/')
MariaDB $(mariadbd --version | sed 's/.*Ver \([^-]*\).*/\1/')"
export PEERS_VERSIONS

# In the background, so that a signal is taken at once.
"${tied[@]}" node "$here/turns.js" "$@" &
started+=($!)
wait $!
