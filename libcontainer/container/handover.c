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

static int connect_to(const char *option, const char *path, int *connection, struct error *error)
{
	if (!path)
		return 0;
	*connection = fd_connect_unix(path);
	if (*connection < 0)
		return error_set(error, errno, "%s: connect to %s", option, path);
	return 0;
}

int handover_open(struct handover *handover, const char *console_socket, const char *pidfd_socket, bool detach,
		  bool terminal, struct error *error)
{
	/* The words are runc's, whatever the program is called: users and scripts know them. */
	if (detach && terminal && !console_socket)
		return error_set(error, 0,
				 "cannot allocate tty if runc will detach without setting console socket");
	if ((!detach || !terminal) && console_socket)
		return error_set(error, 0, "cannot use console socket if runc will not detach or allocate tty");
	if (connect_to("--console-socket", console_socket, &handover->console, error) < 0)
		return -1;
	return connect_to("--pidfd-socket", pidfd_socket, &handover->pidfd, error);
}

void handover_close(struct handover *handover)
{
	fd_close(&handover->console);
	fd_close(&handover->pidfd);
	fd_close(&handover->master);
}

static int send_descriptor(int connection, const char *text, int fd, struct error *error)
{
	if (fd_send(connection, text, strlen(text), &fd, 1) < 0)
		return error_set(error, errno, "send a descriptor over the socket");
	return 0;
}

int handover_console(struct handover *handover, int master, int number, struct error *error)
{
	_cleanup_fd_ int fd = master;
	char name[32];

	if (fd < 0)
		return error_set(error, EPROTO, "the console came without its descriptor");
	if (handover->console < 0) {
		handover->master = TAKE_FD(fd);
		return 0;
	}
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	return send_descriptor(handover->console, name, fd, error);
}

int handover_pidfd(const struct handover *handover, int pidfd, struct error *error)
{
	return handover->pidfd < 0 ? 0 : send_descriptor(handover->pidfd, "pidfd", pidfd, error);
}

int handover_listener(struct arena *arena, const struct oci_seccomp *seccomp, const struct saved_state *state,
		      pid_t pid, int listener, struct error *error)
{
	_cleanup_fd_ int connection = fd_connect_unix(seccomp->listener_path);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	if (connection < 0)
		return error_set(error, errno,
				 "failed to connect with seccomp agent specified in the seccomp profile: %s",
				 seccomp->listener_path);
	json_begin_object(&writer);
	json_member_string(&writer, "ociVersion", state->oci_version);
	json_key(&writer, "fds");
	json_begin_array(&writer);
	json_string(&writer, "seccompFd");
	json_end_array(&writer);
	json_member_i64(&writer, "pid", pid);
	if (seccomp->listener_metadata) {
		json_member_string(&writer, "metadata", seccomp->listener_metadata);
	}
	json_key(&writer, "state");
	strbuf_puts(&text, state_for_hooks(arena, state, state->pid ? state->pid : pid,
					   state->pid && state->pid != pid ? "running" : "creating"));
	writer.after_key = false;
	json_end_object(&writer);
	return send_descriptor(connection, text.text, listener, error);
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

int handover_check_preserved(uint64_t count, struct error *error)
{
	/* A number that is no descriptor's would wrap around, to one below the standard streams. */
	for (uint64_t fd = 3; fd < 3 + count; fd++) {
		int flags = fd <= INT32_MAX ? fcntl((int)fd, F_GETFD) : -1;

		if (flags < 0 || (flags & FD_CLOEXEC))
			return error_set(error, ENOENT,
					 "please check that preserved-fd %ju (of %ju) is present",
					 (uintmax_t)(fd - 3), (uintmax_t)count);
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
