#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of jq and of bats
# policy list, show and check, and the JSON schema of policies.

load helpers

SCHEMA=$REPOSITORY/policies/schema/policy.json
EXAMPLES=$REPOSITORY/tests/data/policies

setup() {
	requires_casemate "has no policies"
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "policy list: the built-in ones, the default marked" {
	local file
	run -0 runtime policy list
	contains baseline
	contains 'built in, default'
	run -0 runtime policy list --format json
	for file in "$REPOSITORY"/policies/*.json; do
		jq -e --arg name "$(basename "$file" .json)" 'any(.name == $name and .description != null)' <<<"$output"
	done
	equal "$(jq length <<<"$output")" "$(find "$REPOSITORY/policies" -maxdepth 1 -name '*.json' | wc -l)"
	equal "$(jq -c '[.[] | select(.default).name]' <<<"$output")" '["baseline"]'
	equal "$(jq -c 'map(.name) == (map(.name) | sort)' <<<"$output")" true
}

@test "policy list: the site's, its default, what may be selected, and what cannot be loaded" {
	site_file '{"defaultPolicy": "baseline,mine", "selectable": ["mine"]}'
	echo '{"name": "mine", "description": "Ours.", "extends": "baseline", "rootfs": {"readonly": true}}' >"$SITE/casemate/policies/mine.json"
	echo '{"name": "broken", "rootfs": 1}' >"$SITE/casemate/policies/broken.json"
	run -0 site policy list --format json
	equal "$(jq -c '.[] | select(.name == "mine") | [.file, .description, .extends, .default, .selectable]' <<<"$output")" \
		'["/etc/casemate/policies/mine.json","Ours.",["baseline"],true,true]'
	jq -e '.[] | select(.name == "broken").problem | test("broken.json: rootfs")' <<<"$output"
	jq -e '.[] | select(.name == "baseline") | .default and (has("file") | not)' <<<"$output"
	run -0 site policy list
	contains 'site, default, selectable'
	contains 'extends baseline'
	run -0 site policy show mine
	jq -e '.name == "mine" and .rootfs.readonly and .noNewPrivileges' <<<"$output"
	run -0 site policy show --source mine
	jq -e '.extends == "baseline" and (has("noNewPrivileges") | not)' <<<"$output"
	run -1 site policy show broken
}

@test "policy show: what is shown is a policy, and the same one" {
	local name
	for name in $(runtime policy list --format json | jq -r '.[].name' | grep -vx off); do
		runtime policy show "$name" >"$OUT"
		run -0 runtime policy check "$OUT"
		valid_by "$SCHEMA" <(jq '.name = "x"' "$OUT")
		runtime policy show "$OUT" | cmp - "$OUT"
	done
	runtime policy show web,hobby >"$OUT"
	run -0 runtime policy check "$OUT"
	valid_by "$SCHEMA" "$OUT"
	fails 1 'there is no policy called nosuch|nosuch' "$RUNTIME" policy show nosuch
	fails 1 'takes the name' "$RUNTIME" policy show
	fails 1 'expected list, show or check' "$RUNTIME" policy frobnicate
}

@test "policy check: each file by its own line, 1 where one is refused" {
	run -0 runtime policy check "$EXAMPLES"/good/*.json
	equal "${#lines[@]}" "$(find "$EXAMPLES/good" -name '*.json' | wc -l)"
	run -1 runtime policy check "$EXAMPLES/good/minimal.json" "$EXAMPLES/bad/unknown-key.json"
	contains 'minimal.json: policy minimal, fine'
	contains 'noNewPrivilege: unknown key'
	run -0 runtime policy check - <<<'{"name": "piped"}'
	contains 'policy piped'
	run -1 runtime policy check "$BUNDLE/missing.json"
}

@test "policy check: with a log, what is refused goes to both" {
	fails 1 'noNewPrivilege: unknown key' runtime --log "$BATS_TEST_TMPDIR/log" policy check \
		"$EXAMPLES/bad/unknown-key.json"
	grep -q 'noNewPrivilege: unknown key' "$BATS_TEST_TMPDIR/log"
}

@test "schema: the shipped policies and the good examples are valid" {
	local file
	for file in "$REPOSITORY"/policies/*.json "$EXAMPLES"/good/*.json; do
		valid_by "$SCHEMA" "$file" || { echo "$file"; return 1; }
		run -0 runtime policy check "$file"
	done
}

@test "schema: what it refuses the program refuses, and the other way round" {
	local file
	for file in "$EXAMPLES"/bad/*.json; do
		run valid_by "$SCHEMA" "$file"
		[[ $status -eq 1 && -n $output ]] || { echo "the schema accepts $file"; return 1; }
		run -1 runtime policy check "$file"
	done
}

@test "schema: it knows every key the program knows" {
	# The example with every key names what the table of keys names.
	local known
	known=$(sed -n 's/^\t&key_.*/x/p' "$REPOSITORY/libcontainer/policy/keys.c" | wc -l)
	equal "$(jq '.properties | del(.["$schema"], .name, .description, .extends) | length' "$SCHEMA")" "$known"
	equal "$(jq -c '.properties | keys' "$SCHEMA")" "$(jq -c 'keys' "$EXAMPLES/good/everything.json")"
}
