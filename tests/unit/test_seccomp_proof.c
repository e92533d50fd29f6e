/* SPDX-License-Identifier: Apache-2.0 */
/* The proof: compiled filters pass it, and whatever is changed about them is found. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf.h"
#include "documents.h"
#include "profiles.h"
#include "policy/policy.h"
#include "policy_generator.h"
#include "seccomp/document.h"
#include "seccomp/interpreter.h"
#include "seccomp/proof.h"

#define X32_BIT 0x40000000U
#define RANDOM_PROFILES 250

static struct sock_fprog compile(struct arena *arena, const struct oci_seccomp *profile)
{
	const struct seccomp_filter filter = profile_compile(arena, profile);

	return (struct sock_fprog){ filter.count, filter.instructions };
}

static struct seccomp_proof prove(struct arena *arena, const struct oci_seccomp *const *profiles,
				  size_t profile_count, const struct sock_fprog *programs, size_t program_count)
{
	struct seccomp_proof proof;
	struct error error;

	if (seccomp_prove(arena, profiles, profile_count, programs, program_count, &proof, &error) < 0)
		fail_msg("%s", error.text);
	assert_true((proof.verdict == SECCOMP_AGREES) == !proof.difference.text);
	return proof;
}

static struct seccomp_proof prove_one(struct arena *arena, const struct oci_seccomp *profile,
				      struct sock_fprog program)
{
	const struct oci_seccomp *const profiles[] = { profile };

	return prove(arena, profiles, 1, &program, 1);
}

static void assert_agrees(const char *name, const struct seccomp_proof *proof)
{
	if (proof->verdict != SECCOMP_AGREES)
		fail_msg("%s: %s", name, proof->difference.text);
	/* Every number of the host's architecture and of the two that run beside it, at least. */
	assert_true(proof->decisions > 1000);
}

/* So a checkpoint with what another version made of it can be restored. */
static void assert_proven(const char *name, const struct seccomp_proof *proof)
{
	assert_agrees(name, proof);
	if (proof->gap)
		fail_msg("%s: %s", name, proof->gap);
}

/* profiles as they come ---------------------------------------------------------------------------------- */

static const struct oci_seccomp *engine_profile(struct arena *arena, const char *name)
{
	const char *path = arena_printf(arena, "engine-configs/%s.json", name);
	struct oci_config *config;
	struct error error;
	size_t length;
	char *bytes = document_read(arena, path, &length);

	if (config_parse(arena, path, bytes, length, &config, &error) < 0)
		fail_msg("%s", error.text);
	return config->linux_->seccomp;
}

static const struct oci_seccomp *docker_profile(struct arena *arena)
{
	size_t length;

	return profile_parse(arena, document_read(arena, "seccomp/docker-default.json", &length));
}

static void engine_profiles_agree(void **state)
{
	static const char *const names[] = { "docker-default", "docker-hardened-flags", "podman-default" };
	_cleanup_arena_ struct arena arena = { 0 };
	const struct oci_seccomp *profile = docker_profile(&arena);
	struct seccomp_proof proof = prove_one(&arena, profile, compile(&arena, profile));

	(void)state;
	assert_proven("Docker's newest profile", &proof);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		profile = engine_profile(&arena, names[i]);
		proof = prove_one(&arena, profile, compile(&arena, profile));
		assert_proven(names[i], &proof);
	}
}

static const struct string_list *capability_sets(size_t index)
{
	static const char *many[] = { "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_CHROOT", "CAP_SYS_TIME",
				      "CAP_SYSLOG",    "CAP_SYS_NICE",	 "CAP_BPF",	   "CAP_SYS_MODULE" };
	static const struct string_list sets[] = { { NULL, 0 }, { many, ARRAY_SIZE(many) } };

	return index < ARRAY_SIZE(sets) ? &sets[index] : NULL;
}

static struct oci_seccomp *document(struct arena *arena, const char *text,
				    const struct string_list *capabilities)
{
	struct oci_seccomp *profile;
	struct error error;

	if (seccomp_document_read(arena, "document", text, capabilities, &profile, &error) < 0)
		fail_msg("%s", error.text);
	return profile;
}

static void shipped_profiles_and_guards_agree(void **state)
{
	static const char *const guards[] = { "disk", "egress" };

	(void)state;
	for (size_t set = 0; capability_sets(set); set++) {
		_cleanup_arena_ struct arena arena = { 0 };

		for (const char *const *name = seccomp_profile_builtin_names(); *name; name++) {
			const struct oci_seccomp *profile =
				document(&arena, seccomp_profile_builtin(*name), capability_sets(set));
			struct seccomp_proof proof = prove_one(&arena, profile, compile(&arena, profile));

			assert_proven(*name, &proof);
		}
		for (size_t i = 0; i < ARRAY_SIZE(guards); i++) {
			const struct oci_seccomp *profile =
				document(&arena, seccomp_guard_builtin(guards[i]), capability_sets(set));
			struct seccomp_proof proof = prove_one(&arena, profile, compile(&arena, profile));

			assert_proven(guards[i], &proof);
		}
	}
}

/* random profiles ---------------------------------------------------------------------------------------- */

static const char *const calls[] = {
	"read",	  "clone",	"personality", "socket",   "ioctl",	    "mseal",	 "futex_wait",
	"semop",  "semctl",	"socketcall",  "ipc",	   "umount",	    "umount2",	 "no_such_call",
	"accept", "sendto",	"ptrace",      "uprobe",   "set_tls",	    "_llseek",	 "map_shadow_stack",
	"bpf",	  "setxattrat", "recvmmsg",    "shutdown", "arch_prctl",    "cachestat", "waitpid",
	"getpid", "open",	"openat2",     "prctl",	   "clock_settime", "mmap2",	 "fchmodat2",
};

static const uint64_t interesting[] = {
	0, 1, 2, 8, 0x20, 0x7e020000, 0x80000000, 0xffffffff, 0x100000000, 0x100000008, UINT64_MAX,
};

static const enum oci_seccomp_action random_actions[] = {
	OCI_SECCOMP_ALLOW, OCI_SECCOMP_ERRNO, OCI_SECCOMP_KILL, OCI_SECCOMP_KILL_PROCESS,
	OCI_SECCOMP_TRAP,  OCI_SECCOMP_TRACE, OCI_SECCOMP_LOG,
};

static enum oci_seccomp_action random_action(struct random *random, struct optional_u32 *errno_ret)
{
	enum oci_seccomp_action action = random_actions[random_below(random, ARRAY_SIZE(random_actions))];

	if (random_below(random, 3) == 0 && (action == OCI_SECCOMP_ERRNO || action == OCI_SECCOMP_TRACE))
		*errno_ret = (struct optional_u32){ .present = true, .value = random_below(random, 40) };
	return action;
}

static void random_rule(struct arena *arena, struct random *random, struct oci_syscall *rule)
{
	size_t names = 1 + random_below(random, random_below(random, 8) ? 3 : 40);
	size_t args = random_below(random, 2) ? 0 : 1 + random_below(random, random_below(random, 3) ? 2 : 4);

	rule->names.items = ARENA_NEW_ARRAY(arena, const char *, names);
	rule->names.count = names;
	for (size_t i = 0; i < names; i++)
		rule->names.items[i] = calls[random_below(random, ARRAY_SIZE(calls))];
	rule->action = random_action(random, &rule->errno_ret);
	rule->args.items = ARENA_NEW_ARRAY(arena, struct oci_seccomp_arg, args + 1);
	rule->args.count = args;
	for (size_t i = 0; i < args; i++)
		rule->args.items[i] = (struct oci_seccomp_arg){
			.index = random_below(random, random_below(random, 3) ? 3 : 6),
			.value = interesting[random_below(random, ARRAY_SIZE(interesting))],
			.value_two = interesting[random_below(random, ARRAY_SIZE(interesting))],
			.op = OCI_SECCOMP_NE + random_below(random, 7),
		};
}

static struct oci_seccomp *random_profile(struct arena *arena, struct random *random)
{
	static const char *architectures[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86",	"SCMP_ARCH_X32",
					       "SCMP_ARCH_ARM",	   "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS" };
	struct oci_seccomp *profile = ARENA_NEW(arena, struct oci_seccomp);

	profile->default_action = random_action(random, &profile->default_errno_ret);
	profile->architectures.items = architectures + random_below(random, 3);
	profile->architectures.count = random_below(random, 4);
	profile->syscalls.count = random_below(random, 10);
	profile->syscalls.items = ARENA_NEW_ARRAY(arena, struct oci_syscall, profile->syscalls.count + 1);
	for (size_t i = 0; i < profile->syscalls.count; i++)
		random_rule(arena, random, &profile->syscalls.items[i]);
	return profile;
}

static void random_profiles_agree(void **state)
{
	struct random random = { UINT64_C(0x1234567887654321) };
	size_t agreed = 0;

	(void)state;
	for (size_t i = 0; i < RANDOM_PROFILES; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct oci_seccomp *profile = random_profile(&arena, &random);
		struct seccomp_filter filter;
		struct seccomp_proof proof;
		struct error error;

		/* Two rules that say the same and mean different actions are refused by libseccomp. */
		if (seccomp_compile(&arena, profile, -1, &filter, &error) < 0) {
			assert_non_null(strstr(error.text, "file exists"));
			continue;
		}
		proof = prove_one(&arena, profile, (struct sock_fprog){ filter.count, filter.instructions });
		assert_agrees(arena_printf(&arena, "profile %zu", i), &proof);
		agreed++;
	}
	assert_true(agreed > RANDOM_PROFILES * 8 / 10);
}

/* What arm64's hosts have of Docker's profile, as far as this one can compile it. */
static void profiles_of_other_hosts_agree(void **state)
{
	static const char *names[] = { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" };
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_seccomp profile = *docker_profile(&arena);
	struct seccomp_proof proof;

	(void)state;
	profile.architectures = (struct string_list){ names, ARRAY_SIZE(names) };
	proof = prove_one(&arena, &profile, compile(&arena, &profile));
	assert_agrees("Docker's on arm64", &proof);
}

static uint32_t decide(const char *text, uint32_t architecture, uint32_t number, uint64_t first)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct sock_fprog program = compile(&arena, profile_parse(&arena, text));
	const struct seccomp_data data = { .nr = (int)number, .arch = architecture, .args = { first } };

	return bpf_run(program.filter, program.len, &data);
}

/*
 * libseccomp 2.5 leaves out the load of the number where the first call of an architecture is one that it does not
 * have, and mixes up ranges that meet: what is compiled does as the profile says all the same.
 */
static void what_libseccomp_gets_wrong_is_mended(void **state)
{
	static const char socket_calls[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"accept\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";
	static const char ranges[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
		"\"syscalls\":[{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
		"{\"index\":0,\"value\":2147483648,\"op\":\"SCMP_CMP_LE\"},"
		"{\"index\":0,\"value\":4294967296,\"op\":\"SCMP_CMP_GE\"}]}]}";
	const uint32_t refused = SECCOMP_RET_ERRNO | EPERM;

	(void)state;
	assert_int_equal(decide(socket_calls, AUDIT_ARCH_I386, 102, 5), refused);
	assert_int_equal(decide(socket_calls, AUDIT_ARCH_I386, 102, 4), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(socket_calls, AUDIT_ARCH_X86_64, 43, 0), refused);
	assert_int_equal(decide(ranges, AUDIT_ARCH_X86_64, 135, 0x80000000), refused);
	assert_int_equal(decide(ranges, AUDIT_ARCH_X86_64, 135, 0x80000001), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(ranges, AUDIT_ARCH_X86_64, 135, 0xffffffff), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(ranges, AUDIT_ARCH_X86_64, 135, 0x100000000), refused);
}

/* A profile of @count rules on two arguments of one call, each with an action that lets it pass. */
static const char *rules_on_two_arguments(struct arena *arena, size_t count)
{
	const char *rules = "";

	for (size_t i = 0; i < count; i++)
		rules = arena_printf(arena,
				     "%s%s{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
				     "{\"index\":1,\"value\":%zu,\"op\":\"SCMP_CMP_EQ\"},"
				     "{\"index\":2,\"value\":%zu,\"op\":\"SCMP_CMP_EQ\"}]}",
				     rules, i ? "," : "", i * 3, i * 5);
	return arena_printf(arena, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[%s]}", rules);
}

/* It loops for ever over these, and takes minutes for what comes close to them. */
static void what_libseccomp_does_not_end_is_not_asked_of_it(void **state)
{
	static const char endless[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":["
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"op\":\"SCMP_CMP_GE\",\"value\":4294967304},"
		"{\"index\":1,\"op\":\"SCMP_CMP_LE\",\"value\":0},"
		"{\"index\":2,\"op\":\"SCMP_CMP_NE\",\"value\":1}]},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"op\":\"SCMP_CMP_GE\",\"value\":4294967304},"
		"{\"index\":2,\"op\":\"SCMP_CMP_NE\",\"value\":4294967296},"
		"{\"index\":3,\"op\":\"SCMP_CMP_NE\",\"value\":4294967295}]},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"op\":\"SCMP_CMP_LT\",\"value\":0},"
		"{\"index\":2,\"op\":\"SCMP_CMP_LE\",\"value\":1}]},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":1,\"op\":\"SCMP_CMP_GE\",\"value\":4294967295},"
		"{\"index\":2,\"op\":\"SCMP_CMP_LT\",\"value\":2147483648}]}]}";
	_cleanup_arena_ struct arena arena = { 0 };
	const char *const texts[] = { endless, rules_on_two_arguments(&arena, 200) };

	(void)state;
	alarm(60);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct oci_seccomp *profile = profile_parse(&arena, texts[i]);
		struct seccomp_proof proof = prove_one(&arena, profile, compile(&arena, profile));

		assert_agrees(texts[i], &proof);
	}
	alarm(0);
}

/* what was changed is found ------------------------------------------------------------------------------ */

#define GRID_NUMBERS 512

/* The same decisions for all that is asked here, in another way than the proof's. */
static bool decide_the_same(struct sock_fprog a, struct sock_fprog b)
{
	static const uint64_t arguments[] = {
		0,	   1,	    8,		9,	    39,	       40,	   41,
		0x20000,   0x20008, 0xffffffff, 0x7e020000, 0x2000000, 0x10000000, UINT64_C(0x100000000),
		UINT64_MAX
	};
	static const struct {
		uint32_t audit;
		uint32_t base;
	} architectures[] = { { AUDIT_ARCH_X86_64, 0 },	 { AUDIT_ARCH_X86_64, X32_BIT }, { AUDIT_ARCH_I386, 0 },
			      { AUDIT_ARCH_AARCH64, 0 }, { AUDIT_ARCH_ARM, 0 },		 { 0, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		for (uint32_t number = 0; number < GRID_NUMBERS; number++)
			for (size_t j = 0; j < ARRAY_SIZE(arguments); j++) {
				struct seccomp_data data = { .nr = (int)(number | architectures[i].base),
							     .arch = architectures[i].audit,
							     .args = { arguments[j], arguments[j] } };

				if (bpf_run(a.filter, a.len, &data) != bpf_run(b.filter, b.len, &data))
					return false;
			}
	return true;
}

/* The @which-th change of an instruction; false: there are no more. */
static bool change(struct sock_filter *instruction, unsigned int which)
{
	struct sock_filter old = *instruction;

	switch (BPF_CLASS(instruction->code)) {
	case BPF_RET: {
		static const uint32_t actions[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM,
						    SECCOMP_RET_KILL_THREAD };

		if (which >= ARRAY_SIZE(actions))
			return false;
		instruction->k = actions[which];
		return true;
	}
	case BPF_JMP:
		if (instruction->code == (BPF_JMP | BPF_JA)) {
			instruction->k++;
			return which == 0;
		}
		instruction->k += which == 0;
		instruction->jt = which == 1 ? old.jf : old.jt;
		instruction->jf = which == 1 ? old.jt : old.jf;
		instruction->jt += which == 2;
		return which < 3;
	case BPF_LD: instruction->k = (instruction->k + 4) % sizeof(struct seccomp_data); return which == 0;
	default: instruction->k ^= 0x2000000; return which == 0;
	}
}

/* Each instruction of a filter changed in turn: who decides differently then does not pass. */
static void changed_instructions_are_found(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct oci_seccomp *profile = docker_profile(&arena);
	struct sock_fprog original = compile(&arena, profile);
	struct sock_fprog changed = { original.len, ARENA_NEW_ARRAY(&arena, struct sock_filter, original.len) };
	size_t changes = 0, found = 0;

	(void)state;
	for (size_t i = 0; i < original.len; i++)
		for (unsigned int which = 0;; which++) {
			_cleanup_arena_ struct arena inner = { 0 };
			struct seccomp_proof proof;

			memcpy(changed.filter, original.filter, original.len * sizeof(*changed.filter));
			if (!change(&changed.filter[i], which))
				break;
			proof = prove_one(&inner, profile, changed);
			changes++;
			found += proof.verdict != SECCOMP_AGREES;
			if (seccomp_program_fault(changed.filter, changed.len) >= 0)
				assert_int_equal(proof.verdict, SECCOMP_LOOSER);
			else if (proof.verdict == SECCOMP_AGREES && !decide_the_same(original, changed))
				fail_msg("change %u of instruction %zu was not found", which, i);
		}
	assert_true(changes > original.len);
	assert_true(found > changes * 8 / 10);
}

#define HEAD "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]"
#define RULES(rules) "{" HEAD ",\"syscalls\":[" rules "]}"
#define ALLOW_READ "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}"
#define PERSONALITY(value)                                                                                   \
	"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":" value \
	",\"op\":\"SCMP_CMP_LE\"}]}"

#ifdef __x86_64__
static void assert_found(const char *planned, const char *loaded, enum seccomp_verdict verdict,
			 const char *text)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_proof proof = prove_one(&arena, profile_parse(&arena, planned),
					       compile(&arena, profile_parse(&arena, loaded)));

	assert_int_equal(proof.verdict, verdict);
	if (text)
		assert_string_equal(proof.difference.text, text);
}

#define DENY(names) "{\"names\":[" names "],\"action\":\"SCMP_ACT_ERRNO\"}"
#define ALLOWING(rules) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" rules "]}"

static void what_differs_is_named(void **state)
{
	static const char both[] = RULES(ALLOW_READ "," PERSONALITY("8"));

	(void)state;
	assert_found(both, both, SECCOMP_AGREES, NULL);
	/* a rule dropped, one too many */
	assert_found(ALLOWING(DENY("\"unshare\"")), ALLOWING(""), SECCOMP_LOOSER,
		     "x86_64 unshare: planned errno 1, found allow");
	assert_found(ALLOWING(DENY("\"unshare\"")), ALLOWING(DENY("\"unshare\",\"mseal\"")), SECCOMP_TIGHTER,
		     "x86_64 mseal: planned allow, found errno 1");
	assert_found(RULES(ALLOW_READ), both, SECCOMP_LOOSER,
		     "x86_64 personality: planned errno 38, found allow");
	/* an action changed: to a milder one, and to one that is as severe */
	assert_found(ALLOWING("{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}"),
		     ALLOWING("{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_KILL_THREAD\"}"), SECCOMP_LOOSER,
		     "x86_64 bpf: planned kill process, found kill thread");
	assert_found(ALLOWING(DENY("\"bpf\"")),
		     ALLOWING("{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0}"),
		     SECCOMP_TIGHTER, "x86_64 bpf: planned errno 1, found errno 0");
	/* an argument's bound moved */
	assert_found(both, RULES(ALLOW_READ "," PERSONALITY("9")), SECCOMP_LOOSER,
		     "x86_64 personality(0x9): planned errno 1, found allow");
	assert_found(both, RULES(ALLOW_READ "," PERSONALITY("7")), SECCOMP_TIGHTER,
		     "x86_64 personality(0x8): planned allow, found errno 1");
	assert_found(both, RULES(ALLOW_READ "," PERSONALITY("4294967304")), SECCOMP_LOOSER, NULL);
	/* an architecture too many, one missing */
	assert_found(ALLOWING(""),
		     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"]}",
		     SECCOMP_LOOSER, "x86 restart_syscall: planned kill thread, found allow");
	assert_found(ALLOWING(""),
		     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X32\"]}",
		     SECCOMP_LOOSER, "x32 read: planned kill thread, found allow");
	assert_found("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"]}",
		     ALLOWING(""), SECCOMP_TIGHTER, "x86 restart_syscall: planned allow, found kill thread");
	assert_found(ALLOWING(""),
		     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_MIPSEL\"]}",
		     SECCOMP_LOOSER, "mipsel syscall: planned kill thread, found allow");
}

static struct seccomp_proof prove_texts(struct arena *arena, const char *first, const char *second,
					const char *newer, const char *older)
{
	const struct oci_seccomp *const profiles[] = { profile_parse(arena, first),
						       profile_parse(arena, second) };
	const struct sock_fprog programs[] = { compile(arena, profile_parse(arena, newer)),
					       compile(arena, profile_parse(arena, older ? older : newer)) };

	return prove(arena, profiles, 2, programs, older ? 2 : 1);
}

static void the_most_severe_of_several_counts(void **state)
{
	static const char bpf[] = ALLOWING(DENY("\"bpf\""));
	static const char kills[] = ALLOWING("{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_KILL\"}");
	static const char other[] =
		ALLOWING("{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9}");
	static const char swap[] = ALLOWING(DENY("\"swapon\""));
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_proof proof;
	struct error error;

	(void)state;
	assert_int_equal(prove_texts(&arena, bpf, swap, swap, bpf).verdict, SECCOMP_AGREES);
	assert_int_equal(prove_texts(&arena, bpf, swap, ALLOWING(DENY("\"swapon\",\"bpf\"")), NULL).verdict,
			 SECCOMP_AGREES);
	assert_int_equal(prove_texts(&arena, bpf, kills, kills, bpf).verdict, SECCOMP_AGREES);
	assert_int_equal(prove_texts(&arena, bpf, kills, kills, NULL).verdict, SECCOMP_AGREES);
	assert_string_equal(prove_texts(&arena, bpf, kills, bpf, NULL).difference.text,
			    "x86_64 bpf: planned kill thread, found errno 1");
	assert_string_equal(prove_texts(&arena, bpf, swap, swap, NULL).difference.text,
			    "x86_64 bpf: planned errno 1, found allow");
	/* Of two errors either is as planned, and no third one. */
	assert_int_equal(prove_texts(&arena, bpf, other, bpf, other).verdict, SECCOMP_AGREES);
	assert_int_equal(prove_texts(&arena, bpf, other, other, bpf).verdict, SECCOMP_AGREES);
	assert_int_equal(prove_texts(&arena, bpf, bpf, other, NULL).verdict, SECCOMP_TIGHTER);
	/* Nothing planned, nothing there; something planned, nothing there. */
	assert_int_equal(seccomp_prove(&arena, NULL, 0, NULL, 0, &proof, &error), 0);
	assert_int_equal(proof.verdict, SECCOMP_AGREES);
	assert_int_equal(prove(&arena, (const struct oci_seccomp *const[]){ profile_parse(&arena, bpf) }, 1,
			       NULL, 0)
				 .verdict,
			 SECCOMP_LOOSER);
}

static void rules_may_contradict_each_other(void **state)
{
	static const char says_both[] = ALLOWING(
		"{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":4,\"op\":\"SCMP_CMP_GE\"}]},"
		"{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":1,\"value\":4,\"op\":\"SCMP_CMP_GE\"}]}");
	static const char first[] = ALLOWING(
		"{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":4,\"op\":\"SCMP_CMP_GE\"}]}");

	(void)state;
	assert_found(says_both, first, SECCOMP_LOOSER, "x86_64 bpf(0, 0x100000000): planned trap, found allow");
	/* Of rules without conditions for one call the first counts. */
	assert_found(ALLOWING("{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_TRAP\"}," DENY("\"bpf\"")),
		     ALLOWING(DENY("\"bpf\"")), SECCOMP_LOOSER, "x86_64 bpf: planned trap, found errno 1");
	/* And counts alone. */
	assert_found(ALLOWING(DENY("\"personality\"") "," PERSONALITY("8")), ALLOWING(DENY("\"personality\"")),
		     SECCOMP_AGREES, NULL);
}
#endif

/* programs of others ------------------------------------------------------------------------------------- */

static void assert_fault(struct sock_filter instruction, int fault)
{
	const struct sock_filter program[] = { BPF_STMT(BPF_LD | BPF_IMM, 0), instruction,
					       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW };
	_cleanup_arena_ struct arena arena = { 0 };

	assert_int_equal(seccomp_program_fault(program, ARRAY_SIZE(program)), fault);
	if (fault >= 0)
		assert_string_equal(prove_one(&arena, &profile,
					      (struct sock_fprog){ ARRAY_SIZE(program), (void *)program })
					    .difference.text,
				    "filter 0 cannot be judged: the kernel takes no such instruction 1");
}

static void what_the_kernel_refuses_cannot_be_judged(void **state)
{
	const struct sock_filter load = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);

	(void)state;
	assert_fault((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), -1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, 15), -1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, 16), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_STX, 16), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0), -1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1), 1);
	assert_fault((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), 1);
	assert_fault((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), 1);
	assert_fault((struct sock_filter)BPF_JUMP(BPF_JMP | 0x50, 0, 0, 0), 1);
	assert_fault((struct sock_filter)BPF_STMT(0x1000 | BPF_RET | BPF_K, 0), 1);
	assert_int_equal(seccomp_program_fault(&load, 1), 1);
	assert_int_equal(seccomp_program_fault(NULL, 0), 0);
}

/* What @count instructions and a return of the accumulator give where the first argument is 0x10. */
static uint32_t run(const struct sock_filter *instructions, size_t count)
{
	const struct seccomp_data data = { .nr = 5, .args = { 0x10 } };
	struct sock_filter program[16];
	struct seccomp_trace trace = { 0 };

	memcpy(program, instructions, count * sizeof(*program));
	program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	assert_int_equal(seccomp_program_fault(program, count), -1);
	return seccomp_interpret(program, count, &data, &trace);
}

#define RUN(...)                                         \
	run((const struct sock_filter[]){ __VA_ARGS__ }, \
	    sizeof((const struct sock_filter[]){ __VA_ARGS__ }) / sizeof(struct sock_filter))

static void every_instruction_is_run(void **state)
{
	static const struct {
		uint16_t operation;
		uint32_t result; /* of 0x10 and 3 */
	} calculations[] = { { BPF_ADD, 0x13 }, { BPF_SUB, 0xd },  { BPF_MUL, 0x30 },
			     { BPF_DIV, 5 },	{ BPF_OR, 0x13 },  { BPF_AND, 0 },
			     { BPF_XOR, 0x13 }, { BPF_LSH, 0x80 }, { BPF_RSH, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calculations); i++) {
		const uint16_t operation = BPF_ALU | calculations[i].operation;

		assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_IMM, 0x10), BPF_STMT(operation | BPF_K, 3)),
				 calculations[i].result);
		assert_int_equal(RUN(BPF_STMT(BPF_LDX | BPF_IMM, 3), BPF_STMT(BPF_LD | BPF_IMM, 0x10),
				     BPF_STMT(operation | BPF_X, 0)),
				 calculations[i].result);
	}
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_NEG, 0)), UINT32_MAX);
	/* By 0 the program ends, with 0. */
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
			     BPF_STMT(BPF_LD | BPF_IMM, 8)),
			 0);
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)), 64);
	assert_int_equal(RUN(BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0)), 64);
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_IMM, 9), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_IMM, 1),
			     BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_STX, 4),
			     BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_LD | BPF_MEM, 4),
			     BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0)),
			 10);
	assert_int_equal(RUN(BPF_STMT(BPF_LDX | BPF_IMM, 5), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
			     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0), BPF_STMT(BPF_RET | BPF_K, 1),
			     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
			     BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10, 0, 1), BPF_STMT(BPF_LD | BPF_IMM, 77)),
			 77);
}

/* A program that only its own constants give away. */
static void conditions_of_a_program_are_looked_for(void **state)
{
	struct sock_filter backdoor[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xdeadbeef, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD),
	};
	const struct oci_seccomp profile = { .default_action = OCI_SECCOMP_KILL };
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_proof proof =
		prove_one(&arena, &profile, (struct sock_fprog){ ARRAY_SIZE(backdoor), backdoor });

	(void)state;
	assert_int_equal(proof.verdict, SECCOMP_LOOSER);
	assert_true(proof.difference.arguments[3] >> 32 == 0xdeadbeef);
	assert_true((proof.difference.arguments[5] & 0x40) != 0);
	backdoor[4].k = SECCOMP_RET_KILL_THREAD;
	proof = prove_one(&arena, &profile, (struct sock_fprog){ ARRAY_SIZE(backdoor), backdoor });
	assert_int_equal(proof.verdict, SECCOMP_AGREES);
}

/* One that a hostile container loads, so that it takes forever to look through. */
static void what_takes_too_long_is_given_up(void **state)
{
	const struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW };
	struct sock_filter slow[2001];
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_proof proof;

	(void)state;
	for (uint32_t i = 0; i < 2000; i += 2) {
		slow[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16 + i % 40);
		slow[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i * 5, 0, 0);
	}
	slow[2000] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	for (uint32_t i = 0; i < 2000; i += 2)
		slow[i].k -= slow[i].k % 4;
	proof = prove_one(&arena, &profile, (struct sock_fprog){ ARRAY_SIZE(slow), slow });
	assert_int_equal(proof.verdict, SECCOMP_TOO_LARGE);
}

/* One that returns at once: then it takes long to ask the profiles as often. */
static void what_has_to_be_asked_too_often_is_given_up(void **state)
{
	const struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW };
	struct sock_filter quick[2003] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct oci_seccomp *const profiles[] = { &profile, &profile, &profile, &profile };
	_cleanup_arena_ struct arena arena = { 0 };
	struct sock_fprog program;
	struct seccomp_proof proof;
	struct error error;

	(void)state;
	for (uint32_t i = 3; i < ARRAY_SIZE(quick) - 1; i++)
		quick[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i * 3 + 1000, 0, 0);
	quick[ARRAY_SIZE(quick) - 1] = quick[2];
	program = (struct sock_fprog){ ARRAY_SIZE(quick), quick };
	assert_int_equal(seccomp_prove(&arena, profiles, ARRAY_SIZE(profiles), &program, 1, &proof, &error), 0);
	assert_int_equal(proof.verdict, SECCOMP_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_profiles_agree),
		cmocka_unit_test(shipped_profiles_and_guards_agree),
		cmocka_unit_test(random_profiles_agree),
		cmocka_unit_test(profiles_of_other_hosts_agree),
		cmocka_unit_test(what_libseccomp_gets_wrong_is_mended),
		cmocka_unit_test(what_libseccomp_does_not_end_is_not_asked_of_it),
		cmocka_unit_test(changed_instructions_are_found),
#ifdef __x86_64__
		cmocka_unit_test(what_differs_is_named),
		cmocka_unit_test(the_most_severe_of_several_counts),
		cmocka_unit_test(rules_may_contradict_each_other),
#endif
		cmocka_unit_test(what_the_kernel_refuses_cannot_be_judged),
		cmocka_unit_test(every_instruction_is_run),
		cmocka_unit_test(conditions_of_a_program_are_looked_for),
		cmocka_unit_test(what_takes_too_long_is_given_up),
		cmocka_unit_test(what_has_to_be_asked_too_often_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
