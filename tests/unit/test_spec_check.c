/* SPDX-License-Identifier: Apache-2.0 */
/* config_check() and process_check(): each row is a configuration and the line that refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "documents.h"
#include "spec/config.h"

#define ROOT "\"root\":{\"path\":\"rootfs\"},"
#define PROCESS_WITH(text) "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]" text "}"
#define PROCESS PROCESS_WITH("")
#define VERSION "\"ociVersion\":\"1.3.0\","
#define CONFIG(text) "{" VERSION ROOT PROCESS "," text "}"
#define WITH_PROCESS(text) "{" VERSION ROOT PROCESS_WITH("," text) "}"
#define LINUX(text) CONFIG("\"linux\":{" text "}")
#define ALL_NAMESPACES                                                                                       \
	"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}," \
	"{\"type\":\"uts\"},{\"type\":\"cgroup\"},{\"type\":\"time\"}]"
#define IN_NAMESPACES(text) LINUX(ALL_NAMESPACES "," text)
#define USER_NAMESPACE "\"namespaces\":[{\"type\":\"user\"}],"
#define MAPPING(container, host, size) \
	"{\"containerID\":" #container ",\"hostID\":" #host ",\"size\":" #size "}"
#define MAPPINGS(uids, gids) "\"uidMappings\":[" uids "],\"gidMappings\":[" gids "]"

struct row {
	const char *text;
	const char *error; /* NULL: taken */
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct oci_config *config;
		struct error error = { 0 };
		int result;

		if (config_parse(&arena, "f", rows[i].text, strlen(rows[i].text), &config, &error) < 0)
			fail_msg("%s: %s", rows[i].text, error.text);
		result = config_check(config, &error);
		if (!rows[i].error && result < 0)
			fail_msg("%s: %s", rows[i].text, error.text);
		if (!rows[i].error)
			continue;
		if (result == 0)
			fail_msg("%s was taken", rows[i].text);
		assert_int_equal(result, -1);
		assert_string_equal(error.text, rows[i].error);
	}
}

static void versions(void **state)
{
	static const char *const taken[] = { "1.0.0",	    "1.0.2-dev", "1.1.0+x.y",	 "1.3.0",
					     "1.99.0-rc.1", "1.10.100",	 "1.3.0-rc.1+b", "0.5.0-dev" };
	static const char *const refused[] = { "",	  "1",	    "1.0",     "2.0.0",	 "10.0.0",
					       "1.0.0.0", "v1.0.0", "1.0.x",   "1.0.0 ", "01.0.0",
					       "1.01.0",  "-1.0.0", "1.0.0-\n" };
	struct oci_root root = { .path = "rootfs" };
	const char *args[] = { "sh" };
	struct oci_process process = { .cwd = "/", .args = { args, 1 } };
	struct oci_config config = { .root = &root, .process = &process };
	struct error error = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		config.oci_version = taken[i];
		if (config_check(&config, &error) < 0)
			fail_msg("%s", error.text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		config.oci_version = refused[i];
		if (config_check(&config, &error) == 0)
			fail_msg("\"%s\" was taken", refused[i]);
		assert_memory_equal(error.text, "ociVersion: found \"", strlen("ociVersion: found \""));
	}
}

static void engines_configurations(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char **paths;
	size_t count = document_list(&arena, "engine-configs", &paths);

	(void)state;
	assert_true(count >= 3);
	for (size_t i = 0; i < count; i++) {
		struct oci_config *config;
		struct error error = { 0 };
		size_t length;
		char *bytes = document_read(&arena, paths[i], &length);

		assert_int_equal(config_parse(&arena, paths[i], bytes, length, &config, &error), 0);
		if (config_check(config, &error) < 0)
			fail_msg("%s: %s", paths[i], error.text);
	}
}

static void outline(void **state)
{
	static const struct row rows[] = {
		{ "{" VERSION ROOT PROCESS "}", NULL },
		{ "{" VERSION PROCESS "}", "root: root must be specified" },
		{ "{" VERSION "\"root\":{\"path\":\"\"}," PROCESS "}",
		  "root.path: found \"\", expected a path" },
		{ "{" VERSION "\"root\":{\"path\":\"rootfs\"}}",
		  "process: process property must not be empty" },
		{ CONFIG("\"hostname\":\"a\""),
		  "hostname: unable to set hostname without a private UTS namespace" },
		{ CONFIG("\"domainname\":\"a\""),
		  "domainname: unable to set domainname without a private UTS namespace" },
		{ CONFIG("\"hostname\":\"a\",\"domainname\":\"b\",\"linux\":{" ALL_NAMESPACES "}"), NULL },
		{ CONFIG("\"hostname\":\"0123456789012345678901234567890123456789012345678901234567890123\","
			 "\"linux\":{" ALL_NAMESPACES "}"),
		  NULL },
		{ CONFIG("\"hostname\":\"01234567890123456789012345678901234567890123456789012345678901234\","
			 "\"linux\":{" ALL_NAMESPACES "}"),
		  "hostname: found 65 characters, expected at most 64" },
		{ CONFIG("\"mounts\":[{\"destination\":\"/a\"},{\"destination\":\"relative\"}]"), NULL },
		{ CONFIG("\"mounts\":[{\"destination\":\"\"}]"),
		  "mounts[0].destination: found \"\", expected a path" },
		{ CONFIG("\"hooks\":{\"prestart\":[{\"path\":\"/a\"},{\"path\":\"b\"}]}"),
		  "hooks.prestart[1].path: found \"b\", expected an absolute path" },
		{ CONFIG("\"hooks\":{\"createRuntime\":[{\"path\":\"b\"}]}"),
		  "hooks.createRuntime[0].path: found \"b\", expected an absolute path" },
		{ CONFIG("\"hooks\":{\"createContainer\":[{\"path\":\"b\"}]}"),
		  "hooks.createContainer[0].path: found \"b\", expected an absolute path" },
		{ CONFIG("\"hooks\":{\"startContainer\":[{\"path\":\"b\"}]}"),
		  "hooks.startContainer[0].path: found \"b\", expected an absolute path" },
		{ CONFIG("\"hooks\":{\"poststart\":[{\"path\":\"b\"}]}"),
		  "hooks.poststart[0].path: found \"b\", expected an absolute path" },
		{ CONFIG("\"hooks\":{\"poststop\":[{\"path\":\"\"}]}"),
		  "hooks.poststop[0].path: found \"\", expected an absolute path" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void processes(void **state)
{
	static const struct row rows[] = {
		{ "{" VERSION ROOT "\"process\":{\"cwd\":\"\",\"args\":[\"sh\"]}}",
		  "process.cwd: cwd property must not be empty" },
		{ "{" VERSION ROOT "\"process\":{\"cwd\":\"a\",\"args\":[\"sh\"]}}",
		  "process.cwd: cwd must be an absolute path" },
		{ "{" VERSION ROOT "\"process\":{\"cwd\":\"/\"}}", "process.args: args must not be empty" },
		{ WITH_PROCESS("\"env\":[\"A=b\",\"B=\"]"), NULL },
		{ WITH_PROCESS("\"env\":[\"A=b\",\"SECRET\"]"),
		  "process.env[1]: invalid environment variable: missing '='" },
		{ WITH_PROCESS("\"env\":[\"=SECRET\"]"),
		  "process.env[0]: invalid environment variable: name cannot be empty" },
		{ WITH_PROCESS("\"oomScoreAdj\":-1000"), NULL },
		{ WITH_PROCESS("\"oomScoreAdj\":1001"),
		  "process.oomScoreAdj: found 1001, expected -1000 to 1000" },
		{ WITH_PROCESS("\"oomScoreAdj\":-1001"),
		  "process.oomScoreAdj: found -1001, expected -1000 to 1000" },
		{ WITH_PROCESS("\"user\":{\"uid\":4294967295}"), "process.user.uid: 4294967295 is no id" },
		{ WITH_PROCESS("\"user\":{\"gid\":4294967295}"), "process.user.gid: 4294967295 is no id" },
		{ WITH_PROCESS("\"user\":{\"additionalGids\":[0,4294967295]}"),
		  "process.user.additionalGids[1]: 4294967295 is no id" },
		{ WITH_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
			       "{\"type\":\"RLIMIT_NOFILE\",\"soft\":0,\"hard\":18446744073709551615}]"),
		  NULL },
		{ WITH_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_FILES\",\"soft\":1,\"hard\":1}]"),
		  "process.rlimits[0].type: wrong rlimit value: RLIMIT_FILES" },
		{ WITH_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
		  "process.rlimits[0]: soft limit 2 of RLIMIT_CPU is above the hard one, 1" },
		{ WITH_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
			       "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"),
		  "process.rlimits[1].type: RLIMIT_CPU comes twice" },
		{ WITH_PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":7}"), NULL },
		{ WITH_PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
		  "process.ioPriority.priority: invalid ioPriority.Priority: 8, expected 0 to 7" },
		{ WITH_PROCESS("\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":19}"), NULL },
		{ WITH_PROCESS("\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":20}"),
		  "process.scheduler.nice: invalid scheduler.nice: 20, expected -20 to 19" },
		{ WITH_PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":1}"), NULL },
		{ WITH_PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}"),
		  "process.scheduler.priority: scheduler.priority can only be specified for SchedFIFO or "
		  "SchedRR policy" },
		{ WITH_PROCESS("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,\"deadline\":2,"
			       "\"period\":2}"),
		  NULL },
		{ WITH_PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"period\":2}"),
		  "process.scheduler: scheduler runtime/deadline/period can only be specified for "
		  "SchedDeadline policy" },
	};
	struct oci_process process = { .cwd = "/" };
	struct error error = { 0 };

	(void)state;
	check(rows, ARRAY_SIZE(rows));
	assert_int_equal(process_check(&process, &error), -1);
	assert_string_equal(error.text, "process.args: args must not be empty");
	assert_int_equal(process_check(NULL, &error), -1);
}

static void namespaces_and_paths(void **state)
{
	static const struct row rows[] = {
		{ LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\",\"path\":\"/a\"}]"),
		  "linux.namespaces[1]: malformed spec file: duplicated ns \"pid\"" },
		{ LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc/1\"}]"),
		  "linux.namespaces[0].path: found \"proc/1\", expected an absolute path" },
		{ LINUX("\"maskedPaths\":[\"/proc/kcore\"]"),
		  "linux.maskedPaths: unable to restrict sys entries without a private MNT namespace" },
		{ LINUX("\"readonlyPaths\":[\"/proc/sys\"]"),
		  "linux.readonlyPaths: unable to restrict sys entries without a private MNT namespace" },
		{ IN_NAMESPACES("\"maskedPaths\":[\"/proc/kcore\",\"proc\"]"),
		  "linux.maskedPaths[1]: found \"proc\", expected an absolute path" },
		{ IN_NAMESPACES("\"readonlyPaths\":[\"\"]"),
		  "linux.readonlyPaths[0]: found \"\", expected an absolute path" },
		{ IN_NAMESPACES("\"timeOffsets\":{\"boottime\":{\"secs\":-1,\"nanosecs\":999999999}}"), NULL },
		{ IN_NAMESPACES("\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}"),
		  "linux.timeOffsets: nanosecs must be below 1000000000" },
		{ LINUX("\"timeOffsets\":{}"), "linux.timeOffsets: time namespace offsets specified, but time "
					       "namespace isn't enabled in the config" },
		{ LINUX("\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],\"timeOffsets\":{}"),
		  "linux.timeOffsets: time namespace enabled, but both namespace path and time offsets "
		  "specified -- you may only provide one" },
		{ LINUX("\"cgroupsPath\":\"/a/..b/c..\""), NULL },
		{ LINUX("\"cgroupsPath\":\"system.slice:runc:id\""), NULL },
		/* Where it is used it is made a path without "..", see test_cgroup.c. */
		{ LINUX("\"cgroupsPath\":\"/a/../../b\""), NULL },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void devices_and_the_rest(void **state)
{
	static const struct row rows[] = {
		{ LINUX("\"devices\":[{\"path\":\"/dev/a\",\"type\":\"c\",\"major\":4095,\"minor\":1048575},"
			"{\"path\":\"/dev/b\",\"type\":\"p\",\"major\":-1,\"fileMode\":8630}]"),
		  NULL },
		{ LINUX("\"devices\":[{\"path\":\"\",\"type\":\"p\"}]"),
		  "linux.devices[0].path: found \"\", expected a path" },
		{ LINUX("\"devices\":[{\"path\":\"/dev/a\",\"type\":\"c\",\"major\":4096}]"),
		  "linux.devices[0].major: found 4096, expected 0 to 4095" },
		{ LINUX("\"devices\":[{\"path\":\"/dev/a\",\"type\":\"b\",\"minor\":-1}]"),
		  "linux.devices[0].minor: found -1, expected 0 to 1048575" },
		{ LINUX("\"netDevices\":{\"eth0\":{}}"),
		  "linux.netDevices: unable to move network devices without a NET namespace" },
		{ IN_NAMESPACES("\"netDevices\":{\"eth0\":{},\"eth1\":{\"name\":\"eth2\"}}"), NULL },
		{ IN_NAMESPACES("\"netDevices\":{\"a/b\":{}}"),
		  "linux.netDevices: invalid network device name \"a/b\"" },
		{ IN_NAMESPACES("\"netDevices\":{\"eth0\":{\"name\":\"0123456789abcdef\"}}"),
		  "linux.netDevices: invalid network device name \"0123456789abcdef\"" },
		{ IN_NAMESPACES("\"netDevices\":{\"\":{}}"),
		  "linux.netDevices: invalid network device name \"\"" },
		{ IN_NAMESPACES("\"netDevices\":{\"eth0\":{},\"eth1\":{\"name\":\"eth0\"}}"),
		  "linux.netDevices: two devices get the name \"eth0\"" },
		{ LINUX("\"intelRdt\":{\"closID\":\"guaranteed\"}"), NULL },
		{ LINUX("\"intelRdt\":{\"closID\":\"/\"}"), NULL },
		{ LINUX("\"intelRdt\":{\"closID\":\"..\"}"),
		  "linux.intelRdt.closID: invalid intelRdt.ClosID \"..\"" },
		{ LINUX("\"intelRdt\":{\"closID\":\"a/b\"}"),
		  "linux.intelRdt.closID: invalid intelRdt.ClosID \"a/b\"" },
		{ LINUX("\"personality\":{}"),
		  "linux.personality.domain: found nothing, expected LINUX or LINUX32" },
		{ LINUX("\"memoryPolicy\":{}"),
		  "linux.memoryPolicy.mode: invalid memory policy mode: found nothing, expected a mode" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\"}"), NULL },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}"),
		  "linux.memoryPolicy.nodes: mode requires at least 1 node but got 0" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\"}"), NULL },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}"),
		  "linux.memoryPolicy.nodes: mode requires 0 nodes but got 1" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"0-7\"}"),
		  "linux.memoryPolicy.nodes: mode requires 0 nodes but got 8" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-9876543210\"}"),
		  "linux.memoryPolicy.nodes: invalid memory policy node list \"0-9876543210\"" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":"
			"[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]}"),
		  "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void resources(void **state)
{
#define RESOURCES(text) LINUX("\"resources\":{" text "}")
	static const struct row rows[] = {
		{ RESOURCES("\"memory\":{\"limit\":100,\"swap\":0}"), NULL },
		{ RESOURCES("\"memory\":{\"limit\":100,\"swap\":-1}"), NULL },
		{ RESOURCES("\"memory\":{\"limit\":-1,\"swap\":100}"), NULL },
		{ RESOURCES("\"memory\":{\"limit\":100,\"swap\":99}"),
		  "linux.resources.memory.swap: memory+swap limit should be >= memory limit" },
		{ RESOURCES("\"memory\":{\"limit\":-2}"),
		  "linux.resources.memory.limit: found -2, expected -1 or more" },
		{ RESOURCES("\"memory\":{\"swappiness\":100}"), NULL },
		{ RESOURCES("\"memory\":{\"swappiness\":101}"),
		  "linux.resources.memory.swappiness: invalid memory swappiness value: 101 (valid range is 0-100)" },
		{ RESOURCES("\"devices\":[{\"allow\":false,\"major\":-1},{\"allow\":true,\"minor\":-2}]"),
		  "linux.resources.devices[1].minor: found -2, expected -1 or more" },
		{ RESOURCES("\"rdma\":{\"mlx5_1\":{}}"), NULL },
		{ RESOURCES("\"rdma\":{\"a b\":{}}"),
		  "linux.resources.rdma: found \"a b\", expected a device's name" },
		{ RESOURCES("\"network\":{\"priorities\":[{\"name\":\"a\\nb\",\"priority\":1}]}"),
		  "linux.resources.network.priorities[0].name: found \"a b\", expected an interface's name" },
		{ RESOURCES("\"unified\":{\"memory.high\":\"1\"}"), NULL },
		{ RESOURCES("\"unified\":{\"../cgroup.procs\":\"1\"}"),
		  "linux.resources.unified: unified resource \"../cgroup.procs\" must be a file name "
		  "(no slashes)" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void sysctls(void **state)
{
#define SYSCTL(name) "\"sysctl\":{\"" name "\":\"1\"}"
#define REFUSED(name, why)                                                    \
	{                                                                     \
		LINUX(SYSCTL(name)), "linux.sysctl: sysctl \"" name "\" " why \
	}
	static const struct row rows[] = {
		{ IN_NAMESPACES(SYSCTL("net.ipv4.ip_forward")), NULL },
		{ IN_NAMESPACES(SYSCTL("net/ipv4/conf/eno2.100/forwarding")), NULL },
		{ IN_NAMESPACES(SYSCTL("net.ipv4.conf.eno2/100.forwarding")), NULL },
		{ IN_NAMESPACES(SYSCTL("kernel.shm_rmid_forced")), NULL },
		{ IN_NAMESPACES(SYSCTL("fs.mqueue.msg_max")), NULL },
		{ IN_NAMESPACES(SYSCTL("kernel.domainname")), NULL },
		REFUSED("net.ipv4.ip_forward", "not allowed in host network namespace"),
		REFUSED("kernel.sem", "is not allowed in the hosts ipc namespace"),
		REFUSED("fs.mqueue.msg_max", "is not allowed in the hosts ipc namespace"),
		REFUSED("kernel.domainname", "is not in a separate kernel namespace"),
		{ LINUX(SYSCTL("net/ipv4/ip_forward")),
		  "linux.sysctl: sysctl \"net.ipv4.ip_forward\" not allowed in host network namespace" },
		{ IN_NAMESPACES(SYSCTL("kernel.hostname")),
		  "linux.sysctl: sysctl \"kernel.hostname\" is not allowed as it conflicts with the OCI "
		  "\"hostname\" field" },
		{ IN_NAMESPACES(SYSCTL("kernel.core_pattern")),
		  "linux.sysctl: sysctl \"kernel.core_pattern\" is not in a separate kernel namespace" },
		{ IN_NAMESPACES(SYSCTL("vm.swappiness")),
		  "linux.sysctl: sysctl \"vm.swappiness\" is not in a separate kernel namespace" },
		{ IN_NAMESPACES(SYSCTL("")), "linux.sysctl: sysctl \"\" is no name below /proc/sys" },
		{ IN_NAMESPACES(SYSCTL("net/../kernel/core_pattern")),
		  "linux.sysctl: sysctl \"net/../kernel/core_pattern\" is no name below /proc/sys" },
		{ IN_NAMESPACES(SYSCTL("net.//.kernel.core_pattern")),
		  "linux.sysctl: sysctl \"net.//.kernel.core_pattern\" is no name below /proc/sys" },
		{ IN_NAMESPACES(SYSCTL("net..ipv4")),
		  "linux.sysctl: sysctl \"net..ipv4\" is no name below /proc/sys" },
		{ IN_NAMESPACES(SYSCTL("net.ipv4.")),
		  "linux.sysctl: sysctl \"net.ipv4.\" is no name below /proc/sys" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void user_namespaces(void **state)
{
#define WHOLE MAPPINGS(MAPPING(0, 100000, 65536), MAPPING(0, 100000, 65536))
#define REFUSED_MAP(uids, why)                                                                  \
	{                                                                                       \
		LINUX(USER_NAMESPACE MAPPINGS(uids, MAPPING(0, 1, 9))), "linux.uidMappings" why \
	}
	static const struct row rows[] = {
		{ LINUX(USER_NAMESPACE WHOLE), NULL },
		{ LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/n\"}]"), NULL },
		{ LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/n\"}]," WHOLE), NULL },
		{ LINUX(WHOLE),
		  "linux.uidMappings: user namespace mappings specified, but user namespace isn't "
		  "enabled in the config" },
		{ LINUX("\"namespaces\":[{\"type\":\"user\"}]"),
		  "linux.uidMappings: user namespaces enabled, but no namespace path to join nor mappings to "
		  "apply specified" },
		{ LINUX(USER_NAMESPACE "\"gidMappings\":[" MAPPING(0, 1, 9) "]"),
		  "linux.uidMappings: user namespaces enabled, but no uid mappings found" },
		{ LINUX(USER_NAMESPACE "\"uidMappings\":[" MAPPING(0, 1, 9) "]"),
		  "linux.gidMappings: user namespaces enabled, but no gid mappings found" },
		REFUSED_MAP(MAPPING(1, 1, 9), ": user namespaces enabled, but no user mapping found for the "
					      "container's id 0"),
		REFUSED_MAP(MAPPING(0, 1, 0), "[0].size: found 0, expected at least 1"),
		REFUSED_MAP(MAPPING(0, 4294967295, 1), "[0]: reaches beyond the last id, 4294967294"),
		REFUSED_MAP(MAPPING(4294967290, 1, 9), "[0]: reaches beyond the last id, 4294967294"),
		REFUSED_MAP(MAPPING(0, 1000, 10) "," MAPPING(9, 2000, 10),
			    "[1]: overlaps linux.uidMappings[0]"),
		REFUSED_MAP(MAPPING(0, 1000, 10) "," MAPPING(10, 1009, 10),
			    "[1]: overlaps linux.uidMappings[0]"),
		{ LINUX(USER_NAMESPACE MAPPINGS(MAPPING(10, 1010, 10) "," MAPPING(0, 1000, 10),
						MAPPING(0, 1000, 1))),
		  NULL },
		{ "{" VERSION ROOT PROCESS_WITH(",\"user\":{\"uid\":10}") ",\"linux\":{" USER_NAMESPACE
			  MAPPINGS(MAPPING(0, 1, 10), MAPPING(0, 1, 10)) "}}",
		  "process.user.uid: cannot set uid to unmapped user in user namespace: 10 is not in "
		  "linux.uidMappings" },
		{ "{" VERSION ROOT PROCESS_WITH(",\"user\":{\"gid\":10}") ",\"linux\":{" USER_NAMESPACE
			  MAPPINGS(MAPPING(0, 1, 10), MAPPING(0, 1, 10)) "}}",
		  "process.user.gid: cannot set gid to unmapped user in user namespace: 10 is not in "
		  "linux.gidMappings" },
		{ "{" VERSION ROOT PROCESS_WITH(
			  ",\"user\":{\"additionalGids\":[9,10]}") ",\"linux\":{" USER_NAMESPACE
			  MAPPINGS(MAPPING(0, 1, 10), MAPPING(0, 1, 10)) "}}",
		  "process.user.additionalGids[1]: 10 is not in linux.gidMappings" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void many_mappings(void **state)
{
	struct oci_namespace namespace = { .type = OCI_NAMESPACE_USER };
	struct oci_id_mapping mappings[341];
	struct oci_linux linux_ = { .namespaces = { &namespace, 1 } };
	struct oci_root root = { .path = "rootfs" };
	const char *args[] = { "sh" };
	struct oci_process process = { .cwd = "/", .args = { args, 1 } };
	struct oci_config config = {
		.oci_version = "1.3.0",
		.root = &root,
		.process = &process,
		.linux_ = &linux_,
	};
	struct error error = { 0 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(mappings); i++)
		mappings[i] = (struct oci_id_mapping){ i, 1000 + i, 1 };
	linux_.uid_mappings = (struct oci_id_mapping_list){ mappings, 340 };
	linux_.gid_mappings = linux_.uid_mappings;
	assert_int_equal(config_check(&config, &error), 0);
	linux_.gid_mappings.count = 341;
	assert_int_equal(config_check(&config, &error), -1);
	assert_string_equal(error.text, "linux.gidMappings: found 341, expected at most 340");
}

static void mapped_mounts(void **state)
{
#define MOUNT(text) "\"mounts\":[{\"destination\":\"/a\"," text "}]"
#define OWN ",\"uidMappings\":[" MAPPING(0, 1, 9) "],\"gidMappings\":[" MAPPING(0, 1, 9) "]"
	static const struct row rows[] = {
		{ CONFIG(MOUNT("\"options\":[\"bind\"]" OWN)), NULL },
		{ CONFIG(MOUNT("\"options\":[\"rbind\",\"ridmap\"]" OWN)), NULL },
		{ CONFIG(MOUNT(
			  "\"options\":[\"rbind\",\"idmap\"]") ",\"linux\":{\"namespaces\":[{\"type\":\"user\","
							       "\"path\":\"/n\"}]}"),
		  NULL },
		{ CONFIG(MOUNT("\"options\":[\"rbind\",\"idmap\"]")),
		  "mounts[0]: id-mapped mounts must have both uid and gid mappings specified" },
		{ CONFIG(MOUNT("\"options\":[\"bind\"],\"uidMappings\":[" MAPPING(0, 1, 9) "]")),
		  "mounts[0]: id-mapped mounts must have both uid and gid mappings specified" },
		{ CONFIG(MOUNT("\"type\":\"tmpfs\"" OWN)),
		  "mounts[0]: id-mapped mounts are only supported for bind-mounts" },
		{ CONFIG(MOUNT("\"type\":\"tmpfs\",\"options\":[\"idmap\"]")),
		  "mounts[0]: id-mapped mounts are only supported for bind-mounts" },
		{ CONFIG(MOUNT("\"options\":[\"bind\"],\"uidMappings\":[" MAPPING(
			  0, 1, 0) "],\"gidMappings\":[" MAPPING(0, 1, 9) "]")),
		  "mounts[0].uidMappings[0].size: found 0, expected at least 1" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(engines_configurations),
		cmocka_unit_test(outline),
		cmocka_unit_test(processes),
		cmocka_unit_test(namespaces_and_paths),
		cmocka_unit_test(devices_and_the_rest),
		cmocka_unit_test(resources),
		cmocka_unit_test(sysctls),
		cmocka_unit_test(user_namespaces),
		cmocka_unit_test(many_mappings),
		cmocka_unit_test(mapped_mounts),
	};

	return cmocka_run_group_tests_name("spec/check", tests, NULL, NULL);
}
