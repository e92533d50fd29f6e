/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a checkpoint, and what `checkpoint` and `restore` ask of CRIU in the same words. */
#pragma once

#include "criu/criu.h"
#include "libcontainer.h"

/* What runc writes there besides CRIU's images: what the first process's standard streams were. */
#define IMAGES_DESCRIPTORS "descriptors.json"

/* Keys that CRIU's images and both commands know things outside of the container by; runc's. */
#define IMAGES_NETWORK_KEY "extRootNetNS"
#define IMAGES_PID_KEY "extRootPidNS"
#define IMAGES_NULL_DEVICE "/dev/null"
#define IMAGES_NOTIFY "/run/notify"

struct images {
	const char *path;
	int fd;
	const char *work_path; /* where CRIU's log is */
	int work_fd; /* -1: the directory of the images */
};

/* The first of the descriptors that CRIU is started with are those two directories. */
#define IMAGES_FDS 2
void images_fds(const struct images *images, int fds[IMAGES_FDS]);

/* Opens both anew, for a process in another mount namespace. 0, or -1, also where they are not the same any more. */
int images_reopen(struct images *images, struct error *error);

/*
 * Whether nobody but root and the caller can change the images between what looks at them and CRIU: the directory and all
 * that is in there belong to them, and nobody else may write to it. 0, or -1.
 */
int images_check_owner(struct arena *arena, const struct images *images, struct error *error);

#define IMAGES_NONE ((struct images){ .fd = -1, .work_fd = -1 })

/* Opens the directories of @options, made where they are missing. 0, or -1. */
int images_open(struct arena *arena, const struct image_options *options, struct images *images,
		struct error *error);
void images_close(struct images *images);
#define _cleanup_images_ _cleanup_(images_close)

/* What both commands set of CRIU's options; @config has the annotation org.criu.config. 0, or -1. */
int images_options(const struct image_options *options, const struct oci_config *config,
		   struct criu_options *criu, struct error *error);

/* Where CRIU failed: puts in what its log says went wrong, and where that log is. Returns -1. */
int images_explain(struct arena *arena, const struct images *images, const char *log_file, struct error *error);
