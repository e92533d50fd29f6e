/* SPDX-License-Identifier: Apache-2.0 */
/* A pseudo-terminal of the container's own. Source: pts(4), ioctl_tty(2). */
#pragma once

#include "base/error.h"
#include "spec/config.h"

struct console {
	int master;
	int slave;
	int number; /* of /dev/pts/N */
};

/*
 * Opens a new pty of the devpts at /dev/pts below @root. That it is the kernel's multiplexer of a devpts is
 * checked, and the slave comes from the master itself (TIOCGPTPEER), not from a name. Without @size it is as
 * large as the terminal on the caller's standard input or output, if there is one. @relayed: the runtime copies what
 * it says, and no carriage return is added to newlines. Who takes it over gets it as the kernel makes it: engines'
 * clients show its bytes on a terminal that translates nothing.
 */
int console_open(int root, const struct oci_console_size *size, bool relayed, struct console *console,
		 struct error *error);

/* Makes the pty the controlling terminal of this session leader, owned by @uid, and its stdio. */
int console_attach(int slave, uint32_t uid, struct error *error);
