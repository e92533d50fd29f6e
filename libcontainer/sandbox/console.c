/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

#define PTMX_MAJOR 5 /* TTYAUX_MAJOR, Documentation/admin-guide/devices.txt */
#define PTMX_MINOR 2

static int check_ptmx(int fd, struct error *error)
{
	struct statfs filesystem;
	struct stat status;

	if (fstat(fd, &status) < 0 || fstatfs(fd, &filesystem) < 0)
		return error_set(error, errno, "look at /dev/pts/ptmx");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR) ||
	    filesystem.f_type != DEVPTS_SUPER_MAGIC)
		return error_set(error, 0, "/dev/pts/ptmx in the container is not that of a devpts");
	return 0;
}

/*
 * As runc has it: a newline of the program arrives as it is, without a carriage return before it. If the runtime shows
 * it on a terminal, that one puts it there (foreground.c); into a file it goes as the program wrote it.
 */
static int keep_newlines(int slave)
{
	struct termios settings;

	if (tcgetattr(slave, &settings) < 0)
		return -1;
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(slave, TCSANOW, &settings);
}

/* As configured, or as the caller's terminal has it: the program may ask before anybody relays a byte. */
static int set_size(int slave, const struct oci_console_size *size)
{
	struct winsize window = { 0 };

	if (size) {
		window.ws_row = (unsigned short)(size->height > USHRT_MAX ? USHRT_MAX : size->height);
		window.ws_col = (unsigned short)(size->width > USHRT_MAX ? USHRT_MAX : size->width);
	} else if (ioctl(STDIN_FILENO, TIOCGWINSZ, &window) < 0 &&
		   ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) < 0) {
		return 0;
	}
	return ioctl(slave, TIOCSWINSZ, &window);
}

int console_open(int root, const struct oci_console_size *size, bool relayed, struct console *console,
		 struct error *error)
{
	_cleanup_fd_ int master = path_open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW);
	_cleanup_fd_ int slave = -1;
	int unlock = 0;

	if (master < 0)
		return error_set(error, errno, "open /dev/pts/ptmx in the container");
	if (check_ptmx(master, error) < 0)
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &console->number) < 0)
		return error_set(error, errno, "unlock the pty");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return error_set(error, errno, "open the pty's slave");
	if (relayed && keep_newlines(slave) < 0)
		return error_set(error, errno, "set the console up");
	if (set_size(slave, size) < 0)
		return error_set(error, errno, "set the console's size");
	console->master = TAKE_FD(master);
	console->slave = TAKE_FD(slave);
	return 0;
}

int console_attach(int slave, uint32_t uid, struct error *error)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return error_set(error, errno, "make the pty the controlling terminal");
	/* The pty was made by this process a moment ago, and fchown(2) acts on just that. */
	if (fchown(slave, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL)
		return error_set(error, errno, "give the pty to uid %u", uid);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(slave, fd) < 0)
			return error_set(error, errno, "make the pty standard input and output");
	return 0;
}
