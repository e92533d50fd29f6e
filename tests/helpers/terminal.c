/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command on a terminal of its own, as a user at a keyboard would.
 *
 *   terminal ROWS COLUMNS [--resize ROWS COLUMNS] [--type TEXT] [--hangup] -- COMMAND [ARGUMENT...]
 *
 * All the terminal shows goes to standard output. When it has shown the word "ready", the window is resized and
 * TEXT (with \n, \x03 and the like) typed, or the terminal closed. Ends with the command's exit status; at the end
 * it prints whether the terminal's settings are what they were ("settings restored" or "settings changed").
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct plan {
	struct winsize size;
	struct winsize resized;
	const char *text;
	bool hangup;
};

static void type(int master, const char *text)
{
	for (; *text; text++) {
		char character = *text;

		if (character == '\\' && text[1] == 'n') {
			character = '\n';
			text++;
		} else if (character == '\\' && text[1] == 'x') {
			char digits[3] = { text[2], text[3], '\0' };

			character = (char)strtol(digits, NULL, 16);
			text += 3;
		}
		if (write(master, &character, 1) != 1)
			return;
	}
}

static pid_t start(const struct plan *plan, int *master, char **command)
{
	pid_t pid;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) || unlockpt(*master) || ioctl(*master, TIOCSWINSZ, &plan->size)) {
		perror("terminal");
		exit(1);
	}
	pid = fork();
	if (!pid) {
		int slave = open(ptsname(*master), O_RDWR | O_NOCTTY);

		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		if (slave > 2)
			close(slave);
		execvp(command[0], command);
		_exit(127);
	}
	return pid;
}

/* The slave is held open by us too, so the end is told by the child, not by a hang-up. */
static int watch(const struct plan *plan, int master, pid_t pid)
{
	static char seen[1 << 20];
	size_t length = 0;
	bool acted = false;
	int status = 0;

	for (;;) {
		struct pollfd polled = { .fd = master, .events = POLLIN };
		int ready = poll(&polled, 1, 50);

		if (ready > 0) {
			ssize_t got = read(master, seen + length, sizeof(seen) - length - 1);

			if (got <= 0)
				break;
			if (write(1, seen + length, (size_t)got) != got)
				return 1;
			length += (size_t)got;
			seen[length] = '\0';
		} else if (waitpid(pid, &status, WNOHANG) == pid) {
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if (acted || !strstr(seen, "ready"))
			continue;
		acted = true;
		if (plan->hangup) {
			close(master);
			break;
		}
		if (plan->resized.ws_row)
			ioctl(master, TIOCSWINSZ, &plan->resized);
		if (plan->text)
			type(master, plan->text);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct plan plan = { 0 };
	struct termios before, after;
	int master, slave, result;
	int i = 3;
	pid_t pid;

	if (argc < 5)
		return 2;
	plan.size = (struct winsize){ .ws_row = (unsigned short)atoi(argv[1]),
				      .ws_col = (unsigned short)atoi(argv[2]) };
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "--resize") && i + 2 < argc) {
			plan.resized.ws_row = (unsigned short)atoi(argv[++i]);
			plan.resized.ws_col = (unsigned short)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--type") && i + 1 < argc) {
			plan.text = argv[++i];
		} else if (!strcmp(argv[i], "--hangup")) {
			plan.hangup = true;
		}
	}
	if (i + 1 >= argc)
		return 2;
	pid = start(&plan, &master, argv + i + 1);
	slave = plan.hangup ? -1 : open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave >= 0)
		tcgetattr(slave, &before);
	result = watch(&plan, master, pid);
	if (slave >= 0 && !tcgetattr(slave, &after)) {
		bool same = before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag &&
			    before.c_lflag == after.c_lflag && before.c_cflag == after.c_cflag;

		printf("settings %s\n", same ? "restored" : "changed");
	}
	return result;
}
