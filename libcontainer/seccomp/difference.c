/* SPDX-License-Identifier: Apache-2.0 */
/* What a proof has found, in words. */
#include <ctype.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "seccomp/profile.h"
#include "seccomp/proof.h"

static const char *describe_action(struct arena *arena, uint32_t value)
{
	uint32_t data = value & SECCOMP_RET_DATA;

	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_THREAD: return "kill thread";
	case SECCOMP_RET_TRAP: return "trap";
	case SECCOMP_RET_ERRNO: return arena_printf(arena, "errno %u", data);
	case SECCOMP_RET_USER_NOTIF: return "notify";
	case SECCOMP_RET_TRACE: return arena_printf(arena, "trace %u", data);
	case SECCOMP_RET_LOG: return "log";
	case SECCOMP_RET_ALLOW: return "allow";
	default: return "kill process";
	}
}

static const struct seccomp_architecture *architecture_of(const struct seccomp_data *data)
{
	uint32_t base = data->arch == AUDIT_ARCH_X86_64 ? (uint32_t)data->nr & X32_SYSCALL_BIT : 0;

	for (const char *const *name = seccomp_known_architectures(); *name; name++) {
		const struct seccomp_architecture *architecture = seccomp_architecture(*name);

		if (architecture->audit == data->arch &&
		    (data->arch != AUDIT_ARCH_X86_64 || architecture->base == base))
			return architecture;
	}
	return NULL;
}

/* "SCMP_ARCH_X86_64" as "x86_64". */
static const char *architecture_name(struct arena *arena, const struct seccomp_data *data)
{
	const struct seccomp_architecture *architecture = architecture_of(data);
	char *name;

	if (!architecture)
		return arena_printf(arena, "architecture %#x", data->arch);
	name = arena_strdup(arena, architecture->name + strlen("SCMP_ARCH_"));
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}

static const char *call_name(struct arena *arena, const struct seccomp_data *data)
{
	const struct seccomp_architecture *architecture = architecture_of(data);
	char *known;
	const char *name;

	if (!architecture || data->nr < 0)
		return NULL;
	known = seccomp_syscall_resolve_num_arch(architecture->token, data->nr);
	name = known ? arena_strdup(arena, known) : seccomp_newer_name(architecture, (uint32_t)data->nr);
	free(known);
	return name;
}

/* The arguments as far as they are not 0: "(0x10, 0x1)". */
static void describe_arguments(struct strbuf *text, const uint64_t *arguments)
{
	size_t count = 6;

	while (count > 0 && arguments[count - 1] == 0)
		count--;
	for (size_t i = 0; i < count; i++)
		strbuf_printf(text, "%s%#llx", i ? ", " : "(", (unsigned long long)arguments[i]);
	strbuf_puts(text, count ? ")" : "");
}

struct seccomp_difference seccomp_difference_of(struct arena *arena, const struct seccomp_data *data,
						uint32_t planned, uint32_t found)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct seccomp_difference difference = {
		.architecture = architecture_name(arena, data),
		.number = (uint32_t)data->nr,
		.name = call_name(arena, data),
		.planned = planned,
		.found = found,
	};

	for (size_t i = 0; i < ARRAY_SIZE(difference.arguments); i++)
		difference.arguments[i] = data->args[i];
	strbuf_printf(&text, "%s ", difference.architecture);
	if (difference.name)
		strbuf_puts(&text, difference.name);
	else
		strbuf_printf(&text, "system call %u", difference.number);
	describe_arguments(&text, difference.arguments);
	strbuf_printf(&text, ": planned %s, found %s", describe_action(arena, planned),
		      describe_action(arena, found));
	difference.text = arena_strdup(arena, strbuf_text(&text));
	return difference;
}
