/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock. The kernel's headers of the oldest supported release know only part of it, so its structures and numbers
 * stand here, as include/uapi/linux/landlock.h has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "sandbox/confine.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

enum {
	ACCESS_EXECUTE = 1 << 0,
	ACCESS_WRITE_FILE = 1 << 1,
	ACCESS_READ_FILE = 1 << 2,
	ACCESS_READ_DIR = 1 << 3,
	ACCESS_REMOVE_DIR = 1 << 4,
	ACCESS_REMOVE_FILE = 1 << 5,
	ACCESS_MAKE_CHAR = 1 << 6,
	ACCESS_MAKE_DIR = 1 << 7,
	ACCESS_MAKE_REG = 1 << 8,
	ACCESS_MAKE_SOCK = 1 << 9,
	ACCESS_MAKE_FIFO = 1 << 10,
	ACCESS_MAKE_BLOCK = 1 << 11,
	ACCESS_MAKE_SYM = 1 << 12,
	ACCESS_REFER = 1 << 13, /* ABI 2, Linux 5.19 */
	ACCESS_TRUNCATE = 1 << 14, /* ABI 3, Linux 6.2 */
	ACCESS_IOCTL_DEV = 1 << 15, /* ABI 5, Linux 6.10 */

	ACCESS_READ = ACCESS_READ_FILE | ACCESS_READ_DIR,
	/* Device nodes are in no list: nobody makes any. */
	ACCESS_WRITE = ACCESS_WRITE_FILE | ACCESS_REMOVE_DIR | ACCESS_REMOVE_FILE | ACCESS_MAKE_DIR |
		       ACCESS_MAKE_REG | ACCESS_MAKE_SOCK | ACCESS_MAKE_FIFO | ACCESS_MAKE_SYM | ACCESS_REFER |
		       ACCESS_TRUNCATE | ACCESS_IOCTL_DEV,
	ACCESS_ALL = ACCESS_EXECUTE | ACCESS_READ | ACCESS_WRITE | ACCESS_MAKE_CHAR | ACCESS_MAKE_BLOCK,
	/* What can be said of a path that is no directory. */
	ACCESS_OF_FILES =
		ACCESS_EXECUTE | ACCESS_WRITE_FILE | ACCESS_READ_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV,
};

enum { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 }; /* ABI 4, Linux 6.7 */
enum { SCOPE_ABSTRACT_SOCKETS = 1 << 0, SCOPE_SIGNALS = 1 << 1 }; /* ABI 6, Linux 6.12 */

struct ruleset_attributes {
	uint64_t files;
	uint64_t network;
	uint64_t scope;
};

struct path_rule {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

struct port_rule {
	uint64_t access;
	uint64_t port;
};

struct layer {
	const struct landlock_rules *rules;
	struct ruleset_attributes handled;
	int fd;
	int root; /* of the container */
	struct error *error;
};

/* From which version on what @rules govern has no holes: before 3, truncate(2) changed files without the right. */
static int version_for(const struct landlock_rules *rules)
{
	if (rules->scopes_sockets || rules->scopes_signals)
		return 6;
	if (rules->governs_bind || rules->governs_connect)
		return 4;
	return 3;
}

static struct ruleset_attributes handled_by(const struct landlock_rules *rules, int version)
{
	struct ruleset_attributes handled = { 0 };

	if (rules->governs_files)
		handled.files = ACCESS_ALL;
	if (version < 5)
		handled.files &= ~(uint64_t)ACCESS_IOCTL_DEV;
	if (version < 3)
		handled.files &= ~(uint64_t)ACCESS_TRUNCATE;
	if (version < 2)
		handled.files &= ~(uint64_t)ACCESS_REFER;
	if (version >= 4)
		handled.network = (rules->governs_bind ? NET_BIND_TCP : 0) |
				  (rules->governs_connect ? NET_CONNECT_TCP : 0);
	if (version >= 6)
		handled.scope = (rules->scopes_sockets ? SCOPE_ABSTRACT_SOCKETS : 0) |
				(rules->scopes_signals ? SCOPE_SIGNALS : 0);
	return handled;
}

static int add_path(struct layer *layer, const char *path, uint64_t access)
{
	_cleanup_fd_ int fd = path_open_in_root(layer->root, path, O_PATH);
	struct path_rule rule = { access & layer->handled.files, fd };
	struct stat status;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(layer->error, errno, "landlock: look at %s", path);
	if (!S_ISDIR(status.st_mode))
		rule.access &= ACCESS_OF_FILES;
	if (rule.access && syscall(SYS_landlock_add_rule, layer->fd, RULE_PATH_BENEATH, &rule, 0) < 0)
		return error_set(layer->error, errno, "landlock: add a rule for %s", path);
	return 0;
}

struct path_access {
	const char *path;
	uint64_t access;
};

static void collect(struct path_access *all, size_t *count, const struct string_list *paths, uint64_t access)
{
	for (size_t i = 0; i < paths->count; i++) {
		size_t j = 0;

		while (j < *count && strcmp(all[j].path, paths->items[i]) != 0)
			j++;
		if (j == *count)
			all[(*count)++] = (struct path_access){ paths->items[i], 0 };
		all[j].access |= access;
	}
}

/* One rule a path, whichever of the lists it is in. */
static int add_paths(struct layer *layer)
{
	const struct landlock_rules *rules = layer->rules;
	_cleanup_arena_ struct arena arena = { 0 };
	struct path_access *all = ARENA_NEW_ARRAY(
		&arena, struct path_access, rules->read.count + rules->execute.count + rules->write.count);
	size_t count = 0;

	collect(all, &count, &rules->read, ACCESS_READ);
	collect(all, &count, &rules->execute, ACCESS_EXECUTE);
	collect(all, &count, &rules->write, ACCESS_WRITE);
	for (size_t i = 0; i < count; i++)
		if (add_path(layer, all[i].path, all[i].access) < 0)
			return -1;
	return 0;
}

static int add_ports(struct layer *layer, const struct port_list *ports, uint64_t access)
{
	struct port_rule rule = { .access = access & layer->handled.network };

	for (size_t i = 0; rule.access && i < ports->count; i++) {
		rule.port = ports->items[i];
		if (syscall(SYS_landlock_add_rule, layer->fd, RULE_NET_PORT, &rule, 0) < 0)
			return error_set(layer->error, errno, "landlock: add a rule for port %u",
					 ports->items[i]);
	}
	return 0;
}

/* Makes the ruleset: layer->fd. The kernel takes a structure that is longer than its own if the rest is zero. */
static int make_ruleset(struct layer *layer)
{
	const struct landlock_rules *rules = layer->rules;

	layer->fd = (int)syscall(SYS_landlock_create_ruleset, &layer->handled, sizeof(layer->handled), 0);
	if (layer->fd < 0)
		return error_set(layer->error, errno, "landlock: make a ruleset");
	if (add_paths(layer) < 0 || add_ports(layer, &rules->bind, NET_BIND_TCP) < 0)
		return -1;
	return add_ports(layer, &rules->connect, NET_CONNECT_TCP);
}

static int prepare_layer(struct layer *layer, struct landlock_rulesets *rulesets)
{
	if (!layer->handled.files && !layer->handled.network && !layer->handled.scope)
		return 0;
	if (make_ruleset(layer) < 0) {
		fd_close(&layer->fd);
		return -1;
	}
	rulesets->fds[rulesets->count++] = layer->fd;
	return 0;
}

int confine_landlock_prepare(const struct landlock_plan *plan, struct landlock_rulesets *rulesets,
			     struct error *error)
{
	_cleanup_fd_ int root = -1;
	int version;

	rulesets->count = 0;
	if (plan->count == 0)
		return 0;
	version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	if (version < 0) {
		if (plan->demand == DEMAND_REQUIRE)
			return policy_refuse(&plan->demanded_by, "landlock.kernel", error,
					     "this kernel has no Landlock; say \"auto\" there, or run with "
					     "--policy off");
		log_debug("landlock: not on this kernel");
		return 0;
	}
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set(error, errno, "open the container's root");
	for (size_t i = 0; i < plan->count && i < LANDLOCK_LAYERS_MAX; i++) {
		struct layer layer = { .rules = &plan->layers[i], .fd = -1, .root = root, .error = error };

		if (plan->demand == DEMAND_REQUIRE && version < version_for(layer.rules))
			return policy_refuse(&plan->demanded_by, "landlock.kernel", error,
					     "this takes version %d of Landlock's interface, and this kernel "
					     "has %d; say \"auto\" there, or run with --policy off",
					     version_for(layer.rules), version);
		layer.handled = handled_by(layer.rules, version);
		if (prepare_layer(&layer, rulesets) < 0)
			return -1;
	}
	return 0;
}

int confine_landlock(struct landlock_rulesets *rulesets, struct error *error)
{
	for (size_t i = 0; i < rulesets->count; i++) {
		_cleanup_fd_ int fd = TAKE_FD(rulesets->fds[i]);

		if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
			return error_set(error, errno, "landlock: restrict the process");
	}
	rulesets->count = 0;
	return 0;
}

bool confine_can_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION) > 0;
}
