#!/bin/sh
# Ends when Temporal can be used: waits for TEMPORAL_ADDRESS, and makes TEMPORAL_NAMESPACE where it is not there (the
# server's image does not; the dev server has it). Running it again changes nothing.
# WAIT_SECONDS: how long to wait (300). RETENTION: how long closed runs are known, longer than the queues keep messages.
set -u
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:=default}" "${RETENTION:=168h}" "${WAIT_SECONDS:=300}"
deadline=$(($(date +%s) + WAIT_SECONDS))

# Tries "$@" each second until it succeeds.
until_it_works() {
    what=$1
    shift
    until answer=$("$@" 2>&1); do
        [ "$(date +%s)" -lt "$deadline" ] || {
            echo "temporal-namespace: waited $WAIT_SECONDS s: $what at $TEMPORAL_ADDRESS: $answer" >&2
            echo "temporal-namespace: does a profile start Temporal? COMPOSE_PROFILES needs \`default\` or \`dev\`." >&2
            exit 1
        }
        sleep 1
    done
}

make_namespace() {
    temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" ||
        temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

until_it_works "Temporal does not answer" temporal operator cluster health
until_it_works "no namespace $TEMPORAL_NAMESPACE" make_namespace
# Frontends look namespaces up in a cache: it is there for everybody once a call within it is answered.
until_it_works "the namespace is not in use yet" temporal workflow count -n "$TEMPORAL_NAMESPACE"
echo "temporal-namespace: $TEMPORAL_NAMESPACE is there"
