/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy asks for that an OCI config has no member for: the rest of what is planned for a container,
 * beside its config. The policy room fills it, the sandbox carries it out, for the first process and for each
 * that exec adds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/config.h"

/* How much a measure matters: the larger is the stricter. */
enum demand {
	DEMAND_OFF,
	DEMAND_AUTO, /* where the kernel and the hardware can */
	DEMAND_REQUIRE, /* or the container does not start */
};

/* securebits: capabilities(7). */
enum securebits_lock {
	SECUREBITS_OFF,
	SECUREBITS_AUTO, /* locked where the process has no capability in any set */
	SECUREBITS_ALWAYS, /* root is nobody special in any case: what it executes gains nothing by being uid 0 */
};

/* Whether exec may enter: the larger is the stricter. */
enum exec_rule { EXEC_ALLOW, EXEC_LOCKABLE, EXEC_DENY };

/* prctl(2) PR_SET_SPECULATION_CTRL. */
enum speculation {
	SPECULATION_STORE_BYPASS, /* speculative store bypass off */
	SPECULATION_INDIRECT_BRANCH, /* indirect branch speculation off */
	SPECULATION_L1D_FLUSH, /* the first-level data cache flushed when another process gets the core */
	SPECULATION_CONTROLS,
};

struct port_list {
	uint16_t *items; /* rising */
	size_t count;
};

/* One Landlock ruleset: what it lists is allowed, all else that it governs is denied. landlock(7) */
struct landlock_rules {
	bool governs_files;
	struct string_list read; /* paths: their files are read, their directories listed */
	struct string_list execute;
	struct string_list write; /* changed, made, removed, renamed */
	bool governs_bind; /* TCP */
	struct port_list bind;
	bool governs_connect;
	struct port_list connect;
	bool scopes_sockets; /* abstract UNIX sockets outside of the container */
	bool scopes_signals;
};

struct landlock_plan {
	struct landlock_rules *layers; /* each restricts further */
	size_t count;
	struct string_list texts; /* of the layers, as the policies have them */
	enum demand demand;
	struct string_list demanded_by; /* the policies that say so, as in all that follow */
};

/* Ports of a protocol, from first to last. */
struct egress_ports {
	uint8_t protocol; /* IPPROTO_TCP, … */
	uint16_t first;
	uint16_t last;
};

/* What is said of packets to one network. */
struct egress_rule {
	bool allow;
	bool v6;
	uint8_t address[16]; /* in network order, IPv4 in the first four */
	unsigned int prefix; /* its length in bits */
	struct egress_ports *ports; /* rising, apart from each other */
	size_t port_count; /* 0: every protocol */
};

/* Where packets may go by one policy: the first rule that fits decides. */
struct egress_layer {
	struct egress_rule *rules; /* longer prefixes first, then those with ports, then those that deny */
	size_t count;
	bool allow; /* what no rule speaks of */
};

struct egress_plan {
	struct egress_layer *layers; /* a packet has to pass each */
	size_t count;
	struct string_list texts; /* of the layers, as the policies have them */
	struct string_list names; /* of those policies */
};

/* A limit for what the container writes to its root file system. */
struct disk_quota {
	uint64_t bytes; /* 0: none */
	enum demand demand;
	struct string_list demanded_by;
};

/* A host path that may not be mounted into a container. */
struct denied_source {
	const char *path;
	const char *real_path; /* symbolic links resolved, as far as was known */
	bool below; /* what lies below it is denied, too; its parents always are */
	const char *policies; /* those that say so, comma-separated */
};

struct hardening {
	bool session_keyring; /* a fresh one always, whatever --no-new-keyring says */
	bool idmap_root; /* the config's id mappings are the policy's: its root and bind mounts are idmapped */
	struct string_list seccomp_profiles; /* built-in ones, sorted: each decides besides the config's own */
	struct string_list seccomp_guards; /* likewise, of measures that system calls could go past */
	struct landlock_plan landlock;
	enum securebits_lock securebits;
	enum demand core_scheduling;
	struct string_list core_scheduling_by;
	enum demand speculation[SPECULATION_CONTROLS];
	struct string_list speculation_by[SPECULATION_CONTROLS];
	enum exec_rule exec;
	struct disk_quota disk;
	struct egress_plan egress;
	struct denied_source *denied_sources;
	size_t denied_source_count;
};

/*
 * "policy NAMES: KEY: …", and the error is a refusal. Also for what turns out to be impossible when it is carried out.
 * The text ends with the way out. Returns -1.
 */
int policy_refuse(const struct string_list *names, const char *key, struct error *error, const char *format,
		  ...) _printf_(4, 5);
