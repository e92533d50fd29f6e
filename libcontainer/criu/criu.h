/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU, the program that checkpoints and restores processes, as a runtime uses it: "criu swrk 3" is started with one
 * end of a socket pair as descriptor 3 and gets one request; on the way it tells of its stages (notifications) and
 * waits for an answer to each; in the end it answers the request. Source: criu.org/RPC and rpc.proto of CRIU 3.17.
 *
 * The messages are written and read here. libcriu 3.17 would do that, but knows neither lazy pages, the status
 * descriptor nor empty namespaces, hides what kind of request failed, and is one more library in every start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

/* The versions that matter, as 10000 * major + 100 * minor + sublevel. */
#define CRIU_VERSION_MIN 30000 /* answers what its version is */
#define CRIU_VERSION_EXTERNAL_NETWORK 31100
#define CRIU_VERSION_FREEZER_V2 31400
#define CRIU_VERSION_STATUS_READY 31500 /* and external pid namespaces */
#define CRIU_VERSION_LSM_PROFILE 31600

/* enum criu_req_type */
enum criu_type {
	CRIU_EMPTY = 0,
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_NOTIFY = 6,
	CRIU_FEATURE_CHECK = 9,
	CRIU_VERSION = 10,
};

/* enum criu_cg_mode, as --manage-cgroups-mode names them. */
enum criu_cgroup_mode {
	CRIU_CGROUPS_IGNORE = 0,
	CRIU_CGROUPS_SOFT = 3,
	CRIU_CGROUPS_FULL = 4,
	CRIU_CGROUPS_STRICT = 5,
	CRIU_CGROUPS_DEFAULT = 6,
};

struct criu_pair {
	const char *key;
	const char *value;
};

struct criu_pair_list {
	struct criu_pair *items;
	size_t count;
	size_t capacity;
};

/* Appends; what the strings point to has to outlive the list. */
void criu_pair_add(struct arena *arena, struct criu_pair_list *list, const char *key, const char *value);

/* A descriptor that CRIU has, for what was known as @key when the image was made. */
struct criu_inherited {
	const char *key;
	int fd;
};
#define CRIU_INHERITED_MAX 8

/* message criu_opts; what is zero or NULL is left out, descriptors where they are negative. */
struct criu_options {
	int images_dir_fd; /* descriptors of CRIU's own, see struct criu_setup */
	int work_dir_fd; /* where logs go */
	pid_t pid; /* dump: the first process */
	const char *log_file;
	const char *root;
	const char *parent_img; /* relative to the images */
	const char *config_file;
	const char *freeze_cgroup;
	const char *lsm_profile;
	const char *lsm_mount_context;
	const char *page_server_address;
	uint16_t page_server_port;
	int status_fd;
	uint32_t empty_ns; /* CLONE_NEW* */
	enum criu_cgroup_mode manage_cgroups_mode;
	bool leave_running;
	bool ext_unix_sk;
	bool tcp_established;
	bool tcp_skip_in_flight;
	bool evasive_devices;
	bool shell_job;
	bool file_locks;
	bool link_remap;
	bool track_mem;
	bool auto_dedup;
	bool rst_sibling; /* the restored process becomes this process's child */
	bool lazy_pages;
	struct criu_pair_list external_mounts; /* dump: mount point to name; restore: name to source */
	struct criu_pair_list
		cgroup_roots; /* restore: controllers to the path the container's groups are put at */
	struct criu_pair_list joined_namespaces; /* restore: kind to path */
	const char *external[CRIU_INHERITED_MAX]; /* dump: "net[INODE]:KEY" */
	struct criu_inherited inherited[CRIU_INHERITED_MAX]; /* restore */
	size_t external_count;
	size_t inherited_count;
};

struct criu_features {
	bool mem_track;
	bool lazy_pages;
};

/* message criu_resp, read. */
struct criu_response {
	enum criu_type type;
	bool success;
	int error_number; /* cr_errno */
	pid_t pid; /* of a restored process, or of the one a notification is about; 0: none */
	int version;
	struct criu_features features;
	char script[32]; /* the notification: "post-dump", "orphan-pts-master", … */
};

/* request.c: appends a request of @type; @options or @features may be NULL. */
void criu_request(struct strbuf *out, enum criu_type type, const struct criu_options *options,
		  const struct criu_features *features);
/* The answer to a notification. */
void criu_acknowledge(struct strbuf *out, bool success);
/* Reads an answer of CRIU's. 0, or -1: it is none. */
int criu_response(const char *bytes, size_t length, struct criu_response *response);
/* "DUMP", "RESTORE", … as runc's messages have it. */
const char *criu_type_name(enum criu_type type);

/* A CRIU that was started. */
struct criu {
	pid_t pid; /* 0: none */
	int socket;
};
#define CRIU_NONE ((struct criu){ .socket = -1 })

/* The first of the descriptors that CRIU gets; below are the standard streams and the socket. */
#define CRIU_FIRST_FD 4

struct criu_setup {
	const char *program; /* a path, or NULL: "criu" of $PATH */
	bool keep_streams; /* it gets this process's standard streams (restore), else the null device */
	const int *fds; /* become CRIU_FIRST_FD and on */
	size_t fd_count;
	int (*prepare)(void *context, struct error *error); /* runs in CRIU's process first; may be NULL */
	void *context;
};

/* Starts CRIU. 0, or -1 (`exec: "criu": executable file not found in $PATH`). */
int criu_start(const struct criu_setup *setup, struct criu *criu, struct error *error);

/*
 * What CRIU tells of on its way; @fd is -1, or a descriptor that came along and belongs to the callee. 0, or -1: CRIU
 * gives up and undoes what it did.
 */
typedef int (*criu_notify)(void *context, const struct criu_response *notification, int fd,
			   struct error *error);

/*
 * Sends @request of @type and serves CRIU until it has answered; *status_fd (may be NULL) is closed with its first
 * word, by when it has one of its own. 0, or -1: the error of @notify, or "criu failed: type TYPE errno NUMBER".
 */
#define CRIU_FAILED "criu failed: "
int criu_talk(struct criu *criu, enum criu_type type, const struct strbuf *request, criu_notify notify,
	      void *context, int *status_fd, struct criu_response *response, struct error *error);

/* Lets CRIU end, and waits for it. Its exit status; 0 where there is none. */
int criu_finish(struct criu *criu);

/* Asks @program for its version. 0, or -1 ("CRIU version check failed: …"), also where it is too old. */
int criu_version(const char *program, int *version, struct error *error);

/* Makes sure that CRIU and this kernel have what is set in @wanted. 0, or -1 ("criu is missing features: …"). */
int criu_check_features(const char *program, const struct criu_features *wanted, struct error *error);

/*
 * The first error in CRIU's log @name, without its time: one that CRIU goes on after only where there is no other; NULL
 * where none is found.
 */
const char *criu_log_error(struct arena *arena, int directory, const char *name);
