/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a profile: architectures, actions, operators, flags, and system calls of recent kernels. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "seccomp/profile.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define LOONGARCH64 0xc0000102U /* AUDIT_ARCH_LOONGARCH64, which older headers do not have */
#define MAX_ERRNO 4095U /* include/linux/err.h: the kernel cuts larger ones down to it */

/*
 * Every name the specification has. libseccomp does not take all of them on every host: those are of processors
 * that no process here can have.
 */
static const struct seccomp_architecture architectures[] = {
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, true, 0 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, false, 0 },
	{ "SCMP_ARCH_LOONGARCH64", LOONGARCH64, LOONGARCH64, true, 0 },
	{ "SCMP_ARCH_M68K", AUDIT_ARCH_M68K, AUDIT_ARCH_M68K, false, 0 },
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS, AUDIT_ARCH_MIPS, false, 4000 },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64, AUDIT_ARCH_MIPS64, true, 5000 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32, AUDIT_ARCH_MIPS64N32, false, 6000 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL, AUDIT_ARCH_MIPSEL, false, 4000 },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL64, true, 5000 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32, AUDIT_ARCH_MIPSEL64N32, false, 6000 },
	{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC, AUDIT_ARCH_PARISC, false, 0 },
	{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64, AUDIT_ARCH_PARISC64, true, 0 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC, AUDIT_ARCH_PPC, false, 0 },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64, AUDIT_ARCH_PPC64, true, 0 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, AUDIT_ARCH_PPC64LE, true, 0 },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64, true, 0 },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390, AUDIT_ARCH_S390, false, 0 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X, AUDIT_ARCH_S390X, true, 0 },
	{ "SCMP_ARCH_SH", AUDIT_ARCH_SHEL, AUDIT_ARCH_SHEL, false, 0 },
	{ "SCMP_ARCH_SHEB", AUDIT_ARCH_SH, AUDIT_ARCH_SH, false, 0 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, false, X32_SYSCALL_BIT },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, false, 0 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, true, 0 },
};

const struct seccomp_architecture *seccomp_architecture(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (strcmp(architectures[i].name, name) == 0)
			return &architectures[i];
	return NULL;
}

const struct seccomp_architecture *seccomp_architecture_by_token(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (architectures[i].token == token)
			return &architectures[i];
	return NULL;
}

const struct seccomp_architecture *seccomp_architecture_at(size_t index)
{
	return index < ARRAY_SIZE(architectures) ? &architectures[index] : NULL;
}

size_t seccomp_architecture_count(void)
{
	return ARRAY_SIZE(architectures);
}

const char *const *seccomp_known_architectures(void)
{
	static const char *const names[] = {
		"SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",	       "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
		"SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",	"SCMP_ARCH_MIPSEL",
		"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",	"SCMP_ARCH_PARISC64",
		"SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",	"SCMP_ARCH_RISCV64",
		"SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",		"SCMP_ARCH_SHEB",
		"SCMP_ARCH_X32",      "SCMP_ARCH_X86",	       "SCMP_ARCH_X86_64",	NULL,
	};

	_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(architectures) + 1, "one name for each entry");
	return names;
}

static const struct {
	const char *name;
	uint32_t value;
	bool takes_errno;
} actions[] = {
	[OCI_SECCOMP_KILL] = { "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false },
	[OCI_SECCOMP_KILL_PROCESS] = { "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false },
	[OCI_SECCOMP_KILL_THREAD] = { "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false },
	[OCI_SECCOMP_TRAP] = { "SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false },
	[OCI_SECCOMP_ERRNO] = { "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true },
	[OCI_SECCOMP_TRACE] = { "SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true },
	[OCI_SECCOMP_ALLOW] = { "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false },
	[OCI_SECCOMP_LOG] = { "SCMP_ACT_LOG", SECCOMP_RET_LOG, false },
	[OCI_SECCOMP_NOTIFY] = { "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false },
};

const char *const *seccomp_known_actions(void)
{
	static const char *const names[] = {
		"SCMP_ACT_ALLOW",	"SCMP_ACT_ERRNO",
		"SCMP_ACT_KILL",	"SCMP_ACT_KILL_PROCESS",
		"SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
		"SCMP_ACT_NOTIFY",	"SCMP_ACT_TRACE",
		"SCMP_ACT_TRAP",	NULL,
	};

	return names;
}

int seccomp_action_value(enum oci_seccomp_action action, const struct optional_u32 *errno_ret,
			 const char *where, uint32_t *value, struct error *error)
{
	uint32_t data = errno_ret->present ? errno_ret->value : EPERM;

	if (action == OCI_SECCOMP_UNSET || (size_t)action >= ARRAY_SIZE(actions))
		return error_set(error, 0, "%s is not set or unknown", where);
	*value = actions[action].value;
	if (!actions[action].takes_errno) {
		if (errno_ret->present)
			return error_set(error, 0, "%s: %s takes no errno", where, actions[action].name);
		return 0;
	}
	if (data > (action == OCI_SECCOMP_ERRNO ? MAX_ERRNO - 1 : SECCOMP_RET_DATA))
		return error_set(error, 0, "%s: errno %u is too large", where, data);
	*value |= data;
	return 0;
}

const char *const *seccomp_known_operators(void)
{
	static const char *const names[] = {
		"SCMP_CMP_EQ", "SCMP_CMP_GE",	     "SCMP_CMP_GT", "SCMP_CMP_LE",
		"SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL,
	};

	return names;
}

int seccomp_rule_alternatives(const struct oci_syscall *rule, struct error *error)
{
	unsigned int seen = 0;
	int alternatives = 0;

	for (size_t i = 0; i < rule->args.count; i++) {
		const struct oci_seccomp_arg *arg = &rule->args.items[i];

		if (arg->index >= SECCOMP_ARGUMENTS)
			return error_set(error, 0, "seccomp: there is no argument with index %u", arg->index);
		if (arg->op == OCI_SECCOMP_OP_UNSET || arg->op > OCI_SECCOMP_MASKED_EQ)
			return error_set(error, 0, "seccomp: the operator of argument %u is not set or unknown",
					 arg->index);
		if (seen & (1U << arg->index))
			alternatives = 1;
		seen |= 1U << arg->index;
	}
	return alternatives;
}

/* From the oldest to the newest: a kernel knows the first few. */
static const struct {
	const char *name;
	unsigned int flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

#define FLAG_NAMES_3 "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
static const char *const flag_names[][ARRAY_SIZE(flags) + 1] = {
	{ NULL },
	{ "SECCOMP_FILTER_FLAG_TSYNC" },
	{ "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG" },
	{ FLAG_NAMES_3 },
	{ FLAG_NAMES_3, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" },
};

const char *const *seccomp_known_flags(void)
{
	return flag_names[ARRAY_SIZE(flags)];
}

/*
 * A filter at address 0: EFAULT where the flag was accepted, EINVAL where not. WAIT_KILLABLE_RECV is not, without a
 * listener: a list of supported flags is one to choose any from, so it is not among them.
 */
static bool kernel_takes(unsigned int flag)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

const char *const *seccomp_supported_flags(void)
{
	size_t count = 0;

	while (count < ARRAY_SIZE(flags) && kernel_takes(flags[count].flag))
		count++;
	return flag_names[count];
}

static int flag_value(const char *name, unsigned int *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].name, name) == 0) {
			*value = flags[i].flag;
			return 0;
		}
	return -1;
}

int seccomp_load_flags(const struct oci_seccomp *profile, bool notify, unsigned int *all, struct error *error)
{
	/* runc's default where the profile says nothing: no slower code for the sake of speculation. */
	*all = profile->flags.items ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; profile->flags.items && i < profile->flags.count; i++) {
		unsigned int flag;

		if (flag_value(profile->flags.items[i], &flag) < 0)
			return error_set(error, 0, "unknown seccomp flag %s", profile->flags.items[i]);
		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notify)
			return error_set(error, 0, "seccomp flag %s needs a rule with SCMP_ACT_NOTIFY",
					 profile->flags.items[i]);
		/* The filter is loaded by a process of one thread, and TSYNC excludes a listener. */
		if (flag != SECCOMP_FILTER_FLAG_TSYNC)
			*all |= flag;
	}
	if (notify)
		*all |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return 0;
}

/*
 * System calls that libseccomp 2.5 may not know. Since number 403 all architectures get a new one under the
 * same number (include/uapi/asm-generic/unistd.h and the syscall.tbl of each); some belong to one
 * architecture only.
 */
static const struct {
	const char *name;
	uint32_t number;
	uint32_t only; /* libseccomp's token, 0: all */
} newer[] = {
	{ "cachestat", 451, 0 },
	{ "fchmodat2", 452, 0 },
	{ "map_shadow_stack", 453, SCMP_ARCH_X86_64 },
	{ "map_shadow_stack", 453, SCMP_ARCH_AARCH64 },
	{ "futex_wake", 454, 0 },
	{ "futex_wait", 455, 0 },
	{ "futex_requeue", 456, 0 },
	{ "statmount", 457, 0 },
	{ "listmount", 458, 0 },
	{ "lsm_get_self_attr", 459, 0 },
	{ "lsm_set_self_attr", 460, 0 },
	{ "lsm_list_modules", 461, 0 },
	{ "mseal", 462, 0 },
	{ "setxattrat", 463, 0 },
	{ "getxattrat", 464, 0 },
	{ "listxattrat", 465, 0 },
	{ "removexattrat", 466, 0 },
	{ "open_tree_attr", 467, 0 },
	{ "file_getattr", 468, 0 },
	{ "file_setattr", 469, 0 },
	{ "listns", 470, 0 },
	{ "uretprobe", 335, SCMP_ARCH_X86_64 },
	{ "uprobe", 336, SCMP_ARCH_X86_64 },
	{ "riscv_hwprobe", 258, SCMP_ARCH_RISCV64 },
};

int seccomp_newer_syscall(const struct seccomp_architecture *architecture, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if ((newer[i].only == 0 || newer[i].only == architecture->token) &&
		    strcmp(newer[i].name, name) == 0)
			return (int)(newer[i].number + architecture->base);
	return -1;
}

const char *seccomp_newer_name(const struct seccomp_architecture *architecture, uint32_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if ((newer[i].only == 0 || newer[i].only == architecture->token) &&
		    newer[i].number + architecture->base == number)
			return newer[i].name;
	return NULL;
}

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor, micro) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(micro)

const char *seccomp_library_version(void)
{
	return VERSION_TEXT(SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}
