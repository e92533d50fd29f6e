/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile to a filter: libseccomp compiles what it knows, the prelude stands in front of it. What comes out has to be
 * proven (seccomp/proof.h) before anybody gets it. libseccomp gets some profiles wrong: where conditions for one call
 * overlap, or where the first call of an architecture is one that it does not have. For those the prelude says all, and
 * for what it may loop over for ever (seccomp/overlap.c).
 *
 * The names of a profile are those of all architectures and of kernels older and newer than this one, so an
 * unknown name is no error. What a profile says about a name that only this room's table knows goes into the
 * prelude; what nobody knows cannot be called by number either, or is larger than the largest number named and
 * gives ENOSYS.
 */
#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "seccomp/meaning.h"
#include "seccomp/profile.h"
#include "seccomp/proof.h"

#define ARCHITECTURES_MAX 32 /* more than there are */
#define OPTIMIZE_FROM 33 /* libseccomp 2.5 builds a wrong tree for a filter without rules */
#define OPTIMIZE_BINARY_TREE 2

struct compilation {
	struct arena *arena;
	const struct oci_seccomp *profile;
	scmp_filter_ctx context;
	uint32_t default_action;
	struct seccomp_prelude parts[ARCHITECTURES_MAX];
	size_t part_count;
};

static void release_context(scmp_filter_ctx *context)
{
	if (*context)
		seccomp_release(*context);
}

static size_t count_names(const struct oci_seccomp *profile)
{
	size_t count = 0;

	for (size_t i = 0; i < profile->syscalls.count; i++)
		count += profile->syscalls.items[i].names.count;
	return count;
}

/* *notify: an action is NOTIFY. */
static int check_notify(const struct oci_seccomp *profile, bool *notify, struct error *error)
{
	*notify = false;
	if (profile->default_action == OCI_SECCOMP_NOTIFY)
		return error_set(error, 0, "SCMP_ACT_NOTIFY cannot be used as default action");
	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct oci_syscall *rule = &profile->syscalls.items[i];

		if (rule->action != OCI_SECCOMP_NOTIFY)
			continue;
		*notify = true;
		/* The process that loads the filter still has to report its listener. */
		for (size_t j = 0; j < rule->names.count; j++)
			if (strcmp(rule->names.items[j], "write") == 0)
				return error_set(error, 0,
						 "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	}
	if (*notify && (!profile->listener_path || !*profile->listener_path))
		return error_set(error, 0, "seccomp listenerPath is not set, but SCMP_ACT_NOTIFY is used");
	if (profile->listener_metadata && *profile->listener_metadata &&
	    (!profile->listener_path || !*profile->listener_path))
		return error_set(error, 0, "seccomp listenerMetadata is set without listenerPath");
	return 0;
}

static bool has_part(const struct compilation *compilation, const struct seccomp_architecture *architecture)
{
	for (size_t i = 0; i < compilation->part_count; i++)
		if (compilation->parts[i].architecture == architecture)
			return true;
	return false;
}

static int add_architecture(struct compilation *compilation, const char *name, struct error *error)
{
	const struct seccomp_architecture *architecture = seccomp_architecture(name);
	int result;

	if (!architecture)
		return error_set(error, 0, "unknown seccomp architecture %s", name);
	if (has_part(compilation, architecture))
		return 0;
	result = seccomp_arch_add(compilation->context, architecture->token);
	/*
	 * Of the other byte order, or newer than the library: no process here can be of it. If one were, the
	 * filter would end it, as it does with all architectures that were not named.
	 */
	if (result == -EDOM || result == -EINVAL) {
		log_debug("seccomp architecture %s cannot occur on this host", name);
		return 0;
	}
	if (result < 0)
		return error_set(error, -result, "add seccomp architecture %s", name);
	compilation->parts[compilation->part_count++].architecture = architecture;
	return 0;
}

static int add_architectures(struct compilation *compilation, struct error *error)
{
	const struct string_list *names = &compilation->profile->architectures;
	const struct seccomp_architecture *native = seccomp_architecture_by_token(seccomp_arch_native());

	/* libseccomp has it in each filter from the start. */
	if (!native)
		return error_set(error, 0, "seccomp: the architecture of this host is not known");
	compilation->parts[compilation->part_count++].architecture = native;
	for (size_t i = 0; i < names->count; i++)
		if (add_architecture(compilation, names->items[i], error) < 0)
			return -1;
	return 0;
}

/* The conditions of @rule for libseccomp. */
static void convert_conditions(const struct oci_syscall *rule, struct scmp_arg_cmp *conditions)
{
	static const enum scmp_compare compares[] = {
		[OCI_SECCOMP_NE] = SCMP_CMP_NE,
		[OCI_SECCOMP_LT] = SCMP_CMP_LT,
		[OCI_SECCOMP_LE] = SCMP_CMP_LE,
		[OCI_SECCOMP_EQ] = SCMP_CMP_EQ,
		[OCI_SECCOMP_GE] = SCMP_CMP_GE,
		[OCI_SECCOMP_GT] = SCMP_CMP_GT,
		[OCI_SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	for (size_t i = 0; i < rule->args.count; i++) {
		const struct oci_seccomp_arg *arg = &rule->args.items[i];

		conditions[i] = (struct scmp_arg_cmp){
			.arg = arg->index,
			.op = compares[arg->op],
			.datum_a = arg->value,
			.datum_b = arg->value_two,
		};
	}
}

static int add_known(struct compilation *compilation, const char *name, int number, uint32_t action,
		     const struct scmp_arg_cmp *conditions, size_t count, bool alternatives,
		     struct error *error)
{
	size_t step = alternatives ? 1 : count;
	size_t done = 0;

	do {
		int result = seccomp_rule_add_array(compilation->context, action, number, (unsigned int)step,
						    conditions + done);

		if (result < 0)
			return error_set(error, -result, "seccomp: add the rule for %s", name);
		done += step;
	} while (done < count);
	return 0;
}

static void add_newer_rule(struct compilation *compilation, struct seccomp_prelude *part, int number,
			   uint32_t action, struct oci_seccomp_arg *conditions, size_t count)
{
	struct seccomp_rule *larger;

	if ((part->rule_count & (part->rule_count - 1)) == 0) {
		larger = ARENA_NEW_ARRAY(compilation->arena, struct seccomp_rule,
					 part->rule_count ? part->rule_count * 2 : 1);
		if (part->rule_count)
			memcpy(larger, part->rules, part->rule_count * sizeof(*larger));
		part->rules = larger;
	}
	part->rules[part->rule_count] = (struct seccomp_rule){
		.number = (uint32_t)number,
		.order = part->rule_count,
		.action = action,
		.conditions = conditions,
		.condition_count = count,
	};
	part->rule_count++;
}

static void add_newer(struct compilation *compilation, const char *name, const struct oci_syscall *rule,
		      uint32_t action, bool alternatives)
{
	size_t count = rule->args.count;
	size_t step = alternatives ? 1 : count;
	bool known = false;

	for (size_t i = 0; i < compilation->part_count; i++) {
		struct seccomp_prelude *part = &compilation->parts[i];
		int number = seccomp_newer_syscall(part->architecture, name);
		size_t done = 0;

		if (number < 0)
			continue;
		known = true;
		do {
			add_newer_rule(compilation, part, number, action, rule->args.items + done, step);
			done += step;
		} while (done < count);
	}
	if (!known)
		log_debug("unknown seccomp syscall \"%s\" ignored", name);
}

static int add_rule(struct compilation *compilation, const struct oci_syscall *rule, struct error *error)
{
	struct scmp_arg_cmp *conditions = ARENA_NEW_ARRAY(compilation->arena, struct scmp_arg_cmp,
							  rule->args.count ? rule->args.count : 1);
	int alternatives = seccomp_rule_alternatives(rule, error);
	uint32_t action;

	if (alternatives < 0 || seccomp_action_value(rule->action, &rule->errno_ret, "seccomp action of a rule",
						     &action, error) < 0)
		return -1;
	convert_conditions(rule, conditions);
	/* libseccomp refuses rules that change nothing. */
	if (action == compilation->default_action)
		return 0;
	for (size_t i = 0; i < rule->names.count; i++) {
		const char *name = rule->names.items[i];
		int number = seccomp_syscall_resolve_name(name);

		if (!*name)
			return error_set(error, 0, "seccomp: an empty string is not a valid syscall");
		if (number == __NR_SCMP_ERROR)
			add_newer(compilation, name, rule, action, alternatives);
		else if (add_known(compilation, name, number, action, conditions, rule->args.count,
				   alternatives, error) < 0)
			return -1;
	}
	return 0;
}

/* The largest number the profile names, whatever it says about it: up to there its author knew the table. */
static uint32_t find_largest(const struct oci_seccomp *profile, const struct seccomp_architecture *architecture)
{
	int largest = 0;

	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct string_list *names = &profile->syscalls.items[i].names;

		for (size_t j = 0; j < names->count; j++) {
			int number = seccomp_syscall_resolve_name_arch(architecture->token, names->items[j]);

			if (number == __NR_SCMP_ERROR)
				number = seccomp_newer_syscall(architecture, names->items[j]);
			if (number > largest)
				largest = number;
		}
	}
	return (uint32_t)largest;
}

/* TRACE counts as permissive: a tracer may emulate what the kernel does not have. */
static bool unknown_is_enosys(uint32_t default_action)
{
	uint32_t action = default_action & SECCOMP_RET_ACTION_FULL;

	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG && action != SECCOMP_RET_TRACE &&
	       default_action != (SECCOMP_RET_ERRNO | ENOSYS);
}

/* libseccomp's program behind @prelude, through a file in memory: it can only write to a descriptor. */
static int export_program(struct compilation *compilation, const struct sock_filter *prelude,
			  size_t prelude_count, struct seccomp_filter *filter, struct error *error)
{
	_cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	size_t room = (BPF_MAXINSNS + 1) * sizeof(*filter->instructions);
	char *bytes;
	ssize_t length;
	size_t count;
	int result;

	if (fd < 0)
		return error_set(error, errno, "seccomp: create a file in memory");
	result = seccomp_export_bpf(compilation->context, fd);
	if (result < 0)
		return error_set(error, -result, "seccomp: compile the filter");
	filter->instructions =
		ARENA_NEW_ARRAY(compilation->arena, struct sock_filter, prelude_count + BPF_MAXINSNS + 1);
	bytes = (char *)(filter->instructions + prelude_count);
	length = pread(fd, bytes, room, 0);
	if (length <= 0 || (size_t)length % sizeof(*filter->instructions) != 0)
		return error_set(error, length < 0 ? errno : EIO, "seccomp: read the compiled filter");
	count = prelude_count + (size_t)length / sizeof(*filter->instructions);
	if (count > BPF_MAXINSNS)
		return error_set(error, 0,
				 "seccomp: the profile is too large: the kernel takes %d instructions",
				 BPF_MAXINSNS);
	if (prelude_count)
		memcpy(filter->instructions, prelude, prelude_count * sizeof(*prelude));
	filter->count = (unsigned short)count;
	return 0;
}

static void compact(struct compilation *compilation, struct seccomp_filter *filter)
{
	const struct seccomp_program whole = { filter->instructions, filter->count };
	struct sock_filter *shorter;
	size_t count;

	shorter = seccomp_compact(compilation->arena, &whole, 1, &count);
	if (!shorter)
		return;
	filter->instructions = shorter;
	filter->count = (unsigned short)count;
}

/* libseccomp's rules, and in the parts those that it does not know. */
static int add_rules(struct compilation *compilation, bool stub, struct error *error)
{
	const struct oci_seccomp *profile = compilation->profile;

	if (count_names(profile) >= OPTIMIZE_FROM &&
	    seccomp_attr_set(compilation->context, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_BINARY_TREE) < 0)
		log_debug("this libseccomp has no binary tree optimisation");
	for (size_t i = 0; i < profile->syscalls.count; i++)
		if (add_rule(compilation, &profile->syscalls.items[i], error) < 0)
			return -1;
	for (size_t i = 0; stub && i < compilation->part_count; i++)
		compilation->parts[i].largest = find_largest(profile, compilation->parts[i].architecture);
	return 0;
}

/* Rules about numbers that are too large for the profile are those of socketcall(2) and its like on x86. */
static size_t rules_in_range(const struct seccomp_meaning_part *part, bool stub)
{
	size_t count = part->rule_count;

	while (stub && part->largest && count > 0 && part->rules[count - 1].number > part->largest)
		count--;
	return count;
}

/* All rules in the parts: libseccomp's part of the filter is to know the architectures and the default action. */
static int take_meaning(struct compilation *compilation, bool stub, struct error *error)
{
	const struct seccomp_meaning_part *parts;
	struct seccomp_meaning *meaning;
	size_t count;

	if (seccomp_meaning_read(compilation->arena, compilation->profile, &meaning, error) < 0)
		return -1;
	parts = seccomp_meaning_parts(meaning, &count);
	for (size_t i = 0; i < compilation->part_count; i++)
		for (size_t j = 0; j < count; j++)
			if (parts[j].architecture == compilation->parts[i].architecture)
				compilation->parts[i] = (struct seccomp_prelude){
					.architecture = parts[j].architecture,
					.largest = parts[j].largest,
					.rules = parts[j].rules,
					.rule_count = rules_in_range(&parts[j], stub),
				};
	return 0;
}

/* @library: by libseccomp's rules as far as it knows them, else by the prelude's. */
static int build(struct compilation *compilation, bool library, struct seccomp_filter *filter,
		 struct error *error)
{
	_cleanup_(release_context) scmp_filter_ctx context = seccomp_init(compilation->default_action);
	bool stub = unknown_is_enosys(compilation->default_action);
	struct sock_filter *prelude;
	size_t prelude_count;

	if (!context)
		return error_set(error, 0, "seccomp: libseccomp refuses the default action");
	compilation->context = context;
	memset(compilation->parts, 0, sizeof(compilation->parts));
	compilation->part_count = 0;
	if (add_architectures(compilation, error) < 0 ||
	    (library ? add_rules(compilation, stub, error) : take_meaning(compilation, stub, error)) < 0)
		return -1;
	prelude = seccomp_prelude_build(compilation->arena, compilation->parts, compilation->part_count,
					compilation->default_action, stub, &prelude_count);
	if (export_program(compilation, prelude, prelude_count, filter, error) < 0)
		return -1;
	compact(compilation, filter);
	return 0;
}

static int prove(const struct compilation *compilation, const struct seccomp_filter *filter,
		 struct seccomp_proof *proof, struct error *error)
{
	const struct sock_fprog program = { filter->count, filter->instructions };

	return seccomp_prove(compilation->arena, &compilation->profile, 1, &program, 1, proof, error);
}

static int compile(struct compilation *compilation, struct seccomp_filter *filter, struct error *error)
{
	struct seccomp_proof proof;

	if (!seccomp_is_too_much_for_library(compilation->profile)) {
		if (build(compilation, true, filter, error) < 0 ||
		    prove(compilation, filter, &proof, error) < 0)
			return -1;
		if (proof.verdict == SECCOMP_AGREES)
			return 0;
		log_debug("seccomp: libseccomp does not do as the profile says (%s)", proof.difference.text);
	}
	if (build(compilation, false, filter, error) < 0 || prove(compilation, filter, &proof, error) < 0)
		return -1;
	if (proof.verdict == SECCOMP_AGREES)
		return 0;
	return error_set(error, 0, "seccomp: the compiled filter does not decide as its profile says: %s",
			 proof.difference.text);
}

int seccomp_profile_check(const struct oci_seccomp *profile, struct seccomp_filter *filter,
			  uint32_t *default_action, struct error *error)
{
	bool notify;

	if (check_notify(profile, &notify, error) < 0 ||
	    seccomp_load_flags(profile, notify, &filter->load_flags, error) < 0 ||
	    seccomp_action_value(profile->default_action, &profile->default_errno_ret, "seccomp defaultAction",
				 default_action, error) < 0)
		return -1;
	filter->has_listener = notify;
	return 0;
}

int seccomp_compile(struct arena *arena, const struct oci_seccomp *profile, int cache,
		    struct seccomp_filter *filter, struct error *error)
{
	_cleanup_strbuf_ struct strbuf key = { 0 };
	struct compilation compilation = { .arena = arena, .profile = profile };

	*filter = (struct seccomp_filter){ 0 };
	if (seccomp_profile_check(profile, filter, &compilation.default_action, error) < 0)
		return -1;
	if (cache >= 0) {
		seccomp_cache_key(&key, profile);
		/* An entry of no instructions says of several profiles that they stay apart; of one it says nothing. */
		if (seccomp_cache_read(arena, cache, &key, filter) && filter->count)
			return 0;
	}
	if (compile(&compilation, filter, error) < 0)
		return -1;
	if (cache >= 0)
		seccomp_cache_write(cache, &key, filter);
	return 0;
}
