#!/bin/bash
# Runs docker-compose.yml on a container engine: builds Ferry's images, brings the stack up, sends messages by SQS and by
# HTTP, kills and restarts each service in turn meanwhile, checks that every message is done exactly once (in the order of
# its group, but for ElasticMQ's own restarts), and takes the stack down. The stack has a project, ports and volumes of its
# own.
#
#   tests/deploy/compose.sh [--no-build] [--keep] [PROFILE...]        profiles: default (unless said), dev, observability
#
#   --no-build   the images that FERRY_GATEWAY_IMAGE, FERRY_POLLER_IMAGE and FERRY_WORKER_IMAGE name are there
#   --keep       leave the stack up
#   POSTGRES_IMAGE, ELASTICMQ_IMAGE … (.env has all): other images, such as those of tests/deploy/stand-ins
#   MESSAGES     that are done before the next one is killed (40)
#   SERVICES     those that are killed (all that are in a message's way)
#
# Exit codes: 0 all is well, 1 something is not, 77 skipped: there is no engine here, or no compose plugin.
set -euo pipefail
cd "$(dirname "$0")/../.."
script=tests/deploy/compose.sh
work=$(mktemp -d)

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
fail() {
    printf '%s: %s\n' "$script" "$*" >&2
    exit 1
}
skip() {
    printf '%s: skipped: %s\n' "$script" "$*" >&2
    rm -rf "$work"
    exit 77
}

build=yes keep=
profiles=()
for argument in "$@"; do
    case $argument in
        --no-build) build= ;;
        --keep) keep=yes ;;
        default | dev | observability) profiles+=("$argument") ;;
        *) fail "unknown argument $argument" ;;
    esac
done
[ ${#profiles[@]} -gt 0 ] || profiles=(default)

command -v docker >/dev/null || skip "docker is not installed"
docker info >/dev/null 2>&1 || skip "no container engine answers: $(docker info 2>&1 | tail -n 1)"
docker compose version >/dev/null 2>&1 || skip "docker has no compose plugin (docker-compose 1.29 cannot wait for health)"
for tool in curl jq; do
    command -v $tool >/dev/null || fail "$tool is missing"
done

export COMPOSE_PROJECT_NAME=ferry-test-$$
COMPOSE_PROFILES=$(IFS=,; echo "${profiles[*]}")
export COMPOSE_PROFILES
# Beside a stack that somebody uses. These may be set, too.
export GATEWAY_PORT=${GATEWAY_PORT:-18080} POLLER_ADMIN_PORT=${POLLER_ADMIN_PORT:-18081} WORKER_ADMIN_PORT=${WORKER_ADMIN_PORT:-18082}
export TEMPORAL_PORT=${TEMPORAL_PORT:-17233} TEMPORAL_UI_PORT=${TEMPORAL_UI_PORT:-18233} SQS_PORT=${SQS_PORT:-19324}
export PROMETHEUS_PORT=${PROMETHEUS_PORT:-19090} GRAFANA_PORT=${GRAFANA_PORT:-13000} JAEGER_PORT=${JAEGER_PORT:-18686}
export FERRY_API_TOKEN=${FERRY_API_TOKEN:-of-the-test-$$}
messages=${MESSAGES:-40}
groups=5
gateway=http://127.0.0.1:$GATEWAY_PORT
sqs=http://127.0.0.1:$SQS_PORT
sender=
: >"$work/sent"
echo g >"$work/series"

compose() { docker compose --progress plain "$@"; }

finish() {
    result=$?
    trap - EXIT
    [ -z "$sender" ] || kill "$sender" 2>/dev/null || true
    if [ $result != 0 ]; then
        docker compose ps --all >&2 || true
        docker compose logs --no-color >"$work/log" 2>&1 || true
        tail -n 40 "$work/log" >&2
        echo "$script: failed; all logs are in $work/log" >&2
    fi
    if [ -n "$keep" ]; then
        say "the stack stays: COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME docker compose --profile '*' down -v"
    else
        COMPOSE_PROFILES='*' docker compose --progress quiet down --volumes --timeout 45 >&2 || true
    fi
    [ $result != 0 ] || rm -rf "$work"
    exit $result
}
trap finish EXIT
trap 'exit 130' INT TERM

# -- what the test asks and sends -------------------------------------------------------------------------------------

api() { # PATH [CURL'S ARGUMENTS]: the gateway, as docs/upgrading.md asks of its users
    local path=$1
    shift
    curl -sS --retry 30 --retry-all-errors --retry-max-time 60 --fail-with-body -H "Authorization: Bearer $FERRY_API_TOKEN" \
        "$@" "$gateway$path"
}

sqs() { # ACTION BODY
    curl -sS --fail-with-body --max-time 30 "$sqs/" -H "X-Amz-Target: AmazonSQS.$1" -H 'Content-Type: application/x-amz-json-1.0' -d "$2"
}

url() { echo "http://elasticmq:9324/000000000000/$1"; } # a queue as the stack knows it

send() { # QUEUE NUMBER: sends and notes "QUEUE GROUP MESSAGE_ID"
    local group fields='' answer
    group=$(<"$work/series")$(($2 % groups))
    [ "$1" != hello.fifo ] || fields=",\"MessageGroupId\":\"$group\",\"MessageDeduplicationId\":\"$2\""
    answer=$(sqs SendMessage "{\"QueueUrl\":\"$(url "$1")\",\"MessageBody\":\"{\\\"message\\\": \\\"number $2\\\"}\"$fields}")
    echo "$1 $group $(jq -er .MessageId <<<"$answer")" >>"$work/sent"
}

send_all() { # a message on each queue, and pauses while the test holds the lock: it is about to kill ElasticMQ
    local number=0
    while [ ! -e "$work/enough" ]; do
        number=$((number + 1))
        (
            flock 9
            send hello.fifo $number && send hello $number
        ) 9>"$work/lock"
        sleep 0.1 # some pace; nothing depends on it
    done
}

depth() { # QUEUE: messages that wait or are in flight
    sqs GetQueueAttributes "{\"QueueUrl\":\"$(url "$1")\",\"AttributeNames\":[\"All\"]}" |
        jq -e '.Attributes | (.ApproximateNumberOfMessages | tonumber) + (.ApproximateNumberOfMessagesNotVisible | tonumber)'
}

completed() { api /v1/workflow-count -G --data-urlencode "query=ExecutionStatus = 'Completed'" | jq -e .count; }

wait_for() { # SECONDS WHAT COMMAND...: until the command succeeds
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain for $what"
        sleep 0.5
    done
}

has_completed() { [ "$(completed)" -ge "$1" ]; }
is_empty() { [ "$(depth "$1")" = 0 ]; }

flow() { # until so many more are done: messages go through the stack as it is now
    local wanted
    wanted=$(($(completed) + $1))
    wait_for 180 "$1 more completed workflows" has_completed "$wanted"
}

# Messages from now on are of groups that begin so, and those before them are done.
groups_begin_with() {
    exec 9>"$work/lock"
    flock 9
    wait_for 180 "hello.fifo to be empty" is_empty hello.fifo
    echo "$1" >"$work/series"
    exec 9>&-
}

state() { docker inspect --format "{{$2}}" "$(docker compose ps --all --quiet "$1")"; }

up() {
    compose up --wait --wait-timeout 300 >"$work/up" 2>&1 || {
        cat "$work/up" >&2
        fail "docker compose up --wait failed"
    }
}

# Not `up --wait`, which gives up at once when somebody is unhealthy: that is what others are while one is away.
are_healthy() {
    local service
    for service in $services; do
        case $(state "$service" 'if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end') in
            healthy | running) ;;
            *) return 1 ;;
        esac
    done
}

# -- the test -----------------------------------------------------------------------------------------------------------

if [ -n "$build" ]; then
    say "building the images"
    compose build >"$work/build" 2>&1 || {
        tail -n 40 "$work/build" >&2
        fail "docker compose build failed"
    }
fi

say "docker compose up --wait, profiles $COMPOSE_PROFILES"
up

say "one message by HTTP"
api /v1/routes/hello-world/events -H 'Content-Type: application/json' \
    -d '{"MessageId": "my-first", "Body": "{\"message\": \"hello from curl\"}"}' | jq -ce . || fail "the event was not taken"
api '/v1/workflows/hello-world-my-first/result?wait=30s' | jq -e '.result == "finished!"' >/dev/null || fail "its workflow did not finish"
others=1 # workflows beside those of the queues

say "without the token nobody starts anything"
status=$(curl -s -o /dev/null -w '%{http_code}' "$gateway/v1/workflows")
[ "$status" = 401 ] || fail "expected 401, got $status"

say "messages on both queues, while one service after the other is killed, and then restarted"
send_all &
sender=$!
flow "$messages"
services=$(docker compose ps --services --status running | sort)
for service in ${SERVICES:-$services}; do
    case $service in
        temporal-dev) say "not $service: it has everything in memory" && continue ;;
        temporal-ui | prometheus | grafana | jaeger) continue ;; # in no message's way
    esac
    # It keeps messages in flight over a restart, and does not keep their groups closed: the next ones overtake them.
    [ "$service" != elasticmq ] || groups_begin_with unordered
    for how in kill restart; do
        say "$how $service"
        exec 9>"$work/lock"
        [ "$service" != elasticmq ] || flock 9 # a send whose answer is lost could not be counted
        if [ $how = kill ]; then
            docker compose --progress quiet kill --signal KILL "$service"
            docker compose --progress quiet start "$service"
        else
            docker compose --progress quiet restart --timeout 45 "$service"
        fi
        wait_for 180 "every service to be healthy" are_healthy
        exec 9>&-
        kill -0 $sender || fail "the sender has ended"
        flow "$messages"
    done
    [ "$service" != elasticmq ] || groups_begin_with g
done
touch "$work/enough"
wait $sender || fail "a message could not be sent"
sender=

sent=$(wc -l <"$work/sent")
say "$sent messages were sent: waiting for the rest"
wait_for 300 "$((sent + others)) completed workflows" has_completed $((sent + others))
for queue in hello.fifo hello hello-dead.fifo hello-dead; do
    wait_for 120 "$queue to be empty" is_empty $queue
done

say "each message has one run, which completed; each group's runs began in the order of sending"
page=
while :; do
    # shellcheck disable=SC2086  # no token, no parameter
    api /v1/workflows -G -d pageSize=1000 ${page:+--data-urlencode pageToken=$page} >"$work/page"
    jq -r '.workflows[] | [.workflowId, .status, .startTime] | @tsv' "$work/page" >>"$work/workflows"
    page=$(jq -r '.nextPageToken // ""' "$work/page")
    [ -n "$page" ] || break
done
awk '{print ($1 == "hello" ? "hello-world-standard-" : "hello-world-") $3}' "$work/sent" | sort >"$work/expected"
cut -f 1 "$work/workflows" | grep -v '^hello-world-my-first$' | sort >"$work/there"
diff "$work/expected" "$work/there" >"$work/difference" || fail "lost (<) or beyond the one of each message (>): $(head -n 20 "$work/difference")"
[ "$(cut -f 2 "$work/workflows" | sort -u)" = Completed ] || fail "some did not complete: $(grep -v Completed "$work/workflows" | head -n 20)"
awk -F '\t' '{print $1, $3}' "$work/workflows" | sort >"$work/times"
for number in $(seq 0 $((groups - 1))); do
    awk -v group="g$number" '$1 == "hello.fifo" && $2 == group {print "hello-world-" $3}' "$work/sent" >"$work/group"
    while read -r id; do
        grep -F "$id " "$work/times"
    done <"$work/group" | cut -d ' ' -f 2 >"$work/starts"
    sort -c "$work/starts" || fail "the runs of group g$number did not begin in order"
done

if [[ " ${profiles[*]} " == *" observability "* ]]; then
    say "Prometheus reaches all three services, Grafana has its dashboards"
    up_targets() {
        curl -sS "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query" --data-urlencode 'query=sum(up{job=~"ferry-.*"})' |
            jq -e '.data.result[0].value[1] == "3"' >/dev/null
    }
    wait_for 60 "three targets that are up" up_targets
    grafana=http://127.0.0.1:$GRAFANA_PORT
    if curl -sS "$grafana/api/health" | jq -e 'has("version")' >/dev/null; then
        curl -sS --fail-with-body "$grafana/api/search?type=dash-db" | jq -e 'length > 0' >/dev/null || fail "no dashboards"
    else
        say "this Grafana is a stand-in, which has no dashboards: these are not looked at"
    fi
fi

say "each of Ferry's services ends by itself when it is told to"
docker compose --progress quiet stop --timeout 45 poller worker gateway
for service in poller worker gateway; do
    [ "$(state $service .State.ExitCode)" = 0 ] || fail "$service ended with $(state $service .State.ExitCode)"
done
say "all is well: $sent messages, each done once"
