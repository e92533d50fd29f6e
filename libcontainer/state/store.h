/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where containers are kept: ROOT/ID/, a directory for each.
 *
 *   state.json    who and where it is, known before anything is made; small, `list` reads one for each container
 *   init          a link that leads nowhere: its first process; not there before that is set up, see state.h
 *   config.json   the hardened configuration, without the values of the process's environment
 *   policy.json   the policies that made it so, and what they changed
 *   start.sock    the container's process waits here for `start`; gone once it has started
 *   locked        there while nothing may join it: `lock`
 *   entering      exec holds it while on its way into a container that can be locked
 *   ids           which range of ids is its own, see slot.h; likewise projects
 *   notify/       the container's own NOTIFY_SOCKET, where it has one
 *
 * A command that changes a container holds a lock (flock(2)) on its directory; the kernel drops it with the
 * command, however that ends. Commands that only look take no lock: files are replaced whole, by rename.
 */
#pragma once

#include <stdbool.h>

#include "libcontainer.h"

#define STORE_CONFIG "config.json"
#define STORE_POLICY "policy.json"
#define STORE_STATE "state.json"
#define STORE_INIT "init"
#define STORE_START_SOCKET "start.sock"
#define STORE_NOTIFY "notify"
#define STORE_LOCKED "locked"
#define STORE_ENTERING "entering"
/* These three are the default state root's, with a dot in front there: what the machine has one of. */
#define STORE_UNLOCK ".unlock" /* see one_time_code.h */
#define STORE_ID_RANGES "ids" /* see slot.h */
#define STORE_PROJECTS "projects"

struct store {
	const char *path; /* of the state root, absolute */
	int fd; /* O_PATH directory */
};

struct store_entry {
	const char *id;
	const char *path; /* ROOT/ID */
	int fd; /* the container's directory; holds the lock where one was asked for */
};

/* Checks an id: letters, digits and "_+-.", at most 1,024, neither "." nor "..". 0, or -1. */
int store_check_id(const char *id, struct error *error);

/*
 * Opens the state root of @runtime; @make: makes it (0700) with its parents where it is missing. Without
 * @make a missing root has fd -1 and no containers. 0, or -1.
 */
int store_open(struct arena *arena, const struct runtime *runtime, bool make, struct store *store,
	       struct error *error);
/* The default state root, made where it is missing, whatever --root is: for what the machine has one of. 0, or -1. */
int store_open_machine(struct arena *arena, struct store *store, struct error *error);
void store_close(struct store *store);
#define _cleanup_store_ _cleanup_(store_close)

/* Makes the directory of a new container, locked. An id in use is an error. */
int store_create(struct arena *arena, const struct store *store, const char *id, struct store_entry *entry,
		 struct error *error);

/* Opens that of an existing one ("container does not exist"), with or without the lock. */
int store_lookup(struct arena *arena, const struct store *store, const char *id, bool lock,
		 struct store_entry *entry, struct error *error);
void store_entry_close(struct store_entry *entry);
#define _cleanup_entry_ _cleanup_(store_entry_close)

/* Whether some command holds the lock. */
bool store_is_locked(const struct store_entry *entry);

/* Removes the directory with all that is in it. What is gone already is no error. */
int store_remove(const struct store *store, const struct store_entry *entry, struct error *error);

/* The directory for compiled seccomp filters, made where missing, or -1: then nothing is cached. */
int store_seccomp_cache(const struct store *store);
#define STORE_SECCOMP_CACHE ".seccomp"

/* Whether @name is a directory of the state root that is no container's. */
bool store_is_own_name(const char *name);
