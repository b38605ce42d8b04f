#!/bin/sh
# Makes sure that the namespace exists: the server image does not create it.
set -eu
temporal operator namespace describe -n default >/dev/null 2>&1 || temporal operator namespace create -n default --retention 72h
