# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# seeds NAME: the documents that the fuzzer of that name begins with, one path a line.
seeds() {
	case $1 in
	config) ls config.json.example tests/data/engine-configs/*.json tests/data/oci-schema/config/*/*.json ;;
	json) ls tests/data/oci-schema/*/*/*.json policies/*.json ;;
	policy) ls policies/*.json ;;
	seccomp) ls tests/data/seccomp/*.json seccomp-profiles/*.json ;;
	state) ls tests/data/oci-schema/state/*/*.json ;;
	esac 2>/dev/null
	ls tests/fuzz/seeds/"$1"/* 2>/dev/null
}
