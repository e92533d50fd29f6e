/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules in v2: a BPF program that the kernel asks at each mknod and open of a device.
 *
 * The program gets struct bpf_cgroup_dev_ctx in register 1 and answers 1 (allow) or 0 in register 0. It takes
 * the context apart, then compares it with one exception after another:
 *
 *	r2 = type, r3 = access asked for, r4 = major, r5 = minor
 *	if r2 != TYPE goto next
 *	...
 *	r0 = !DEFAULT; exit
 * next:
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "cgroup/internal.h"

#define LOG_SIZE 65536
#define ATTACHED_MAX 64
#define INSTRUCTIONS_PER_EXCEPTION 8 /* at most */
#define INSTRUCTIONS_AROUND 9

static void emit(struct bpf_program *program, uint8_t code, uint8_t to, uint8_t from, int16_t offset,
		 int32_t value)
{
	program->items[program->count++] = (struct bpf_insn){
		.code = code,
		.dst_reg = to & 0xf,
		.src_reg = from & 0xf,
		.off = offset,
		.imm = value,
	};
}

static void emit_load(struct bpf_program *program, uint8_t to, size_t member)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, (int16_t)member, 0);
}

static void emit_return(struct bpf_program *program, bool allow)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The jump's target, the next exception, is not known yet: see patch(). 32 bits wide: a minor may be 2^32-1. */
static void emit_unless_equal(struct bpf_program *program, uint8_t reg, uint32_t value)
{
	emit(program, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

static void patch(struct bpf_program *program, size_t first)
{
	for (size_t i = first; i < program->count; i++)
		if (BPF_CLASS(program->items[i].code) == BPF_JMP32)
			program->items[i].off = (int16_t)(program->count - i - 1);
}

/*
 * Where the default is to deny, an exception must allow everything that is asked for; where it is to allow, one
 * that denies any of it is enough.
 */
static void emit_exception(struct bpf_program *program, const struct device_exception *exception,
			   bool allow_default)
{
	size_t first = program->count;

	emit_unless_equal(program, BPF_REG_2,
			  exception->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (exception->access != DEVICE_ACCESS_ALL) {
		uint32_t mask = allow_default ? exception->access : DEVICE_ACCESS_ALL & ~exception->access;

		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
		emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, (int32_t)mask);
		emit(program, BPF_JMP32 | (allow_default ? BPF_JEQ : BPF_JNE) | BPF_K, BPF_REG_1, 0, 0, 0);
	}
	if (exception->major != DEVICE_ANY)
		emit_unless_equal(program, BPF_REG_4, (uint32_t)exception->major);
	if (exception->minor != DEVICE_ANY)
		emit_unless_equal(program, BPF_REG_5, (uint32_t)exception->minor);
	emit_return(program, !allow_default);
	patch(program, first);
}

void devices_bpf_assemble(struct arena *arena, const struct device_state *state, struct bpf_program *program)
{
	program->items = ARENA_NEW_ARRAY(arena, struct bpf_insn,
					 state->count * INSTRUCTIONS_PER_EXCEPTION + INSTRUCTIONS_AROUND);
	program->count = 0;
	/* access_type holds the access in its upper half and the type in its lower one. */
	emit_load(program, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit_load(program, BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(program, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit_load(program, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < state->count; i++)
		emit_exception(program, &state->exceptions[i], state->allow);
	emit_return(program, state->allow);
}

static int sys_bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int load(const struct bpf_program *program, char *log, uint32_t log_size)
{
	static const char license[] = "Apache";
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)program->items,
		.insn_cnt = (uint32_t)program->count,
		.license = (uint64_t)(uintptr_t)license,
		.log_buf = (uint64_t)(uintptr_t)log,
		.log_size = log_size,
		.log_level = log ? 1 : 0,
	};

	return sys_bpf(BPF_PROG_LOAD, &attributes);
}

/* Before 5.11 programs counted as locked memory, and the default limit of that is small. */
static int load_with_more_memory(const struct bpf_program *program)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit before;
	int number;
	int fd;

	if (getrlimit(RLIMIT_MEMLOCK, &before) < 0 || setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0) {
		errno = EPERM;
		return -1;
	}
	fd = load(program, NULL, 0);
	number = errno;
	setrlimit(RLIMIT_MEMLOCK, &before);
	errno = number;
	return fd;
}

static int load_or_explain(struct arena *arena, const struct bpf_program *program, struct error *error)
{
	int fd = load(program, NULL, 0);
	int number;
	char *log;

	if (fd < 0 && errno == EPERM)
		fd = load_with_more_memory(program);
	if (fd >= 0)
		return fd;
	number = errno;
	log = arena_alloc(arena, LOG_SIZE);
	fd = load(program, log, LOG_SIZE);
	if (fd >= 0)
		return fd;
	if (*log)
		log_debug("bpf verifier: %s", log);
	return error_set(error, number, "load the device program of %zu instructions", program->count);
}

static int attach(int group, int program)
{
	union bpf_attr attributes = {
		.target_fd = (uint32_t)group,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	return sys_bpf(BPF_PROG_ATTACH, &attributes);
}

/* The ids of the programs attached to the group itself. */
static int query(int group, uint32_t ids[ATTACHED_MAX], uint32_t *count)
{
	union bpf_attr attributes = { 0 };

	attributes.query.target_fd = (uint32_t)group;
	attributes.query.attach_type = BPF_CGROUP_DEVICE;
	attributes.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attributes.query.prog_cnt = ATTACHED_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attributes) < 0)
		return -1;
	*count = attributes.query.prog_cnt;
	return 0;
}

static int detach(int group, uint32_t id)
{
	union bpf_attr open = { .prog_id = id };
	union bpf_attr attributes = { .target_fd = (uint32_t)group, .attach_type = BPF_CGROUP_DEVICE };
	_cleanup_fd_ int program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &open);

	if (program < 0)
		return errno == ENOENT ? 0 : -1;
	attributes.attach_bpf_fd = (uint32_t)program;
	return sys_bpf(BPF_PROG_DETACH, &attributes);
}

int devices_bpf_set(struct cgroup_group *group, const struct device_state *state, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct bpf_program program;
	uint32_t before[ATTACHED_MAX];
	uint32_t before_count = 0;
	_cleanup_fd_ int directory = -1;
	_cleanup_fd_ int fd = -1;

	directory = cgroup_directory_open(group->directory, O_RDONLY); /* bpf(2) does not take O_PATH */
	if (directory < 0)
		return error_set(error, errno, "open %s", group->directory);
	devices_bpf_assemble(&arena, state, &program);
	fd = load_or_explain(&arena, &program, error);
	if (fd < 0)
		return -1;
	/* All programs of a group must agree: one that was left there by someone could only take away. */
	if (group->taken_over && query(directory, before, &before_count) < 0)
		return error_set(error, errno, "list the device programs of %s", group->directory);
	if (attach(directory, fd) < 0)
		return error_set(error, errno, "attach the device program to %s", group->directory);
	for (uint32_t i = 0; i < before_count; i++)
		if (detach(directory, before[i]) < 0)
			return error_set(error, errno, "detach an old device program from %s",
					 group->directory);
	return 0;
}

/* The tag is a hash of the instructions: the kernel's name for what a program does. 0, or -1 with errno. */
static int read_tag(int program, uint8_t tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attributes = {
		.info = {
			.bpf_fd = (uint32_t)program,
			.info_len = sizeof(info),
			.info = (uint64_t)(uintptr_t)&info,
		},
	};

	if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes) < 0)
		return -1;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return 0;
}

static bool has_tag(uint32_t id, const uint8_t wanted[BPF_TAG_SIZE])
{
	union bpf_attr open = { .prog_id = id };
	_cleanup_fd_ int program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &open);
	uint8_t tag[BPF_TAG_SIZE];

	return program >= 0 && read_tag(program, tag) == 0 && memcmp(tag, wanted, BPF_TAG_SIZE) == 0;
}

int devices_bpf_check(struct cgroup_group *group, const struct device_state *state, const char **found)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_fd_ int directory = cgroup_directory_open(group->directory, O_RDONLY);
	_cleanup_fd_ int planned = -1;
	struct bpf_program program;
	uint32_t attached[ATTACHED_MAX];
	uint8_t tag[BPF_TAG_SIZE];
	uint32_t count = 0;
	struct error ignored;

	devices_bpf_assemble(&arena, state, &program);
	planned = load_or_explain(&arena, &program, &ignored);
	*found = "the device programs cannot be looked at";
	if (directory < 0 || planned < 0 || read_tag(planned, tag) < 0 ||
	    query(directory, attached, &count) < 0)
		return 0;
	/* All programs of a group must agree: others could only take away. */
	for (uint32_t i = 0; i < count; i++) {
		if (has_tag(attached[i], tag)) {
			*found = "as planned";
			return 1;
		}
	}
	*found = count ? "another device program" : "no device program";
	return 0;
}
