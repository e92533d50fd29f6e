/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability sets by capset(2) and prctl(2). libcap is not used: linking it makes every command of the runtime
 * start with its constructor, which asks the kernel for the number of capabilities one call at a time.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "sandbox/identity.h"

/* By number. What was added since Linux 5.8 may be unknown to the kernel this runs on. */
#define CAPABILITIES_BEFORE_5_8                                                                           \
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",   \
		"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", \
		"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",     \
		"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",   \
		"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",      \
		"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",   \
		"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",       \
		"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ"
#define FIRST_OPTIONAL 38U /* CAP_PERFMON */
#define LAST_KNOWN 40U /* CAP_CHECKPOINT_RESTORE */
#define COUNT_KNOWN (LAST_KNOWN + 1)

/* One list for each kernel: NULL-terminated, because the rest of a row is empty. */
static const char *const names_up_to[][COUNT_KNOWN + 1] = {
	{ CAPABILITIES_BEFORE_5_8 },
	{ CAPABILITIES_BEFORE_5_8, "CAP_PERFMON" },
	{ CAPABILITIES_BEFORE_5_8, "CAP_PERFMON", "CAP_BPF" },
	{ CAPABILITIES_BEFORE_5_8, "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE" },
};
static const char *const *const names = names_up_to[LAST_KNOWN - FIRST_OPTIONAL + 1];

static bool kernel_knows(unsigned int capability)
{
	return capability < FIRST_OPTIONAL || prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
}

const char *const *capabilities_known(void)
{
	unsigned int last = LAST_KNOWN;

	while (!kernel_knows(last))
		last--;
	return names_up_to[last - (FIRST_OPTIONAL - 1)];
}

/* The number of @name, or -1. */
static int capability_number(const char *name)
{
	for (unsigned int i = 0; i < COUNT_KNOWN; i++)
		if (strcmp(names[i], name) == 0)
			return kernel_knows(i) ? (int)i : -1;
	return -1;
}

static bool list_has(const struct strbuf *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *found = strstr(strbuf_text(list), name); found; found = strstr(found + 1, name))
		if (found[length] == ' ' || found[length] == '\0')
			return true;
	return false;
}

static uint64_t set_resolve(const struct string_list *list, struct strbuf *unknown)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < list->count; i++) {
		int number = capability_number(list->items[i]);

		if (number >= 0) {
			mask |= UINT64_C(1) << number;
			continue;
		}
		if (!list_has(unknown, list->items[i]))
			strbuf_printf(unknown, "%s%s", unknown->length ? " " : "", list->items[i]);
	}
	return mask;
}

/* One line for all: older Buildah asks for a dozen of them, inheritable none, in each RUN of a build. */
static void warn_of_ambient(uint64_t impossible)
{
	_cleanup_strbuf_ struct strbuf others = { 0 };
	const char *first = NULL;

	for (unsigned int i = 0; i < COUNT_KNOWN; i++) {
		if (!(impossible & (UINT64_C(1) << i)))
			continue;
		if (first)
			strbuf_printf(&others, "%s%s", others.length ? ", " : "; nor are ", names[i]);
		else
			first = names[i];
	}
	if (first)
		log_warn("can't raise ambient capability %s: it is not both permitted and inheritable%s", first,
			 strbuf_text(&others));
}

int capabilities_resolve(const struct oci_capabilities *capabilities, struct capability_masks *masks,
			 struct error *error)
{
	_cleanup_strbuf_ struct strbuf unknown = { 0 };
	uint64_t impossible;

	(void)error;
	*masks = (struct capability_masks){ 0 };
	if (!capabilities)
		return 0;
	masks->bounding = set_resolve(&capabilities->bounding, &unknown);
	masks->effective = set_resolve(&capabilities->effective, &unknown);
	masks->permitted = set_resolve(&capabilities->permitted, &unknown);
	masks->inheritable = set_resolve(&capabilities->inheritable, &unknown);
	masks->ambient = set_resolve(&capabilities->ambient, &unknown);
	if (unknown.length)
		log_warn("ignoring unknown or unavailable capabilities: [%s]", strbuf_text(&unknown));

	impossible = masks->ambient & ~(masks->permitted & masks->inheritable);
	warn_of_ambient(impossible);
	masks->ambient &= ~impossible;
	return 0;
}

int identity_bounding(const struct capability_masks *masks, struct error *error)
{
	/* Beyond what has a name here, too: a newer kernel's capabilities are nothing a container was given. */
	for (unsigned int i = 0; i < 64; i++) {
		if (masks->bounding & (UINT64_C(1) << i))
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && i >= FIRST_OPTIONAL)
			return 0;
		/* Without CAP_SETPCAP it has to be gone already: a larger set is never passed over. */
		if (errno == EPERM && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 0)
			continue;
		return error_set(error, EPERM, "drop %s from the bounding set",
				 i < COUNT_KNOWN ? names[i] : "a capability");
	}
	return 0;
}

static int raise_ambient(uint64_t mask, struct error *error)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set(error, errno, "clear the ambient capabilities");
	for (unsigned int i = 0; i < COUNT_KNOWN; i++)
		if ((mask & (UINT64_C(1) << i)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return error_set(error, errno, "raise the ambient capability %s", names[i]);
	return 0;
}

int identity_capabilities(const struct capability_masks *masks, struct error *error)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)masks->effective, (uint32_t)masks->permitted, (uint32_t)masks->inheritable },
		{ (uint32_t)(masks->effective >> 32), (uint32_t)(masks->permitted >> 32),
		  (uint32_t)(masks->inheritable >> 32) },
	};

	if (syscall(SYS_capset, &header, data) < 0)
		return error_set(error, errno, "unable to apply caps");
	/* The kernel keeps ambient within permitted and inheritable: without those, nothing is left. */
	if (masks->permitted & masks->inheritable)
		return raise_ambient(masks->ambient, error);
	return 0;
}

int identity_no_new_privs(struct error *error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, errno, "set no_new_privs");
	return 0;
}
