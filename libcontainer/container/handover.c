/* SPDX-License-Identifier: Apache-2.0 */
#include "container/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"

int handover_connect(const char *option, const char *path, struct error *error)
{
	int fd = fd_connect_unix(path);

	if (fd < 0)
		return error_set(error, errno, "%s: connect to %s", option, path);
	return fd;
}

int handover_send(int connection, const char *text, int fd, struct error *error)
{
	if (fd_send(connection, text, strlen(text), &fd, 1) < 0)
		return error_set(error, errno, "send a descriptor over the socket");
	return 0;
}

int handover_listener(struct arena *arena, const struct oci_seccomp *seccomp, const struct saved_state *state,
		      pid_t pid, int listener, struct error *error)
{
	_cleanup_fd_ int connection = fd_connect_unix(seccomp->listener_path);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	if (connection < 0)
		return error_set(error, errno, "failed to connect with seccomp agent specified in the seccomp profile: %s",
				 seccomp->listener_path);
	json_begin_object(&writer);
	json_key(&writer, "ociVersion");
	json_string(&writer, state->oci_version);
	json_key(&writer, "fds");
	json_begin_array(&writer);
	json_string(&writer, "seccompFd");
	json_end_array(&writer);
	json_key(&writer, "pid");
	json_i64(&writer, pid);
	if (seccomp->listener_metadata) {
		json_key(&writer, "metadata");
		json_string(&writer, seccomp->listener_metadata);
	}
	json_key(&writer, "state");
	strbuf_puts(&text, state_for_hooks(arena, state, state->pid ? state->pid : pid,
					   state->pid && state->pid != pid ? "running" : "creating"));
	writer.after_key = false;
	json_end_object(&writer);
	return handover_send(connection, text.text, listener, error);
}

int handover_pid_file(struct arena *arena, const char *path, pid_t pid, struct error *error)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *directory = slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".";
	_cleanup_fd_ int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", pid);

	if (fd < 0 || file_write_atomic_at(fd, name, text, (size_t)length, 0644) < 0)
		return error_set(error, errno, "write pid file %s", path);
	return 0;
}

int handover_check_preserved(unsigned int count, struct error *error)
{
	for (unsigned int fd = 3; fd < 3 + count; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		if (flags < 0 || (flags & FD_CLOEXEC))
			return error_set(error, EBADF, "please check that preserved-fd %u (of %u) is present",
					 fd - 3, count);
	}
	return 0;
}

unsigned int handover_listen_fds(void)
{
	const char *count_text = getenv("LISTEN_FDS");
	const char *pid_text = getenv("LISTEN_PID");
	uint32_t count;
	uint32_t pid;

	if (!count_text || !pid_text || parse_u32(count_text, &count) < 0 || parse_u32(pid_text, &pid) < 0)
		return 0;
	return pid == (uint32_t)getpid() && count < 1024 ? count : 0;
}
