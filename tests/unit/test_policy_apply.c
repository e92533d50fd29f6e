/* SPDX-License-Identifier: Apache-2.0 */
/* Policies applied, key by key. */
#include "policies.h"
#include "spec/tables.h"

#include <string.h>

#define POLICY(members) "{ 'name': 'test', " members " }"
#define CAPABILITIES(list) \
	"'capabilities': { 'bounding': " list ", 'effective': " list ", 'permitted': " list " }"
#define ALL "['CAP_CHOWN', 'CAP_DAC_READ_SEARCH', 'CAP_NET_ADMIN', 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE']"
#define SOME "['CAP_CHOWN', 'CAP_SYS_ADMIN']"
#define EVERY_DEVICE "'devices': [{ 'allow': true, 'access': 'rwm' }]"
#define NAMESPACES "'namespaces': [{ 'type': 'mount' }, { 'type': 'pid' }]"
#define MASKED "'maskedPaths': ['/proc/kcore']"
#define SYS(options) \
	"'mounts': [{ 'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': [" options "] }]"

/* What @policy makes of @config. */
static const char *made_of(struct arena *arena, const char *policy, const char *config)
{
	struct oci_config *made = make_config(arena, config);

	apply_policy(arena, make_policy(arena, policy), made);
	return config_text(arena, made);
}

static void assert_makes(const char *policy, const char *config, const char *expected)
{
	_cleanup_arena_ struct arena arena = { 0 };

	assert_string_equal(made_of(&arena, policy, config),
			    config_text(&arena, make_config(&arena, expected)));
}

static void assert_refuses(const char *policy, const char *config, const char *said)
{
	_cleanup_arena_ struct arena arena = { 0 };

	assert_string_equal(
		refused_config(&arena, make_policy(&arena, policy), make_config(&arena, config), NULL), said);
}

static void off_changes_nothing(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_config *config =
		make_config(&arena, "{ 'process': { " CAPABILITIES(
					    ALL) " }, 'linux': { 'resources': { " EVERY_DEVICE " } } }");
	const char *before = config_text(&arena, config);

	(void)state;
	assert_int_equal(apply_policy(&arena, builtin_policy(&arena, "off"), config), 0);
	assert_string_equal(config_text(&arena, config), before);
}

static void what_changed_is_told(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy =
		stack(&arena, make_policy(&arena, "{ 'name': 'b', 'noNewPrivileges': true }"),
		      make_policy(&arena, "{ 'name': 'a', 'noNewPrivileges': true, 'resources': "
					  "{ 'pids': { 'max': 256 } } }"));
	struct oci_config *config =
		make_config(&arena, "{ 'process': {}, 'linux': { 'resources': { 'pids': { 'limit': -1 } } } }");
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(policy_apply(&arena, policy, config, NULL, &hardening, &changes, &error), 0);
	assert_int_equal(changes.count, 2);
	assert_string_equal(changes.items[0].member, "process.noNewPrivileges");
	assert_string_equal(changes.items[0].from, "false");
	assert_string_equal(changes.items[0].to, "true");
	assert_string_equal(changes.items[0].policy, "a,b");
	assert_string_equal(changes.items[0].key, "noNewPrivileges");
	assert_string_equal(changes.items[1].member, "linux.resources.pids.limit");
	assert_string_equal(changes.items[1].from, "unlimited");
	assert_string_equal(changes.items[1].to, "256");
	assert_string_equal(changes.items[1].policy, "a");
	assert_string_equal(changes.items[1].key, "resources.pids.max");
	assert_false(hardening.session_keyring);
}

static void privileged_containers_are_refused(void **state)
{
	static const char policy[] = POLICY("'privileged': 'refuse'");
	static const char said[] =
		"policy test: privileged: container is privileged; remove --privileged (and add "
		"what it needs with --cap-add and --device) or run with --policy off";
	static const char *const taken[] = {
		/* --cap-add=ALL */
		"{ 'process': { " CAPABILITIES(ALL) " }, " SYS("'ro'") ", 'linux': { " MASKED " } }",
		/* unmasked, with the usual read-only /sys; or none at all */
		"{ 'process': { " CAPABILITIES(ALL) " }, " SYS("'rw', 'ro'") ", 'linux': {} }",
		"{ 'process': { " CAPABILITIES(ALL) " } }",
		/* devices alone */
		"{ 'process': { " CAPABILITIES(SOME) " }, 'linux': { " MASKED ", 'resources': { " EVERY_DEVICE
						     " } } }",
		/* every character device, no block device */
		"{ 'process': { " CAPABILITIES(ALL) " }, 'linux': { " MASKED ", 'resources': { 'devices': ["
						    "{ 'allow': true, 'type': 'c', 'access': 'rwm' }] } } }",
		/* allowed, then denied */
		"{ 'process': { " CAPABILITIES(
			ALL) " }, 'linux': { " MASKED ", 'resources': { 'devices': ["
			     "{ 'allow': true, 'access': 'rwm' }, { 'allow': false, 'access': 'rwm' }] } } }",
		/* nodes may be made, not opened */
		"{ 'process': { " CAPABILITIES(
			ALL) " }, 'linux': { " MASKED ", 'resources': { 'devices': ["
			     "{ 'allow': true, 'type': 'c', 'access': 'm' }, { 'allow': true, 'type': 'b', 'access': 'm' }] } } }",
	};
	static const char *const refused[] = {
		"{ 'process': { " CAPABILITIES(ALL) " }, 'linux': { " MASKED ", 'resources': { " EVERY_DEVICE
						    " } } }",
		"{ 'process': { " CAPABILITIES(
			ALL) " }, 'linux': { " MASKED ", 'resources': { 'devices': ["
			     "{ 'allow': false, 'access': 'rwm' }, { 'allow': true, 'type': 'c' }, { 'allow': true, 'type': 'b' },"
			     "{ 'allow': false, 'access': 'm' }, { 'allow': false, 'type': 'c', 'major': 10, 'minor': 229 }] } } }",
		"{ 'process': { " CAPABILITIES(ALL) " }, " SYS("'nosuid', 'rw'") ", 'linux': {} }",
		"{ 'process': { " CAPABILITIES(ALL) " }, " SYS("") " }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		assert_makes(policy, taken[i], taken[i]);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_refuses(policy, refused[i], said);
		assert_makes(POLICY("'privileged': 'allow'"), refused[i], refused[i]);
	}
}

static void host_namespaces_are_refused(void **state)
{
	static const char policy[] = POLICY("'namespaces': { 'require': ['mount', 'pid'] }");

	(void)state;
	assert_makes(policy, "{ 'linux': { " NAMESPACES " } }", "{ 'linux': { " NAMESPACES " } }");
	assert_refuses(policy, "{ 'linux': { 'namespaces': [{ 'type': 'mount' }] } }",
		       "policy test: namespaces.require: container shares the host's pid namespace; remove "
		       "--pid=host or run with --policy off");
	assert_refuses(
		policy, "{}",
		"policy test: namespaces.require: container shares the host's mount namespace; give it a "
		"mount namespace or run with --policy off");
}

static void joined_namespaces_are_judged_by_the_facts(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy = make_policy(&arena, POLICY("'namespaces': { 'require': ['pid'] }"));
	struct oci_config *config = make_config(
		&arena, "{ 'linux': { 'namespaces': [{ 'type': 'pid', 'path': '/proc/7/ns/pid' }] } }");
	struct policy_facts facts = { .joined[OCI_NAMESPACE_PID] = POLICY_NAMESPACE_HOST };
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error;

	(void)state;
	assert_string_equal(
		refused_config(&arena, policy, config, &facts),
		"policy test: namespaces.require: container shares the host's pid namespace; remove "
		"--pid=host or run with --policy off");
	assert_string_equal(refused_config(&arena, policy, config, NULL),
			    "policy test: namespaces.require: it is not known whether the pid namespace "
			    "/proc/7/ns/pid is the host's; remove --pid=host or run with --policy off");
	facts.joined[OCI_NAMESPACE_PID] = POLICY_NAMESPACE_OTHER;
	assert_int_equal(policy_apply(&arena, policy, config, &facts, &hardening, &changes, &error), 0);
}

static void root_is_refused_unless_remapped(void **state)
{
	static const char policy[] = POLICY("'user': { 'nonRoot': true }");
	static const char said[] =
		"policy test: user.nonRoot: process runs as root; give it another user (--user), a "
		"user namespace that maps root to another user, or run with --policy off";
	static const char *const taken[] = {
		"{ 'process': { 'user': { 'uid': 1, 'gid': 0 } } }",
		"{ 'process': { 'user': { 'uid': 0, 'gid': 0 } }, 'linux': { 'namespaces': [{ 'type': 'user' }],"
		"'uidMappings': [{ 'containerID': 1, 'hostID': 0, 'size': 1 },"
		"{ 'containerID': 0, 'hostID': 100000, 'size': 1 }] } }",
	};
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy_facts rootless = { .rootless = true };
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		assert_makes(policy, taken[i], taken[i]);
	assert_refuses(policy, "{ 'process': { 'user': { 'uid': 0, 'gid': 0 } } }", said);
	assert_refuses(
		policy,
		"{ 'process': { 'user': { 'uid': 0, 'gid': 0 } }, 'linux': { 'namespaces': [{ 'type': 'user' }],"
		"'uidMappings': [{ 'containerID': 0, 'hostID': 0, 'size': 1 }] } }",
		said);
	assert_refuses(policy,
		       "{ 'process': { 'user': { 'uid': 0, 'gid': 0 } }, 'linux': { 'namespaces': "
		       "[{ 'type': 'user', 'path': '/x' }] } }",
		       said);
	assert_int_equal(policy_apply(&arena, make_policy(&arena, policy),
				      make_config(&arena, "{ 'process': { 'user': { 'uid': 0, 'gid': 0 } } }"),
				      &rootless, &hardening, &changes, &error),
			 0);
}

static void capabilities_are_clamped(void **state)
{
	(void)state;
	assert_makes(
		POLICY("'capabilities': { 'max': ['CAP_CHOWN'] }"),
		"{ 'process': { 'capabilities': { 'bounding': ['CAP_KILL', 'cap_chown'], 'effective': ['CAP_CHOWN'],"
		"'permitted': ['CAP_CHOWN', 'CAP_NEW'], 'inheritable': ['CAP_CHOWN'], 'ambient': ['CAP_KILL'] } } }",
		"{ 'process': { 'capabilities': { 'bounding': ['cap_chown'], 'effective': ['CAP_CHOWN'],"
		"'permitted': ['CAP_CHOWN'] } } }");
	assert_makes(POLICY("'capabilities': { 'ambient': ['CAP_KILL'] }"),
		     "{ 'process': { 'capabilities': { 'bounding': ['CAP_KILL', 'CAP_CHOWN'],"
		     "'inheritable': ['CAP_KILL', 'CAP_CHOWN'], 'ambient': ['CAP_CHOWN'] } } }",
		     "{ 'process': { 'capabilities': { 'bounding': ['CAP_KILL', 'CAP_CHOWN'],"
		     "'inheritable': ['CAP_KILL'] } } }");
	assert_makes(POLICY("'capabilities': { 'max': ['CAP_CHOWN'] }"), "{ 'process': {} }",
		     "{ 'process': { 'capabilities': {} } }");
}

static void paths_unite(void **state)
{
	(void)state;
	assert_makes(POLICY("'maskedPaths': ['/proc/a', '/proc/b', '/sys/x/y', '/sys/cpu*/t'],"
			    "'readonlyPaths': ['/proc/b/c', '/proc/sys', '/proc/sysrq']"),
		     "{ 'linux': { 'maskedPaths': ['/sys/x', '/proc//a/'], 'readonlyPaths': ['/proc/sys'] } }",
		     "{ 'linux': { 'maskedPaths': ['/sys/x', '/proc//a/', '/proc/b', '/sys/cpu*/t'],"
		     "'readonlyPaths': ['/proc/sys', '/proc/sysrq'] } }");
	assert_makes(POLICY("'maskedPaths': ['/proc/a']"), "{}", "{ 'linux': { 'maskedPaths': ['/proc/a'] } }");
}

static void the_root_becomes_readonly(void **state)
{
	(void)state;
	assert_makes(POLICY("'rootfs': { 'readonly': true }"), "{ 'root': { 'path': 'r' } }",
		     "{ 'root': { 'path': 'r', 'readonly': true } }");
	assert_makes(POLICY("'rootfs': { 'readonly': false }"), "{ 'root': { 'path': 'r', 'readonly': true } }",
		     "{ 'root': { 'path': 'r', 'readonly': true } }");
}

#define MOUNT(destination, type, options)                                                                    \
	"{ 'destination': '" destination "', 'type': '" type "', 'source': '" type "', 'options': [" options \
	"] }"

static void tmpfs_are_added_and_clamped(void **state)
{
	static const char policy[] = POLICY(
		"'tmpfs': [{ 'destination': '/run', 'options': ['rw', 'nosuid', 'mode=755'], 'size': '50m' }]");

	(void)state;
	assert_makes(
		policy, "{ 'mounts': [" MOUNT("/proc", "proc", "") "," MOUNT("/run/lock", "tmpfs", "") "] }",
		"{ 'mounts': [" MOUNT("/proc", "proc", "") "," MOUNT(
			"/run", "tmpfs", "'nosuid', 'mode=755', 'size=52428800'") "," MOUNT("/run/lock",
											    "tmpfs", "") "] }");
	assert_makes(policy, "{ 'mounts': [" MOUNT("/run/", "tmpfs", "'suid', 'size=100m', 'mode=700'") "] }",
		     "{ 'mounts': [" MOUNT("/run/", "tmpfs", "'mode=700', 'nosuid', 'size=52428800'") "] }");
	assert_makes(policy, "{ 'mounts': [" MOUNT("/run", "tmpfs", "'nosuid', 'size=1g,size=4096'") "] }",
		     "{ 'mounts': [" MOUNT("/run", "tmpfs", "'nosuid', 'size=1g,size=4096'") "] }");
	assert_makes(policy, "{ 'mounts': [" MOUNT("/run", "tmpfs", "'nosuid', 'size=0'") "] }",
		     "{ 'mounts': [" MOUNT("/run", "tmpfs", "'nosuid', 'size=52428800'") "] }");
	assert_makes(policy, "{ 'mounts': [" MOUNT("/run", "bind", "'rbind'") "] }",
		     "{ 'mounts': [" MOUNT("/run", "bind", "'rbind'") "] }");
	assert_refuses(
		policy, "{ 'mounts': [" MOUNT("/run", "tmpfs", "'size=50%'") "] }",
		"policy test: tmpfs: the tmpfs on /run has size=50%, which cannot be held against a limit; give "
		"its size in bytes or run with --policy off");
}

static void mount_options_unite(void **state)
{
	static const char policy[] = POLICY("'mounts': { 'options': ['nodev', 'nosuid'] }");

	(void)state;
	assert_makes(
		policy,
		"{ 'mounts': [" MOUNT("/dev", "tmpfs", "'dev'") "," MOUNT("/a", "tmpfs", "'suid', 'nodev'") "," MOUNT(
			"/b", "bind", "'rbind', 'rsuid'") "," MOUNT("/c", "bind",
								    "'bind', 'ro'") "," MOUNT("/proc", "proc",
											      "") "] }",
		"{ 'mounts': [" MOUNT("/dev", "tmpfs", "'dev', 'nosuid'") "," MOUNT("/a", "tmpfs", "'nodev', 'nosuid'") "," MOUNT(
			"/b", "bind",
			"'rbind', 'nosuid', 'rnosuid', 'nodev', 'rnodev'") "," MOUNT("/c", "bind",
										     "'bind', 'ro'") "," MOUNT("/proc",
													       "proc",
													       "") "] }");
}

#define BIND(source) "{ 'mounts': [{ 'destination': '/x', 'type': 'bind', 'source': '" source "' }] }"

static void sources_are_denied(void **state)
{
	static const char policy[] =
		POLICY("'mounts': { 'denySources': ['/', '/etc/ssl', '/var/lib/docker/.'] }");
	static const char *const taken[] = { BIND("/srv"), BIND("/etc/sslx"),
					     BIND("/var/lib/docker/volumes/v") };
	static const struct {
		const char *source, *denied;
	} refused[] = {
		{ "/", "/." },
		{ "/etc/ssl", "/etc/ssl" },
		{ "/etc/./ssl/", "/etc/ssl" },
		{ "/etc/x/../ssl/private/key", "/etc/ssl" },
		{ "/etc", "/etc/ssl" },
		{ "/var/lib/docker", "/var/lib/docker/." },
		{ "/var", "/var/lib/docker/." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		assert_makes(policy, taken[i], taken[i]);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_arena_ struct arena arena = { 0 };

		assert_refuses(
			policy, arena_printf(&arena, BIND("%s"), refused[i].source),
			arena_printf(
				&arena,
				"policy test: mounts.denySources: %s may not be mounted on /x, as it meets %s; "
				"remove the mount or run with --policy off",
				refused[i].source, refused[i].denied));
	}
	assert_refuses(policy, BIND("data"),
		       "policy test: mounts.denySources: it is not known where the mount source data leads; "
		       "give an absolute one or run with --policy off");
	assert_refuses(
		policy,
		"{ 'mounts': [{ 'destination': '/x', 'type': 'overlay', 'source': 'overlay', 'options': "
		"['lowerdir=/srv/a:/etc/ssl,upperdir=/srv/b'] }] }",
		"policy test: mounts.denySources: /etc/ssl may not be mounted on /x, as it meets /etc/ssl; remove "
		"the mount or run with --policy off");
}

static void the_root_is_no_denied_source(void **state)
{
	static const char policy[] = POLICY("'mounts': { 'denySources': ['/boot', '/run/docker'] }");
	static const char taken[] = "{ 'root': { 'path': '/run/docker/x/rootfs' } }";
	_cleanup_arena_ struct arena arena = { 0 };
	struct string_pair real[] = { { "rootfs", "/" } };
	struct policy_facts facts = { .real_paths = { .items = real, .count = 1 } };

	(void)state;
	assert_makes(policy, taken, taken);
	assert_refuses(policy, "{ 'root': { 'path': '/' } }",
		       "policy test: mounts.denySources: / may not be the root file system, as it meets /boot; "
		       "give the container one of its own or run with --policy off");
	assert_refuses(policy, "{ 'root': { 'path': '/run/docker/.' } }",
		       "policy test: mounts.denySources: /run/docker/. may not be the root file system, as it "
		       "meets /run/docker; give the container one of its own or run with --policy off");
	assert_string_equal(
		refused_config(&arena, make_policy(&arena, policy),
			       make_config(&arena, "{ 'root': { 'path': 'rootfs' } }"), &facts),
		"policy test: mounts.denySources: rootfs may not be the root file system, as it meets "
		"/boot; give the container one of its own or run with --policy off");
}

#define MAPPED(uid, gid)                                                                                      \
	"{ 'linux': { 'namespaces': [{ 'type': 'user' }], 'uidMappings': [{ 'containerID': 0, 'hostID': " uid \
	", 'size': 10 }], 'gidMappings': [{ 'containerID': 0, 'hostID': " gid ", 'size': 10 }] } }"

static void a_required_user_namespace_has_neither_the_root_user_nor_its_group(void **state)
{
	static const char policy[] = POLICY("'userns': 'require'");

	(void)state;
	assert_makes(policy, MAPPED("1000", "1000"), MAPPED("1000", "1000"));
	assert_refuses(
		policy, MAPPED("0", "1000"),
		"policy test: userns: the user namespace maps the host's root; give the container a user "
		"namespace (--userns, userns-remap) or run with --policy off");
	assert_refuses(policy, MAPPED("1000", "0"),
		       "policy test: userns: the user namespace maps the host's group 0; give the container a "
		       "user namespace (--userns, userns-remap) or run with --policy off");
}

static void links_are_seen_through(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy =
		make_policy(&arena, POLICY("'mounts': { 'denySources': ['/run/docker.sock'] }"));
	struct string_pair real[] = { { "/srv/innocent", "/run/docker.sock" } };
	struct policy_facts facts = { .real_paths = { .items = real, .count = 1 } };

	(void)state;
	assert_string_equal(
		refused_config(&arena, policy, make_config(&arena, BIND("/srv/innocent")), &facts),
		"policy test: mounts.denySources: /srv/innocent may not be mounted on /x, as it meets "
		"/run/docker.sock; remove the mount or run with --policy off");
}

#define RESOURCES(text) "{ 'linux': { 'resources': { " text " } } }"

static void real_time_is_not_beside_the_limit(void **state)
{
	(void)state;
	assert_refuses(
		POLICY("'resources': { 'cpu': { 'max': 1 } }"),
		RESOURCES("'cpu': { 'quota': 1000, 'realtimeRuntime': 950000, 'realtimePeriod': 1000000 }"),
		"policy test: resources.cpu.max: real-time tasks are not held by it; remove realtimeRuntime "
		"(--cpu-rt-runtime) or run with --policy off");
	assert_makes(POLICY("'resources': { 'cpu': { 'default': 1 } }"),
		     RESOURCES("'cpu': { 'quota': 1000, 'realtimeRuntime': 950000 }"),
		     RESOURCES("'cpu': { 'quota': 1000, 'realtimeRuntime': 950000 }"));
}

static void pids_are_limited(void **state)
{
	static const char both[] = POLICY("'resources': { 'pids': { 'default': 100, 'max': 200 } }");
	static const char only_default[] = POLICY("'resources': { 'pids': { 'default': 100 } }");

	(void)state;
	assert_makes(both, "{}", RESOURCES("'pids': { 'limit': 100 }"));
	assert_makes(both, RESOURCES("'pids': { 'limit': -1 }"), RESOURCES("'pids': { 'limit': 200 }"));
	assert_makes(both, RESOURCES("'pids': { 'limit': 201 }"), RESOURCES("'pids': { 'limit': 200 }"));
	assert_makes(both, RESOURCES("'pids': { 'limit': 7 }"), RESOURCES("'pids': { 'limit': 7 }"));
	assert_makes(both, RESOURCES("'pids': { 'limit': 0 }"), RESOURCES("'pids': { 'limit': 0 }"));
	assert_makes(only_default, RESOURCES("'pids': { 'limit': -1 }"), RESOURCES("'pids': { 'limit': -1 }"));
	assert_makes(only_default, RESOURCES("'unified': { 'pids.max': 'max' }"),
		     RESOURCES("'unified': { 'pids.max': 'max' }"));
	assert_makes(both, RESOURCES("'unified': { 'pids.max': 'max' }"),
		     RESOURCES("'pids': { 'limit': 200 }, 'unified': { 'pids.max': '200' }"));
	assert_refuses(
		both, RESOURCES("'unified': { 'pids.max': '1e9' }"),
		"policy test: resources.pids: cannot judge pids.max of resources.unified; set it to a plain "
		"number, remove it or run with --policy off");
	assert_refuses(
		both, RESOURCES("'unified': { './pids.max': 'max' }"),
		"policy test: resources: cannot judge ./pids.max of resources.unified; set it to a plain "
		"number, remove it or run with --policy off");
}

static void without_root_only_ceilings_hold(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy_facts facts = { .rootless = true };
	struct policy_changes changes = { 0 };
	struct oci_config *config = make_config(&arena, "{}");
	struct hardening hardening = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(policy_apply(&arena,
				      make_policy(&arena, POLICY("'resources': { 'pids': { 'default': 9 } }")),
				      config, &facts, &hardening, &changes, &error),
			 0);
	assert_null(config->linux_);
	assert_int_equal(
		policy_apply(&arena,
			     make_policy(&arena,
					 POLICY("'resources': { 'pids': { 'default': 9, 'max': 10 } }")),
			     config, &facts, &hardening, &changes, &error),
		0);
	assert_int_equal(config->linux_->resources->pids->limit.value, 10);
}

static void memory_is_limited_with_swap(void **state)
{
	static const char max[] = POLICY("'resources': { 'memory': { 'max': 1000 } }");
	static const char only_default[] = POLICY("'resources': { 'memory': { 'default': 500 } }");

	(void)state;
	assert_makes(max, "{}", RESOURCES("'memory': { 'limit': 1000, 'swap': 1000 }"));
	assert_makes(max, RESOURCES("'memory': { 'limit': -1, 'swap': -1 }"),
		     RESOURCES("'memory': { 'limit': 1000, 'swap': 1000 }"));
	assert_makes(max, RESOURCES("'memory': { 'limit': 600, 'swap': 1200 }"),
		     RESOURCES("'memory': { 'limit': 600, 'swap': 1000 }"));
	assert_makes(max, RESOURCES("'memory': { 'limit': 600 }"),
		     RESOURCES("'memory': { 'limit': 600, 'swap': 1000 }"));
	assert_makes(max, RESOURCES("'memory': { 'limit': 0, 'swap': 700 }"),
		     RESOURCES("'memory': { 'limit': 700, 'swap': 700 }"));
	assert_makes(max, RESOURCES("'unified': { 'memory.max': '400', 'memory.swap.max': 'max' }"),
		     RESOURCES("'memory': { 'limit': 1000, 'swap': 1000 }, 'unified': { 'memory.max': '400',"
			       "'memory.swap.max': '600' }"));
	assert_makes(only_default, "{}", RESOURCES("'memory': { 'limit': 500, 'swap': 500 }"));
	assert_makes(only_default, RESOURCES("'memory': { 'limit': -1 }"),
		     RESOURCES("'memory': { 'limit': -1 }"));
}

static void cpu_is_limited(void **state)
{
	static const char max[] = POLICY("'resources': { 'cpu': { 'max': 0.5 } }");

	(void)state;
	assert_makes(max, "{}", RESOURCES("'cpu': { 'quota': 50000, 'period': 100000 }"));
	assert_makes(max, RESOURCES("'cpu': { 'shares': 2, 'quota': -1, 'period': 20000 }"),
		     RESOURCES("'cpu': { 'shares': 2, 'quota': 10000, 'period': 20000 }"));
	assert_makes(max, RESOURCES("'cpu': { 'quota': 10000, 'period': 20000 }"),
		     RESOURCES("'cpu': { 'quota': 10000, 'period': 20000 }"));
	/* less than the kernel takes: another period */
	assert_makes(max, RESOURCES("'cpu': { 'quota': 5000, 'burst': 60000, 'period': 1000 }"),
		     RESOURCES("'cpu': { 'quota': 50000, 'burst': 50000, 'period': 100000 }"));
	assert_makes(max, RESOURCES("'cpu': { 'quota': 1000 }, 'unified': { 'cpu.max': 'max 50000' }"),
		     RESOURCES("'cpu': { 'quota': 1000 }, 'unified': { 'cpu.max': '25000 50000' }"));
	assert_makes(POLICY("'resources': { 'cpu': { 'default': 2 } }"), RESOURCES("'cpu': { 'shares': 0 }"),
		     RESOURCES("'cpu': { 'shares': 0, 'quota': 200000, 'period': 100000 }"));
}

static void devices_are_cut_down(void **state)
{
	static const char fuse[] =
		POLICY("'devices': [{ 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw' }]");

	(void)state;
	assert_makes(
		fuse,
		"{ 'linux': { 'devices': [{ 'type': 'c', 'path': '/dev/fuse', 'major': 10, 'minor': 229 },"
		"{ 'type': 'b', 'path': '/dev/sda', 'major': 8, 'minor': 0 }], 'resources': { 'devices': ["
		"{ 'allow': true, 'type': 'c', 'major': 10, 'access': 'rw' },"
		"{ 'allow': false, 'type': 'c', 'major': 5, 'minor': 1 },"
		"{ 'allow': true, 'type': 'b', 'major': 8, 'minor': 0, 'access': 'rw' }] } } }",
		"{ 'linux': { 'devices': [{ 'type': 'c', 'path': '/dev/fuse', 'major': 10, 'minor': 229 }],"
		"'resources': { 'devices': [{ 'allow': false, 'access': 'rwm' },"
		"{ 'allow': true, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw' },"
		"{ 'allow': false, 'type': 'c', 'major': 5, 'minor': 1 }] } } }");
	assert_makes(
		POLICY("'devices': 'default'"),
		RESOURCES(
			"'devices': [{ 'allow': false }, { 'allow': true, 'type': 'c', 'major': 1, 'access': 'r' }]"),
		RESOURCES("'devices': [{ 'allow': false },"
			  "{ 'allow': true, 'type': 'c', 'major': 1, 'minor': 3, 'access': 'r' },"
			  "{ 'allow': true, 'type': 'c', 'major': 1, 'minor': 5, 'access': 'r' },"
			  "{ 'allow': true, 'type': 'c', 'major': 1, 'minor': 7, 'access': 'r' },"
			  "{ 'allow': true, 'type': 'c', 'major': 1, 'minor': 8, 'access': 'r' },"
			  "{ 'allow': true, 'type': 'c', 'major': 1, 'minor': 9, 'access': 'r' }]"));
}

static void sysctls_are_set_where_they_belong(void **state)
{
	static const char policy[] = POLICY("'sysctl': { 'kernel.shmmax': '1', 'net.core.somaxconn': '2' }");

	(void)state;
	assert_makes(policy,
		     "{ 'linux': { 'namespaces': [{ 'type': 'ipc' }, { 'type': 'network', 'path': '/n' }],"
		     "'sysctl': { 'kernel/shmmax': '7', 'net.core.somaxconn': '8' } } }",
		     "{ 'linux': { 'namespaces': [{ 'type': 'ipc' }, { 'type': 'network', 'path': '/n' }],"
		     "'sysctl': { 'kernel/shmmax': '1', 'net.core.somaxconn': '8' } } }");
	assert_makes(
		policy, "{ 'linux': { 'namespaces': [{ 'type': 'network' }] } }",
		"{ 'linux': { 'namespaces': [{ 'type': 'network' }], 'sysctl': { 'net.core.somaxconn': '2' } } }");
}

static void the_keyring_is_fresh(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy = make_policy(&arena, POLICY("'keyring': 'session'"));
	struct policy_facts facts = { 0 };
	struct policy_changes changes = { 0 };
	struct oci_config *config = make_config(&arena, "{}");
	struct hardening hardening = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(policy_apply(&arena, policy, config, &facts, &hardening, &changes, &error), 0);
	assert_true(hardening.session_keyring);
	assert_int_equal(changes.count, 0);
	facts.no_new_keyring = true;
	assert_int_equal(policy_apply(&arena, policy, config, &facts, &hardening, &changes, &error), 0);
	assert_true(hardening.session_keyring);
	assert_int_equal(changes.count, 1);
}

/* What @policy makes of a process that joins a container of @config; or the refusal. */
static const char *joined(struct arena *arena, const char *policy, const char *config, const char *process)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	struct oci_process *joining = make_process(arena, process);
	struct hardening hardening = { 0 };
	struct policy_changes changes = { 0 };
	struct error error;

	if (policy_apply_process(arena, make_policy(arena, policy), make_config(arena, config), NULL, joining,
				 &hardening, &changes, &error) < 0)
		return arena_strdup(arena, error.text);
	spec_print(&writer, &spec_process_table, joining);
	return arena_strdup(arena, strbuf_text(&text));
}

static void exec_is_held_to_the_policy(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	static const char own[] = "{ 'process': { " CAPABILITIES("['CAP_KILL']") " } }";
	struct {
		const char *policy, *config, *process, *expected;
	} cases[] = {
		{ POLICY("'noNewPrivileges': true, 'maskedPaths': ['/proc/kcore']"), own,
		  "{ " CAPABILITIES(SOME) " }", "{ 'noNewPrivileges': true, " CAPABILITIES(SOME) " }" },
		{ POLICY("'capabilities': { 'max': ['CAP_CHOWN'] }"), own,
		  "{ 'capabilities': { 'bounding': " ALL ", 'inheritable': " ALL " } }",
		  "{ 'capabilities': { 'bounding': ['CAP_CHOWN'] } }" },
		/* no capabilities given: the container's, not all */
		{ POLICY("'capabilities': { 'ambient': [] }"), own, "{}",
		  "{ " CAPABILITIES("['CAP_KILL']") " }" },
		/* no more than the container was given */
		{ POLICY("'privileged': 'refuse'"), "{ 'process': { " CAPABILITIES(ALL) " } }",
		  "{ " CAPABILITIES(ALL) " }", "{ " CAPABILITIES(ALL) " }" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(joined(&arena, cases[i].policy, cases[i].config, cases[i].process),
				    joined(&arena, "{ 'name': 'off' }", own, cases[i].expected));
	assert_string_equal(
		joined(&arena, POLICY("'privileged': 'refuse'"), own, "{ " CAPABILITIES(ALL) " }"),
		"policy test: privileged: process asks for all capabilities in a container that has not got "
		"them; remove --privileged or run the container with --policy off");
	assert_string_equal(
		joined(&arena, POLICY("'user': { 'nonRoot': true }"), own,
		       "{ 'user': { 'uid': 0, 'gid': 0 } }"),
		"policy test: user.nonRoot: process runs as root; give it another user (--user), a user "
		"namespace that maps root to another user, or run with --policy off");
}

/* What @policy makes of an update of @current. */
static const char *updated(struct arena *arena, const char *policy, const char *current, const char *update)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	struct oci_resources *resources = make_resources(arena, update);
	struct policy_changes changes = { 0 };
	struct error error;

	if (policy_apply_resources(arena, make_policy(arena, policy), make_resources(arena, current), NULL,
				   resources, &changes, &error) < 0)
		return arena_strdup(arena, error.text);
	spec_print(&writer, &spec_resources_table, resources);
	return arena_strdup(arena, strbuf_text(&text));
}

static void update_is_held_to_the_policy(void **state)
{
	static const char policy[] =
		POLICY("'resources': { 'pids': { 'default': 5, 'max': 10 }, 'memory': { 'max': 1000 },"
		       "'cpu': { 'max': 1 } }, 'devices': 'default'");
	static const struct {
		const char *current, *update, *expected;
	} cases[] = {
		{ "{}", "{}", "{}" },
		{ "{}", "{ 'pids': { 'limit': -1 } }", "{ 'pids': { 'limit': 10 } }" },
		{ "{}", "{ 'memory': { 'limit': -1 } }", "{ 'memory': { 'limit': 1000 } }" },
		{ "{}", "{ 'memory': { 'swap': 2000 } }", "{ 'memory': { 'swap': 1000 } }" },
		{ "{}", "{ 'cpu': { 'quota': -1 } }", "{ 'cpu': { 'quota': 100000, 'period': 100000 } }" },
		/* the old quota is more in a shorter period, the new one in the old period */
		{ "{ 'cpu': { 'quota': 100000, 'period': 100000 } }", "{ 'cpu': { 'period': 50000 } }",
		  "{ 'cpu': { 'quota': 50000, 'period': 50000 } }" },
		{ "{ 'cpu': { 'quota': 20000, 'period': 20000 } }", "{ 'cpu': { 'quota': 90000 } }",
		  "{ 'cpu': { 'quota': 20000, 'period': 20000 } }" },
		{ "{ 'cpu': { 'quota': 20000, 'period': 100000 } }", "{ 'cpu': { 'period': 50000 } }",
		  "{ 'cpu': { 'period': 50000 } }" },
		{ "{}", "{ 'devices': [{ 'allow': false }, { 'allow': true, 'type': 'b', 'access': 'rw' }] }",
		  "{ 'devices': [{ 'allow': false }] }" },
		{ "{}", "{ 'unified': { 'memory.max': 'max' } }", "{ 'unified': { 'memory.max': '1000' } }" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena arena = { 0 };

		assert_string_equal(updated(&arena, policy, cases[i].current, cases[i].update),
				    updated(&arena, "{ 'name': 'off' }", "{}", cases[i].expected));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_changes_nothing),
		cmocka_unit_test(what_changed_is_told),
		cmocka_unit_test(privileged_containers_are_refused),
		cmocka_unit_test(host_namespaces_are_refused),
		cmocka_unit_test(joined_namespaces_are_judged_by_the_facts),
		cmocka_unit_test(root_is_refused_unless_remapped),
		cmocka_unit_test(capabilities_are_clamped),
		cmocka_unit_test(paths_unite),
		cmocka_unit_test(the_root_becomes_readonly),
		cmocka_unit_test(tmpfs_are_added_and_clamped),
		cmocka_unit_test(mount_options_unite),
		cmocka_unit_test(sources_are_denied),
		cmocka_unit_test(the_root_is_no_denied_source),
		cmocka_unit_test(a_required_user_namespace_has_neither_the_root_user_nor_its_group),
		cmocka_unit_test(links_are_seen_through),
		cmocka_unit_test(real_time_is_not_beside_the_limit),
		cmocka_unit_test(pids_are_limited),
		cmocka_unit_test(without_root_only_ceilings_hold),
		cmocka_unit_test(memory_is_limited_with_swap),
		cmocka_unit_test(cpu_is_limited),
		cmocka_unit_test(devices_are_cut_down),
		cmocka_unit_test(sysctls_are_set_where_they_belong),
		cmocka_unit_test(the_keyring_is_fresh),
		cmocka_unit_test(exec_is_held_to_the_policy),
		cmocka_unit_test(update_is_held_to_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
