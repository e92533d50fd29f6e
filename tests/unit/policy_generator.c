/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_generator.h"

#include <stdbool.h>

#include "base/strbuf.h"

static const char *const capabilities[] = { "CAP_CHOWN",     "CAP_KILL",       "CAP_SYS_ADMIN",
					    "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH" };
static const char *const paths[] = { "/proc/a", "/proc/a/b", "/proc/c", "/sys/d/e", "/sys/d", "/sys/f*/g" };
static const char *const sources[] = { "/", "/etc", "/etc/x", "/etcx", "/srv/y", "/srv", "/var/z/w" };
static const char *const destinations[] = { "/tmp", "/run", "/run/lock", "/var/tmp", "/dev", "/dev/shm" };
static const char *const flags[] = { "nosuid", "nodev", "noexec", "nosymfollow" };
static const char *const permissive[] = { "suid",  "dev",   "exec",    "rw",	"ro",
					  "rsuid", "rexec", "size=8m", "size=0" };
static const char *const kinds[] = { "mount", "pid", "ipc", "network", "uts" };
static const char *const sysctls[] = { "kernel.shmmax", "net.core.somaxconn", "kernel.domainname" };
static const char *const accesses[] = { "r", "rw", "m", "rwm" };

unsigned int random_below(struct random *random, unsigned int limit)
{
	/* xorshift64* */
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (unsigned int)((random->state * 0x2545F4914F6CDD1DULL) >> 33) % limit;
}

static bool chance(struct random *random, unsigned int percent)
{
	return random_below(random, 100) < percent;
}

static void add_list(struct strbuf *out, struct random *random, const char *const *words, size_t count,
		     unsigned int percent)
{
	const char *comma = "";

	strbuf_putc(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (!chance(random, percent))
			continue;
		strbuf_printf(out, "%s\"%s\"", comma, words[i]);
		comma = ",";
	}
	strbuf_putc(out, ']');
}
#define ADD_LIST(out, random, words, percent) add_list(out, random, words, ARRAY_SIZE(words), percent)

/* policies ------------------------------------------------------------------------------------------------ */

static void policy_capabilities(struct strbuf *out, struct random *random)
{
	bool max = chance(random, 70), ambient = chance(random, 50);

	strbuf_puts(out, ",\"capabilities\":{");
	if (max) {
		strbuf_puts(out, "\"max\":");
		ADD_LIST(out, random, capabilities, 70);
	}
	if (ambient) {
		strbuf_puts(out, max ? ",\"ambient\":" : "\"ambient\":");
		ADD_LIST(out, random, capabilities, 40);
	}
	strbuf_putc(out, '}');
}

static void policy_tmpfs(struct strbuf *out, struct random *random)
{
	const char *comma = "";

	strbuf_puts(out, ",\"tmpfs\":[");
	for (size_t i = 0; i < 4; i++) {
		if (!chance(random, 40))
			continue;
		strbuf_printf(out, "%s{\"destination\":\"%s\",\"options\":", comma, destinations[i]);
		ADD_LIST(out, random, flags, 40);
		if (chance(random, 60))
			strbuf_printf(out, ",\"size\":\"%um\"", 1 + random_below(random, 16));
		strbuf_putc(out, '}');
		comma = ",";
	}
	strbuf_putc(out, ']');
}

static void policy_mounts(struct strbuf *out, struct random *random)
{
	strbuf_puts(out, ",\"mounts\":{\"options\":");
	ADD_LIST(out, random, flags, 40);
	strbuf_puts(out, ",\"denySources\":");
	ADD_LIST(out, random, sources, chance(random, 30) ? 20 : 0);
	strbuf_putc(out, '}');
}

static void policy_limit(struct strbuf *out, struct random *random, const char *name, const char *unit)
{
	strbuf_printf(out, "\"%s\":{", name);
	if (chance(random, 50))
		strbuf_printf(out, "\"default\":%u%s", 1 + random_below(random, 9), unit);
	else
		strbuf_printf(out, "\"max\":%u%s", 1 + random_below(random, 9), unit);
	strbuf_putc(out, '}');
}

static void policy_resources(struct strbuf *out, struct random *random)
{
	strbuf_puts(out, ",\"resources\":{");
	policy_limit(out, random, "pids", "");
	strbuf_putc(out, ',');
	policy_limit(out, random, "memory", "00000");
	strbuf_putc(out, ',');
	policy_limit(out, random, "cpu", ".25");
	strbuf_putc(out, '}');
}

static void policy_devices(struct strbuf *out, struct random *random)
{
	unsigned int count = random_below(random, 4);

	if (count == 0) {
		strbuf_puts(out, ",\"devices\":\"default\"");
		return;
	}
	strbuf_puts(out, ",\"devices\":[");
	for (unsigned int i = 0; i < count; i++) {
		strbuf_printf(out, "%s{\"type\":\"%s\",\"access\":\"%s\"", i ? "," : "",
			      chance(random, 50) ? "b" : "c", accesses[random_below(random, 4)]);
		if (chance(random, 70))
			strbuf_printf(out, ",\"major\":%u", 7 + random_below(random, 3));
		if (chance(random, 50))
			strbuf_printf(out, ",\"minor\":%u", random_below(random, 2));
		strbuf_putc(out, '}');
	}
	strbuf_putc(out, ']');
}

static void policy_sysctl(struct strbuf *out, struct random *random)
{
	const char *comma = "";

	strbuf_puts(out, ",\"sysctl\":{");
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		if (!chance(random, 40))
			continue;
		strbuf_printf(out, "%s\"%s\":\"%u\"", comma, sysctls[i], random_below(random, 8) ? 1 : 2);
		comma = ",";
	}
	strbuf_putc(out, '}');
}

static const char *random_demand(struct random *random)
{
	static const char *const demands[] = { "off", "auto", "require" };

	return demands[random_below(random, 3)];
}

static void policy_hardening(struct strbuf *out, struct random *random)
{
	static const char *const locks[] = { "off", "auto", "always" };
	static const char *const rules[] = { "allow", "lockable", "deny" };
	static const char *const profiles[] = { "default", "strict", "web" };

	strbuf_printf(out, ",\"securebits\":\"%s\",\"coreScheduling\":\"%s\",\"exec\":\"%s\"",
		      locks[random_below(random, 3)], random_demand(random), rules[random_below(random, 3)]);
	strbuf_printf(out, ",\"speculation\":{\"storeBypass\":\"%s\",\"l1dFlush\":\"%s\"}",
		      random_demand(random), random_demand(random));
	strbuf_puts(out, ",\"seccomp\":{\"profile\":");
	ADD_LIST(out, random, profiles, 40);
	strbuf_putc(out, '}');
	if (chance(random, 50))
		strbuf_printf(out, ",\"disk\":{\"max\":%u,\"quota\":\"%s\"}", 1 + random_below(random, 9),
			      chance(random, 50) ? "auto" : "require");
}

static void policy_landlock(struct strbuf *out, struct random *random)
{
	static const char *const places[] = { "/", "/tmp", "$mounts", "/run" };
	static const char *const scopes[] = { "signal", "abstractUnixSocket" };

	strbuf_printf(out, ",\"landlock\":{\"kernel\":\"%s\"", chance(random, 70) ? "auto" : "require");
	if (chance(random, 70)) {
		strbuf_puts(out, ",\"filesystem\":{\"read\":[\"/\"],\"write\":");
		ADD_LIST(out, random, places, 40);
		strbuf_putc(out, '}');
	}
	if (chance(random, 40))
		strbuf_printf(out, ",\"network\":{\"%s\":[%u]}", chance(random, 50) ? "bind" : "connect",
			      80 + random_below(random, 3));
	if (chance(random, 40)) {
		strbuf_puts(out, ",\"scope\":");
		ADD_LIST(out, random, scopes, 50);
	}
	strbuf_putc(out, '}');
}

static void policy_network_rules(struct strbuf *out, struct random *random, const char *name)
{
	static const char *const networks[] = { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0",
						"::/0",	      "fd00::/8",    "fd00::1" };
	static const char *const ports[] = { "80/tcp", "53/udp", "1000-2000/tcp", "81-999/tcp" };
	const char *comma = "";

	strbuf_printf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		if (!chance(random, 30))
			continue;
		strbuf_printf(out, "%s{\"cidr\":\"%s\"", comma, networks[i]);
		if (chance(random, 60))
			strbuf_printf(out, ",\"ports\":[\"%s\",\"%s\"]", ports[random_below(random, 4)],
				      ports[random_below(random, 4)]);
		strbuf_putc(out, '}');
		comma = ",";
	}
	strbuf_putc(out, ']');
}

static void policy_egress(struct strbuf *out, struct random *random)
{
	strbuf_printf(out, ",\"egress\":{\"default\":\"%s\"", chance(random, 50) ? "deny" : "allow");
	policy_network_rules(out, random, "allow");
	policy_network_rules(out, random, "deny");
	strbuf_putc(out, '}');
}

struct policy_facts random_facts(struct random *random)
{
	struct policy_facts facts = { .rootless = chance(random, 10) };

	facts.remap = (struct policy_remap){ .possible = chance(random, 60),
					     .reason = "it is a test",
					     .first_uid = 100000,
					     .first_gid = 100000,
					     .size = 1 + random_below(random, 3) };
	return facts;
}

const char *random_policy(struct arena *arena, struct random *random, const char *name)
{
	static void (*const members[])(struct strbuf *, struct random *) = {
		policy_capabilities, policy_tmpfs,     policy_mounts,	policy_resources, policy_devices,
		policy_sysctl,	     policy_hardening, policy_landlock, policy_egress,
	};
	_cleanup_strbuf_ struct strbuf out = { 0 };

	strbuf_printf(&out, "{\"name\":\"%s\"", name);
	if (chance(random, 40))
		strbuf_printf(&out, ",\"noNewPrivileges\":%s", chance(random, 70) ? "true" : "false");
	if (chance(random, 40))
		strbuf_printf(&out, ",\"privileged\":\"%s\"", chance(random, 70) ? "refuse" : "allow");
	if (chance(random, 40))
		strbuf_printf(&out, ",\"rootfs\":{\"readonly\":%s}", chance(random, 70) ? "true" : "false");
	if (chance(random, 20))
		strbuf_printf(&out, ",\"user\":{\"nonRoot\":%s}", chance(random, 70) ? "true" : "false");
	if (chance(random, 30))
		strbuf_printf(&out, ",\"userns\":\"%s\"", random_demand(random));
	if (chance(random, 40))
		strbuf_puts(&out, ",\"keyring\":\"session\"");
	if (chance(random, 30)) {
		strbuf_puts(&out, ",\"namespaces\":{\"require\":");
		ADD_LIST(&out, random, kinds, 25);
		strbuf_putc(&out, '}');
	}
	if (chance(random, 50)) {
		strbuf_puts(&out, ",\"maskedPaths\":");
		ADD_LIST(&out, random, paths, 40);
	}
	if (chance(random, 50)) {
		strbuf_puts(&out, ",\"readonlyPaths\":");
		ADD_LIST(&out, random, paths, 40);
	}
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (chance(random, 45))
			members[i](&out, random);
	strbuf_putc(&out, '}');
	return arena_strdup(arena, strbuf_text(&out));
}

/* configs ------------------------------------------------------------------------------------------------- */

static void config_process(struct strbuf *out, struct random *random)
{
	static const char *const sets[] = { "bounding", "effective", "permitted", "inheritable", "ambient" };

	strbuf_printf(out, ",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":%u,\"gid\":0}",
		      random_below(random, 3));
	if (chance(random, 50))
		strbuf_puts(out, ",\"noNewPrivileges\":true");
	if (chance(random, 85)) {
		strbuf_puts(out, ",\"capabilities\":{");
		for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
			strbuf_printf(out, "%s\"%s\":", i ? "," : "", sets[i]);
			ADD_LIST(out, random, capabilities, 85);
		}
		strbuf_putc(out, '}');
	}
	strbuf_putc(out, '}');
}

static void config_mounts(struct strbuf *out, struct random *random)
{
	unsigned int count = random_below(random, 5);

	strbuf_puts(out, ",\"mounts\":[");
	if (chance(random, 70))
		strbuf_printf(
			out,
			"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"%s\"]}%s",
			chance(random, 60) ? "ro" : "rw", count ? "," : "");
	else
		count++;
	for (unsigned int i = 0; i < count; i++) {
		bool bind = chance(random, 40);

		strbuf_printf(out, "%s{\"destination\":\"%s%s\",\"type\":\"%s\",\"source\":\"%s\",\"options\":",
			      i ? "," : "", destinations[random_below(random, ARRAY_SIZE(destinations))],
			      chance(random, 20) ? "/" : "", bind ? "bind" : "tmpfs",
			      bind ? sources[random_below(random, ARRAY_SIZE(sources))] : "tmpfs");
		if (bind)
			strbuf_printf(out, "[\"%s\"%s]", chance(random, 50) ? "rbind" : "bind",
				      chance(random, 40)   ? ",\"ro\""
				      : chance(random, 30) ? ",\"rsuid\""
							   : "");
		else if (chance(random, 50))
			ADD_LIST(out, random, permissive, 30);
		else
			ADD_LIST(out, random, flags, 40);
		strbuf_putc(out, '}');
	}
	strbuf_putc(out, ']');
}

static void config_devices(struct strbuf *out, struct random *random)
{
	unsigned int count = random_below(random, 5);

	strbuf_puts(out, "\"devices\":[");
	for (unsigned int i = 0; i < count; i++) {
		strbuf_printf(out, "%s{\"allow\":%s,\"access\":\"%s\"", i ? "," : "",
			      chance(random, 60) ? "true" : "false", accesses[random_below(random, 4)]);
		if (chance(random, 70)) {
			strbuf_printf(out, ",\"type\":\"%s\"", chance(random, 50) ? "b" : "c");
			if (chance(random, 60))
				strbuf_printf(out, ",\"major\":%u", 7 + random_below(random, 3));
			if (chance(random, 50))
				strbuf_printf(out, ",\"minor\":%u", random_below(random, 2));
		}
		strbuf_putc(out, '}');
	}
	strbuf_putc(out, ']');
}

static int limit_value(struct random *random)
{
	return chance(random, 30) ? -1 : (int)random_below(random, 12);
}

static void config_resources(struct strbuf *out, struct random *random)
{
	strbuf_puts(out, ",\"resources\":{");
	config_devices(out, random);
	if (chance(random, 60))
		strbuf_printf(out, ",\"pids\":{\"limit\":%d}", limit_value(random));
	if (chance(random, 60)) {
		strbuf_printf(out, ",\"memory\":{\"limit\":%d", limit_value(random) * 100000);
		if (chance(random, 60))
			strbuf_printf(out, ",\"swap\":%d", limit_value(random) * 100000);
		strbuf_putc(out, '}');
	}
	if (chance(random, 60)) {
		strbuf_puts(out, ",\"cpu\":{\"shares\":2");
		if (chance(random, 60))
			strbuf_printf(out, ",\"quota\":%d", limit_value(random) * 20000);
		if (chance(random, 60))
			strbuf_printf(out, ",\"period\":%u", 1000 + random_below(random, 3) * 50000);
		strbuf_putc(out, '}');
	}
	if (chance(random, 30))
		strbuf_printf(out,
			      ",\"unified\":{\"pids.max\":\"%s\",\"memory.max\":\"%s\",\"cpu.max\":\"%s\"}",
			      chance(random, 50) ? "max" : "3", chance(random, 50) ? "max" : "300000",
			      chance(random, 50) ? "max 50000" : "50000 100000");
	strbuf_putc(out, '}');
}

static void config_linux(struct strbuf *out, struct random *random)
{
	const char *comma = "";

	strbuf_puts(out, ",\"linux\":{\"namespaces\":[");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!chance(random, 85))
			continue;
		strbuf_printf(out, "%s{\"type\":\"%s\"%s}", comma, kinds[i],
			      chance(random, 5) ? ",\"path\":\"/ns\"" : "");
		comma = ",";
	}
	if (chance(random, 15))
		strbuf_printf(out, "%s{\"type\":\"user\"}", comma);
	strbuf_puts(out, "],\"maskedPaths\":");
	ADD_LIST(out, random, paths, 30);
	strbuf_puts(out, ",\"readonlyPaths\":");
	ADD_LIST(out, random, paths, 30);
	if (chance(random, 40))
		strbuf_printf(out, ",\"sysctl\":{\"%s\":\"%u\"}",
			      chance(random, 50) ? "kernel/shmmax" : sysctls[1], random_below(random, 4));
	if (chance(random, 30))
		strbuf_printf(out,
			      ",\"devices\":[{\"type\":\"b\",\"path\":\"/dev/x\",\"major\":%u,\"minor\":0}]",
			      7 + random_below(random, 3));
	if (chance(random, 80))
		config_resources(out, random);
	strbuf_putc(out, '}');
}

const char *random_config(struct arena *arena, struct random *random)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	strbuf_puts(&out, "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"");
	strbuf_puts(&out, chance(random, 40) ? ",\"readonly\":true}" : "}");
	if (chance(random, 95))
		config_process(&out, random);
	if (chance(random, 80))
		config_mounts(&out, random);
	if (chance(random, 95))
		config_linux(&out, random);
	strbuf_putc(&out, '}');
	return arena_strdup(arena, strbuf_text(&out));
}
