/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that `restore` has in the table of create.c in place of making a process. */
#pragma once

#include "cgroup/membership.h"
#include "container/create.h"
#include "container/images.h"

struct restoration {
	const struct restore_options *options;
	struct images images;
	struct criu_options criu;
	int version; /* of CRIU */
	int fds[IMAGES_FDS + CRIU_INHERITED_MAX]; /* for CRIU: the images, then namespaces that are joined */
	size_t fd_count;
	size_t filters; /* of seccomp, that each restored thread has at least */
	pid_t criu_pid;
	struct cgroup_memberships groups; /* of CRIU, as it begins: the container's */
	bool finished; /* what CRIU does not put back has been done */
};

/* Opens the images and asks for CRIU's version: nothing is created. 0, or -1. */
int restore_images(struct creation *creation, struct error *error);

/* Lets CRIU make the processes and the mounts. 0, or -1 with none of them left. */
int restore_process(struct creation *creation, struct error *error);
