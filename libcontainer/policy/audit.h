/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How hard a container is: one table of checks (audit.c), each with a weight; the weights come to 100 points. Pure.
 *
 * The score is the points that are reached, in tens, rounded down: 10 only where nothing is left to do. The weights are
 * chosen so that what platforms say of themselves comes out: Docker's default configuration 6, one under the policy
 * `terminal` 8, one under `web` at least 9. casemate-audit(8) lists them.
 */
#pragma once

#include "policy/policy.h"

#define AUDIT_POINTS 100
#define AUDIT_SCORE_MAX 10

/*
 * What of a plan this host can carry out and what its paths lead to. What is not there is not counted, and where
 * nothing is known (a configuration from standard input, of any host) all that is planned is.
 */
struct audit_host {
	bool landlock;
	bool core_scheduling;
	bool speculation[SPECULATION_CONTROLS];
	bool disk_quota; /* where the root file system is written to */
	struct policy_facts facts; /* joined: what each namespace is; real_paths: of the mount sources */
};

struct audit_subject {
	struct arena *arena;
	const struct oci_config *config;
	const struct hardening *hardening;
	const struct audit_host *host; /* NULL: not known */
	enum exec_rule exec;
	bool filters_proven; /* what seccomp_compile_all() makes of its seccomp profiles decides as they say */
};

struct audit_check {
	const char *id; /* "capabilities-few": for machines, never changed */
	const char *title; /* what holds where it passes */
	const char *fix; /* how to make it hold */
	unsigned int weight;
	bool (*passes)(const struct audit_subject *subject);
};

/* The table, NULL-terminated by its id. */
extern const struct audit_check audit_checks[];
size_t audit_check_count(void);

struct audit {
	const char *subject; /* what was looked at */
	const char *policies; /* names of those that were applied; NULL: none */
	bool *passed; /* by row of the table */
	unsigned int points;
	unsigned int score;
};

/* Looks at every check. */
void audit_run(const struct audit_subject *subject, struct audit *audit);
