#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.intelRdt where there is no such hardware, or nobody has mounted its file system.

load helpers

setup() {
	requires_newer_runc "its words"
	[[ ! -e /sys/fs/resctrl/tasks ]] || skip "this host has resctrl mounted"
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "shares of the cache without resctrl: refused" {
	edit '.linux.intelRdt = {closID: "class", l3CacheSchema: "L3:0=f"}'
	refused "intelRdt is specified in config, but Intel RDT is not enabled"
}

@test "monitoring without resctrl: refused" {
	edit '.linux.intelRdt = {enableMonitoring: true}'
	refused "intelRdt is specified in config, but Intel RDT is not enabled"
}
