/* SPDX-License-Identifier: Apache-2.0 */
/* Policy documents: what is taken, what is refused, that writing and reading one gives the same. */
#include "policies.h"

#include <string.h>

#define POLICY(members) "{ 'name': 'test', " members " }"

#define NETWORK                                                                                          \
	"expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", without bits beyond its length and " \
	"without IPv4 mapped into IPv6"
#define PORTS "expected ports such as \"443/tcp\" or \"8000-8100/udp\" (tcp, udp, sctp)"

/* One value of every key. */
static const char every_key[] = POLICY(
	"'noNewPrivileges': true, 'capabilities': { 'max': ['CAP_KILL', 'CAP_CHOWN'], 'ambient': ['CAP_KILL'] },"
	"'privileged': 'refuse', 'rootfs': { 'readonly': true },"
	"'tmpfs': [{ 'destination': '/run', 'options': ['nosuid', 'mode=755'], 'size': '50m' },"
	"          { 'destination': '/tmp/', 'options': ['rw'] }],"
	"'mounts': { 'options': ['nodev'], 'denySources': ['/', '/etc', '/var/lib/docker/.'] },"
	"'maskedPaths': ['/proc/kcore'], 'readonlyPaths': ['/proc//sys/'],"
	"'resources': { 'pids': { 'default': 100, 'max': 200 }, 'memory': { 'max': '512m' }, 'cpu': { 'max': 1.5 } },"
	"'devices': [{ 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw' }],"
	"'namespaces': { 'require': ['pid', 'mount'] }, 'user': { 'nonRoot': true },"
	"'sysctl': { 'net.ipv4.ip_unprivileged_port_start': '0' }, 'keyring': 'session',"
	"'userns': 'auto', 'seccomp': { 'profile': 'strict' }, 'securebits': 'always', 'coreScheduling': 'require',"
	"'speculation': { 'storeBypass': 'auto', 'l1dFlush': 'require', 'indirectBranch': 'off' },"
	"'landlock': { 'filesystem': { 'read': ['/'], 'write': ['/tmp//x', '$mounts'] }, 'scope': ['signal'],"
	"              'network': { 'bind': [443, 80] } },"
	"'disk': { 'max': '1g', 'quota': 'require' },"
	"'egress': { 'default': 'allow', 'deny': ['fd00:0:0::/8', '169.254.169.254',"
	"            { 'cidr': '10.0.0.0/8', 'ports': ['25/tcp', '90-99/tcp', '53/udp', '81-90/tcp', '80/tcp'] }] },"
	"'exec': 'lockable'");

static void every_key_is_read_and_written(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *text = policy_text(&arena, make_policy(&arena, every_key));

	(void)state;
	assert_string_equal(
		text,
		"{\"name\":\"test\",\"privileged\":\"refuse\",\"namespaces\":{\"require\":[\"mount\",\"pid\"]},"
		"\"user\":{\"nonRoot\":true},\"userns\":\"auto\",\"noNewPrivileges\":true,"
		"\"capabilities\":{\"max\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]},"
		"\"rootfs\":{\"readonly\":true},"
		"\"tmpfs\":[{\"destination\":\"/run\",\"options\":[\"nosuid\",\"mode=755\"],\"size\":52428800},"
		"{\"destination\":\"/tmp\",\"options\":[]}],"
		"\"mounts\":{\"options\":[\"nodev\"],\"denySources\":[\"/.\",\"/etc\",\"/var/lib/docker/.\"]},"
		"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"],"
		"\"resources\":{\"pids\":{\"default\":100,\"max\":200},\"memory\":{\"max\":536870912},"
		"\"cpu\":{\"max\":1.5}},"
		"\"devices\":[{\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"}],"
		"\"sysctl\":{\"net.ipv4.ip_unprivileged_port_start\":\"0\"},"
		"\"seccomp\":{\"profile\":[\"strict\"]},"
		"\"landlock\":{\"kernel\":\"auto\",\"layers\":[{\"filesystem\":{\"read\":[\"/\"],\"execute\":[],"
		"\"write\":[\"$mounts\",\"/tmp/x\"]},\"network\":{\"bind\":[80,443]},\"scope\":[\"signal\"]}]},"
		"\"securebits\":\"always\",\"coreScheduling\":\"require\","
		"\"speculation\":{\"storeBypass\":\"auto\",\"l1dFlush\":\"require\"},"
		"\"disk\":{\"max\":1073741824,\"quota\":\"require\"},"
		"\"egress\":{\"layers\":[{\"default\":\"allow\",\"allow\":[],\"deny\":[\"169.254.169.254/32\","
		"{\"cidr\":\"10.0.0.0/8\",\"ports\":[\"25/tcp\",\"80-99/tcp\",\"53/udp\"]},\"fd00::/8\"]}]},"
		"\"keyring\":\"session\",\"exec\":\"lockable\"}");
	assert_string_equal(text, policy_text(&arena, make_policy(&arena, text)));
}

static void built_in_documents_are_policies(void **state)
{
	const char *const *names = policy_builtin_names();

	(void)state;
	assert_non_null(names[0]);
	for (size_t i = 0; names[i]; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct policy *policy = builtin_policy(&arena, names[i]);
		const char *text = policy_text(&arena, policy);

		assert_string_equal(policy_names(policy), names[i]);
		assert_string_equal(text, policy_text(&arena, make_policy(&arena, text)));
		assert_int_equal(policy_is_off(policy), !strcmp(names[i], "off"));
		assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
	}
	assert_null(policy_builtin("none-of-this-name"));
}

static void mistakes_are_refused(void **state)
{
	static const struct {
		const char *document, *said;
	} mistakes[] = {
		{ "{}", "policy: name: missing" },
		{ "[]", "policy: found array, expected a policy: an object" },
		{ "{ 'name': '../x' }",
		  "policy: name: found \"../x\", expected letters, digits, '.', '_' and '-'" },
		{ "{ 'name': 'a,' }",
		  "policy: name: found \"a,\", expected letters, digits, '.', '_' and '-'" },
		{ "{ 'name': 'a,off' }", "policy: name: found \"a,off\", expected no `off` among others" },
		{ "{ 'name': 'off', 'noNewPrivileges': true }",
		  "policy: noNewPrivileges: the policy `off` has no keys" },
		{ POLICY("'noNewPrivilege': true"), "policy: noNewPrivilege: unknown key" },
		{ POLICY("'exec': 'never'"),
		  "policy: exec: found \"never\", expected \"allow\", \"lockable\" or \"deny\"" },
		{ POLICY("'userns': true"),
		  "policy: userns: found true, expected \"off\", \"auto\" or \"require\"" },
		{ POLICY("'seccomp': { 'profile': 'none-such' }"),
		  "policy: seccomp.profile: found \"none-such\", expected the name of a built-in seccomp profile, or "
		  "an array of them" },
		{ POLICY("'seccomp': { 'profile': ['strict', 7] }"),
		  "policy: seccomp.profile[1]: found 7, expected the name of a built-in seccomp profile, or an array "
		  "of them" },
		{ POLICY("'securebits': 'lock'"),
		  "policy: securebits: found \"lock\", expected \"off\", \"auto\" or \"always\"" },
		{ POLICY("'coreScheduling': 1"),
		  "policy: coreScheduling: found 1, expected \"off\", \"auto\" or \"require\"" },
		{ POLICY("'speculation': { 'meltdown': 'auto' }"),
		  "policy: speculation.meltdown: unknown member" },
		{ POLICY("'disk': { 'max': '1x' }"),
		  "policy: disk.max: found \"1x\", expected bytes: a whole number of at least 1, or text such as "
		  "\"512m\"" },
		{ POLICY("'disk': { 'max': '1g', 'quota': 'off' }"),
		  "policy: disk.quota: found \"off\", expected \"auto\" or \"require\"" },
		{ POLICY("'landlock': { 'files': {} }"), "policy: landlock.files: unknown member" },
		{ POLICY("'landlock': { 'filesystem': { 'read': ['tmp'] } }"),
		  "policy: landlock.filesystem.read[0]: found \"tmp\", expected an absolute path without \"..\", or "
		  "\"$mounts\"" },
		{ POLICY("'landlock': { 'network': { 'bind': [65536] } }"),
		  "policy: landlock.network.bind: found 65536, expected a port from 0 to 65535" },
		{ POLICY("'landlock': { 'scope': ['all'] }"),
		  "policy: landlock.scope: found \"all\", expected \"abstractUnixSocket\" or \"signal\"" },
		{ POLICY("'landlock': { 'layers': {} }"),
		  "policy: landlock.layers: found object, expected an array of rulesets" },
		{ POLICY("'egress': 'deny'"), "policy: egress: found \"deny\", expected an object" },
		{ POLICY("'egress': { 'denied': [] }"), "policy: egress.denied: unknown member" },
		{ POLICY("'egress': { 'default': 'drop' }"),
		  "policy: egress.default: found \"drop\", expected \"deny\" or \"allow\"" },
		{ POLICY("'egress': { 'allow': '10.0.0.0/8' }"),
		  "policy: egress.allow: found \"10.0.0.0/8\", expected an array of at most 1000 networks" },
		{ POLICY("'egress': { 'allow': [{ 'ports': ['80/tcp'] }] }"),
		  "policy: egress.allow.cidr: missing" },
		{ POLICY("'egress': { 'allow': ['10.0.0.1/8'] }"),
		  "policy: egress.allow: found \"10.0.0.1/8\", " NETWORK },
		{ POLICY("'egress': { 'deny': ['10.0.0.0/33'] }"),
		  "policy: egress.deny: found \"10.0.0.0/33\", " NETWORK },
		{ POLICY("'egress': { 'deny': ['10.0.0.0/'] }"),
		  "policy: egress.deny: found \"10.0.0.0/\", " NETWORK },
		{ POLICY("'egress': { 'deny': ['010.0.0.0/8'] }"),
		  "policy: egress.deny: found \"010.0.0.0/8\", " NETWORK },
		{ POLICY("'egress': { 'deny': ['10.1'] }"), "policy: egress.deny: found \"10.1\", " NETWORK },
		{ POLICY("'egress': { 'deny': ['fe80::1%eth0'] }"),
		  "policy: egress.deny: found \"fe80::1%eth0\", " NETWORK },
		{ POLICY("'egress': { 'deny': ['::ffff:169.254.169.254'] }"),
		  "policy: egress.deny: found \"::ffff:169.254.169.254\", " NETWORK },
		{ POLICY("'egress': { 'deny': [7] }"), "policy: egress.deny: found 7, expected an object" },
		{ POLICY("'egress': { 'allow': [{ 'cidr': '::/0', 'ports': ['443'] }] }"),
		  "policy: egress.allow.ports: found \"443\", " PORTS },
		{ POLICY("'egress': { 'allow': [{ 'cidr': '::/0', 'ports': ['0/tcp'] }] }"),
		  "policy: egress.allow.ports: found \"0/tcp\", " PORTS },
		{ POLICY("'egress': { 'allow': [{ 'cidr': '::/0', 'ports': ['90-80/tcp'] }] }"),
		  "policy: egress.allow.ports: found \"90-80/tcp\", " PORTS },
		{ POLICY("'egress': { 'allow': [{ 'cidr': '::/0', 'ports': ['80/tcpx'] }] }"),
		  "policy: egress.allow.ports: found \"80/tcpx\", " PORTS },
		{ POLICY("'egress': { 'allow': [{ 'cidr': '::/0', 'ports': [] }] }"),
		  "policy: egress.allow.ports: found array, expected an array of ports, or no such member" },
		{ POLICY("'egress': { 'layers': [{ 'layers': [] }] }"),
		  "policy: egress.layers.layers: unknown member" },
		{ POLICY("'noNewPrivileges': 1"), "policy: noNewPrivileges: found 1, expected true or false" },
		{ POLICY("'noNewPrivileges': null"),
		  "policy: noNewPrivileges: found null, expected true or false" },
		{ POLICY("'capabilities': { 'maximum': [] }"), "policy: capabilities.maximum: unknown member" },
		{ POLICY("'capabilities': { 'max': ['CAP_CHWON'] }"),
		  "policy: capabilities.max[0]: found \"CAP_CHWON\", expected a capability such as \"CAP_CHOWN\"" },
		{ POLICY("'capabilities': { 'max': 'CAP_CHOWN' }"),
		  "policy: capabilities.max: found \"CAP_CHOWN\", expected an array of strings" },
		{ POLICY("'privileged': 'deny'"),
		  "policy: privileged: found \"deny\", expected \"allow\" or \"refuse\"" },
		{ POLICY("'rootfs': { 'readOnly': true }"), "policy: rootfs.readOnly: unknown member" },
		{ POLICY("'tmpfs': [{ 'options': [] }]"),
		  "policy: tmpfs[0].destination: expected an absolute path below /" },
		{ POLICY("'tmpfs': [{ 'destination': '/tmp', 'options': ['suid'] }]"),
		  "policy: tmpfs[0].options[0]: found \"suid\", expected rw, ro, nosuid, nodev, noexec, "
		  "nosymfollow or mode=OCTAL" },
		{ POLICY("'tmpfs': [{ 'destination': '/tmp', 'size': '1x' }]"),
		  "policy: tmpfs[0].size: found \"1x\", expected bytes: a whole number of at least 1, or text such "
		  "as \"512m\"" },
		{ POLICY("'mounts': { 'options': ['ro'] }"),
		  "policy: mounts.options[0]: found \"ro\", expected nosuid, nodev, noexec or nosymfollow" },
		{ POLICY("'mounts': { 'denySources': ['etc'] }"),
		  "policy: mounts.denySources[0]: found \"etc\", expected an absolute path without \"..\"" },
		{ POLICY("'maskedPaths': ['/proc/../etc']"),
		  "policy: maskedPaths[0]: found \"/proc/../etc\", expected an absolute path without \"..\"" },
		{ POLICY("'readonlyPaths': [7]"),
		  "policy: readonlyPaths[0]: found 7, expected an absolute path without \"..\"" },
		{ POLICY("'resources': { 'pids': { 'max': 0 } }"),
		  "policy: resources.pids.max: found 0, expected a whole number of at least 1" },
		{ POLICY("'resources': { 'pids': { 'max': -1 } }"),
		  "policy: resources.pids.max: found -1, expected a whole number of at least 1" },
		{ POLICY("'resources': { 'pid': { 'max': 1 } }"), "policy: resources.pid: unknown member" },
		{ POLICY("'resources': { 'cpu': { 'max': 0 } }"),
		  "policy: resources.cpu.max: found 0, expected a number of CPUs of at least 0.01" },
		{ POLICY("'devices': 'all'"),
		  "policy: devices: found \"all\", expected \"default\" or an array of devices" },
		{ POLICY("'devices': [{ 'type': 'a' }]"), "policy: devices[0].type: expected \"b\" or \"c\"" },
		{ POLICY("'namespaces': { 'require': ['net'] }"),
		  "policy: namespaces.require[0]: found \"net\", expected a kind of namespace" },
		{ POLICY("'user': { 'nonroot': true }"), "policy: user.nonroot: unknown member" },
		{ POLICY("'sysctl': { 'vm.swappiness': '1' }"),
		  "policy: sysctl.vm.swappiness: not a sysctl of a network, ipc or uts namespace" },
		{ POLICY("'sysctl': { 'kernel.shmmax': 1 }"),
		  "policy: sysctl.kernel.shmmax: found 1, expected a string" },
		{ POLICY("'keyring': 'none'"), "policy: keyring: found \"none\", expected \"session\"" },
		{ POLICY("'extends': ['baseline']"), "policy: extends: not in a policy kept with a container" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		_cleanup_arena_ struct arena arena = { 0 };

		assert_string_equal(refused_policy(&arena, mistakes[i].document), mistakes[i].said);
	}
}

static void stacking_takes_the_stricter_value(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *a = make_policy(
		&arena,
		"{ 'name': 'hobby', 'resources': { 'memory': { 'max': '512m' }, 'pids': { 'max': 99 } },"
		"'capabilities': { 'max': ['CAP_KILL', 'CAP_CHOWN'] }, 'privileged': 'allow',"
		"'devices': [{ 'type': 'c', 'major': 10 }] }");
	struct policy *b = make_policy(
		&arena, "{ 'name': 'terminal', 'resources': { 'memory': { 'max': '2g', 'default': '1g' } },"
			"'capabilities': { 'max': ['CAP_KILL', 'CAP_FOWNER'], 'ambient': ['CAP_KILL'] },"
			"'privileged': 'refuse', 'devices': [{ 'type': 'c', 'minor': 229, 'access': 'rw' }] }");
	const char *expected =
		"{\"name\":\"hobby,terminal\",\"privileged\":\"refuse\","
		"\"capabilities\":{\"max\":[\"CAP_KILL\"],\"ambient\":[]},"
		"\"resources\":{\"pids\":{\"max\":99},\"memory\":{\"default\":1073741824,\"max\":536870912}},"
		"\"devices\":[{\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"}]}";

	(void)state;
	assert_string_equal(policy_text(&arena, stack(&arena, a, b)), expected);
	assert_string_equal(policy_text(&arena, stack(&arena, b, a)), expected);
	assert_string_equal(policy_names(stack(&arena, b, a)), "hobby,terminal");
}

static void off_is_nothing_beside_others(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *off = builtin_policy(&arena, "off"), *baseline = builtin_policy(&arena, "baseline");

	(void)state;
	assert_string_equal(policy_names(off), "off");
	assert_string_equal(policy_names(stack(&arena, off, off)), "off");
	assert_string_equal(policy_text(&arena, stack(&arena, off, baseline)), policy_text(&arena, baseline));
}

static void contradicting_sysctls_do_not_stack(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct policy *parts[] = {
		make_policy(&arena, "{ 'name': 'a', 'sysctl': { 'kernel.shmmax': '1' } }"),
		make_policy(&arena,
			    "{ 'name': 'b', 'sysctl': { 'kernel.shmmax': '2', 'kernel.shmall': '3' } }"),
		make_policy(&arena, "{ 'name': 'a', 'sysctl': { 'kernel.shmmax': '1' } }"),
	};
	struct policy *stacked;
	struct error error, swapped;

	(void)state;
	assert_int_equal(policy_stack(&arena, parts, 2, &stacked, &error), -1);
	assert_string_equal(error.text, "policies a and b: sysctl: one sets kernel.shmmax=1, the other "
					"kernel.shmmax=2; use one of them");
	assert_int_equal(policy_stack(&arena, parts + 1, 2, &stacked, &swapped), -1);
	assert_string_equal(error.text, swapped.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read_and_written),
		cmocka_unit_test(built_in_documents_are_policies),
		cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(stacking_takes_the_stricter_value),
		cmocka_unit_test(off_is_nothing_beside_others),
		cmocka_unit_test(contradicting_sysctls_do_not_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
