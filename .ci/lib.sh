# Shared by the end-to-end checks: named checks that are counted, processes that are ended by their number.
# shellcheck shell=bash

work=$(mktemp -d)
passed=0
failed=0

# start NAME COMMAND...: runs it in the background, output to $work/NAME.log. Its number and later its exit status
# are files, so that one check may end what another has started.
start() {
    local name=$1
    shift
    rm -f "$work/$name.pid" "$work/$name.status"
    {
        "$@" &
        echo "$!" >"$work/$name.pid.new"
        mv "$work/$name.pid.new" "$work/$name.pid"
        code=0
        wait "$!" || code=$?
        echo "$code" >"$work/$name.status"
    } >"$work/$name.log" 2>&1 </dev/null 3>&- &
    eventually 5 test -e "$work/$name.pid"
}

# stop NAME [SIGNAL]: ends it, by KILL after 15 s; prints its exit status.
stop() {
    local pid
    pid=$(cat "$work/$1.pid")
    kill "-${2:-TERM}" "$pid" 2>/dev/null || :
    if ! eventually 15 test -s "$work/$1.status"; then
        kill -KILL "$pid" 2>/dev/null || :
        eventually 5 test -s "$work/$1.status" || :
    fi
    cat "$work/$1.status"
}

end_all() {
    local each
    for each in "$work"/*.pid; do
        [ -e "$each" ] || continue
        each=${each##*/}
        each=${each%.pid}
        [ -e "$work/$each.status" ] || stop "$each" >"$work/ended"
    done
    rm -rf "$work"
}
trap end_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# await NAME PATTERN [SECONDS]: until a line of NAME's log matches; fails when the time is up.
await() {
    local try
    for ((try = 0; try < ${3:-20} * 20; try++)); do
        grep -Eq -- "$2" "$work/$1.log" && return 0
        sleep 0.05
    done
    echo "no line matching '$2' within ${3:-20} s; $1 said:"
    tail -n 20 "$work/$1.log"
    return 1
}

# eventually SECONDS COMMAND...: until it succeeds; fails when the time is up.
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# check CLAIM COMMAND...: one counted check; what the command prints is shown only if it fails.
check() {
    local claim=$1 code=0
    shift
    # A subshell, so that -e holds inside: a function called in a condition runs on after a failing line.
    set +e
    (set -e; "$@") >"$work/check.out" 2>&1 </dev/null
    code=$?
    set -e
    if [ "$code" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $claim"
    else
        failed=$((failed + 1))
        echo "FAILED  $claim (exit $code)"
        sed 's/^/        /' "$work/check.out" | tail -n 40
    fi
}

# exits STATUS COMMAND...: it ends with that status within 30 s.
exits() {
    local expected=$1 code=0
    shift
    timeout 30 "$@" || code=$?
    [ "$code" = "$expected" ] || { echo "exit $code instead of $expected: $*"; return 1; }
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The port at the end of the first line of NAME's log that matches PATTERN.
port_in() {
    grep -Em 1 -- "$2" "$work/$1.log" | sed 's/.*:\([0-9][0-9]*\).*/\1/'
}

closing_line() {
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}
