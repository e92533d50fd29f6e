/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled filters on disk.
 *
 * A file is a header, the instructions, and the key: everything the filter depends on. The hash in its name
 * only finds it; the key itself is compared. Whoever can write a file here decides what containers may do, so
 * the directory and the file must be the caller's own and writable by no one else; anything else is passed
 * over as if it were not there. A hit takes six system calls and does not touch libseccomp.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "seccomp/profile.h"

/* Grows with every change of the files, of the prelude, of the tables behind it, and of the proof. */
#define CACHE_FORMAT 5U
#define KEY_MAX ((size_t)256 * 1024)
#define ENTRIES_MAX 64

struct cache_header {
	char magic[8];
	uint32_t format;
	uint32_t instruction_count;
	uint32_t load_flags;
	uint32_t has_listener;
	uint64_t key_length;
	uint64_t checksum; /* of what follows: a file that was not written to its end by a crash */
};

static const char magic[8] = "secfilt";

static uint64_t mix(uint64_t state, uint64_t word)
{
	state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return state ^ state >> 29;
}

/* Eight bytes at a time: it has to be quick, and it only finds and detects; what counts is compared in full. */
static uint64_t hash(uint64_t state, const char *bytes, size_t length)
{
	uint64_t word;

	for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		state = mix(state, word);
	}
	word = 0;
	memcpy(&word, bytes, length);
	return mix(state, word);
}

static void add_number(struct strbuf *key, uint64_t number)
{
	strbuf_add(key, (const char *)&number, sizeof(number));
}

static void add_optional(struct strbuf *key, const struct optional_u32 *number)
{
	add_number(key, number->present);
	add_number(key, number->present ? number->value : 0);
}

/* With their NULs, which no string has inside: two lists never look the same. */
static void add_strings(struct strbuf *key, const struct string_list *list)
{
	add_number(key, list->count);
	for (size_t i = 0; i < list->count; i++)
		strbuf_add(key, list->items[i], strlen(list->items[i]) + 1);
}

static void add_rule(struct strbuf *key, const struct oci_syscall *rule)
{
	add_strings(key, &rule->names);
	add_number(key, rule->action);
	add_optional(key, &rule->errno_ret);
	add_number(key, rule->args.count);
	for (size_t i = 0; i < rule->args.count; i++) {
		add_number(key, rule->args.items[i].index);
		add_number(key, rule->args.items[i].value);
		add_number(key, rule->args.items[i].value_two);
		add_number(key, rule->args.items[i].op);
	}
}

void seccomp_cache_key(struct strbuf *key, const struct oci_seccomp *profile)
{
	const struct scmp_version *library = seccomp_version();

	add_number(key, sizeof(void *));
	add_number(key, (uint64_t)library->major << 32 | library->minor << 16 | library->micro);
	add_number(key, profile->default_action);
	add_optional(key, &profile->default_errno_ret);
	add_strings(key, &profile->architectures);
	/* No list is another thing than an empty one. */
	add_number(key, profile->flags.items != NULL);
	if (profile->flags.items)
		add_strings(key, &profile->flags);
	add_number(key, profile->syscalls.count);
	for (size_t i = 0; i < profile->syscalls.count; i++)
		add_rule(key, &profile->syscalls.items[i]);
}

struct cache_name {
	char text[40];
};

static struct cache_name cache_name(const struct strbuf *key)
{
	struct cache_name name;

	snprintf(name.text, sizeof(name.text), "seccomp-%016llx",
		 (unsigned long long)hash(CACHE_FORMAT, key->text, key->length));
	return name;
}

static bool is_ours(const struct stat *status, uid_t owner, mode_t type)
{
	return (status->st_mode & S_IFMT) == type && status->st_uid == owner &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Whether the directory can be trusted; *owner becomes the caller. */
static bool directory_is_ours(int cache, uid_t *owner)
{
	struct stat status;

	*owner = geteuid();
	return fstat(cache, &status) == 0 && is_ours(&status, *owner, S_IFDIR);
}

/* Whether @bytes is a whole entry for @key. */
static bool entry_matches(const char *bytes, size_t length, const struct strbuf *key)
{
	const struct cache_header *header = (const struct cache_header *)bytes;
	size_t program;

	if (length < sizeof(*header) || memcmp(header->magic, magic, sizeof(magic)) != 0 ||
	    header->format != CACHE_FORMAT || header->instruction_count > BPF_MAXINSNS ||
	    header->key_length != key->length)
		return false;
	program = header->instruction_count * sizeof(struct sock_filter);
	return length == sizeof(*header) + program + key->length &&
	       memcmp(bytes + sizeof(*header) + program, key->text, key->length) == 0 &&
	       header->checksum == hash(0, bytes + sizeof(*header), length - sizeof(*header));
}

bool seccomp_cache_read(struct arena *arena, int cache, const struct strbuf *key, struct seccomp_filter *filter)
{
	struct cache_name name = cache_name(key);
	const struct cache_header *header;
	_cleanup_fd_ int fd = -1;
	struct stat status;
	uid_t owner;
	char *bytes;

	if (key->length > KEY_MAX || !directory_is_ours(cache, &owner))
		return false;
	fd = openat(cache, name.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0 || !is_ours(&status, owner, S_IFREG) || status.st_nlink != 1 ||
	    status.st_size < (off_t)sizeof(*header) ||
	    (size_t)status.st_size > sizeof(*header) + BPF_MAXINSNS * sizeof(struct sock_filter) + KEY_MAX)
		return false;
	bytes = arena_alloc(arena, (size_t)status.st_size);
	if (read(fd, bytes, (size_t)status.st_size) != status.st_size ||
	    !entry_matches(bytes, (size_t)status.st_size, key))
		return false;
	header = (const struct cache_header *)bytes;
	/* The rest was worked out from the profile just now: it cannot differ in an entry that we wrote. */
	if (header->load_flags != filter->load_flags || header->has_listener != filter->has_listener)
		return false;
	filter->instructions = (struct sock_filter *)(bytes + sizeof(*header));
	filter->count = (unsigned short)header->instruction_count;
	return true;
}

static bool is_entry(const char *name)
{
	/* Also what a crash has left half written: file_write_atomic_at() puts a dot in front. */
	return strncmp(name, "seccomp-", 8) == 0 || strncmp(name, ".seccomp-", 9) == 0;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec < b->st_mtim.tv_sec ||
	       (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

/* Makes room for one more entry: the oldest goes. Returns whether there is room. */
static bool make_room(int cache)
{
	_cleanup_dir_ DIR *directory = NULL;
	char oldest[256] = "";
	struct stat oldest_status = { 0 };
	struct dirent *entry;
	size_t count = 0;
	int fd = openat(cache, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	directory = fd >= 0 ? fdopendir(fd) : NULL;
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(directory))) {
		struct stat status;

		if (!is_entry(entry->d_name) || fstatat(cache, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count++;
		if (!*oldest || is_older(&status, &oldest_status)) {
			snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
			oldest_status = status;
		}
	}
	return count < ENTRIES_MAX || unlinkat(cache, oldest, 0) == 0;
}

void seccomp_cache_write(int cache, const struct strbuf *key, const struct seccomp_filter *filter)
{
	_cleanup_strbuf_ struct strbuf file = { 0 };
	size_t program = filter->count * sizeof(*filter->instructions);
	struct cache_header header = {
		.format = CACHE_FORMAT,
		.instruction_count = filter->count,
		.load_flags = filter->load_flags,
		.has_listener = filter->has_listener,
		.key_length = key->length,
	};
	uid_t owner;

	if (key->length > KEY_MAX || !directory_is_ours(cache, &owner) || !make_room(cache))
		return;
	memcpy(header.magic, magic, sizeof(magic));
	strbuf_add(&file, (const char *)&header, sizeof(header));
	strbuf_add(&file, (const char *)filter->instructions, program);
	strbuf_add(&file, key->text, key->length);
	header.checksum = hash(0, file.text + sizeof(header), file.length - sizeof(header));
	memcpy(file.text, &header, sizeof(header));
	/* A cache that cannot be written costs time, nothing else. */
	(void)file_write_atomic_at(cache, cache_name(key).text, file.text, file.length, S_IRUSR | S_IWUSR);
}
