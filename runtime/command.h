/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line is a table of commands (main.c), one file each: parse, call libcontainer, print.
 */
#pragma once

#include "libcontainer.h"
#include "options.h"

/* What every command gets. */
struct context {
	const char *name; /* "casemate", or "runc" where it was called that */
	struct runtime runtime;
	struct arena *arena;
	struct strbuf out; /* for standard output; written by main.c once the command is done */
	struct error error;
};

struct command {
	const char *name;
	const char *summary; /* one line */
	const char *usage; /* the arguments, as usage lines show them */
	const char *description; /* paragraphs for --help; NULL where the summary says it all */
	const struct option *options; /* NULL: none */
	size_t values_size; /* of the structure the options are kept in */
	size_t min_arguments;
	size_t max_arguments;
	bool stop_at_argument; /* what follows the first argument is not ours: exec, ps */
	bool protect; /* puts a process near a container: runtime_protect() comes first */
	int failure_status; /* exit status of a failure; 0 stands for 1 */

	/*
	 * Returns the exit status, or -1 with context->error filled. @values holds the options, zero where they
	 * were not given; the number of arguments has been checked.
	 */
	int (*run)(struct context *context, void *values, const struct arguments *arguments);
};

extern const struct command command_audit;
extern const struct command command_checkpoint;
extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_explain;
extern const struct command command_features;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_lock;
extern const struct command command_pause;
extern const struct command command_policy;
extern const struct command command_ps;
extern const struct command command_restore;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_setup;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_unlock;
extern const struct command command_update;
extern const struct command command_verify;

/* The options create and run share, for their tables; kept in a struct create_options. */
#define CREATE_OPTIONS                                                                                   \
	OPTION_TEXT_ENTRY(struct create_options, bundle, "bundle", 'b', "DIR",                           \
			  "bundle directory (default: the working directory)"),                          \
		OPTION_TEXT_ENTRY(struct create_options, config, "config", 'f', "FILE",                  \
				  "configuration in the bundle (default: config.json)"),                 \
		OPTION_TEXT_ENTRY(struct create_options, console_socket, "console-socket", 0, "PATH",    \
				  "unix socket that receives the master end of the terminal"),           \
		OPTION_TEXT_ENTRY(struct create_options, pidfd_socket, "pidfd-socket", 0, "PATH",        \
				  "unix socket that receives a pidfd of the container's first process"), \
		OPTION_TEXT_ENTRY(struct create_options, pid_file, "pid-file", 0, "FILE",                \
				  "write the process id to FILE"),                                       \
		OPTION_BOOL_ENTRY(struct create_options, no_pivot, "no-pivot", 0,                        \
				  "do not use pivot_root(2); for a root filesystem on a ramdisk"),       \
		OPTION_BOOL_ENTRY(struct create_options, no_new_keyring, "no-new-keyring", 0,            \
				  "keep the caller's session keyring"),                                  \
		OPTION_UNSIGNED_ENTRY(struct create_options, preserve_fds, "preserve-fds", 0, "N",       \
				      "pass N more file descriptors, from 3 + $LISTEN_FDS on")

/* The options checkpoint and restore share; `structure` keeps them in its struct image_options `images`. */
#define IMAGE_OPTIONS(structure)                                                                              \
	OPTION_TEXT_ENTRY(structure, images.image_path, "image-path", 0, "DIR",                               \
			  "directory of CRIU's images (default: ./checkpoint)"),                              \
		OPTION_TEXT_ENTRY(structure, images.work_path, "work-path", 0, "DIR",                         \
				  "directory of CRIU's logs (default: that of the images)"),                  \
		OPTION_BOOL_ENTRY(structure, images.tcp_established, "tcp-established", 0,                    \
				  "allow established TCP connections"),                                       \
		OPTION_BOOL_ENTRY(structure, images.ext_unix_sk, "ext-unix-sk", 0,                            \
				  "allow unix sockets connected to the outside"),                             \
		OPTION_BOOL_ENTRY(structure, images.shell_job, "shell-job", 0,                                \
				  "allow a session or terminal of the outside"),                              \
		OPTION_BOOL_ENTRY(structure, images.file_locks, "file-locks", 0, "allow file locks"),         \
		OPTION_BOOL_ENTRY(structure, images.lazy_pages, "lazy-pages", 0,                              \
				  "bring memory back as it is used, with userfaultfd(2)"),                    \
		OPTION_TEXT_ENTRY(structure, images.manage_cgroups_mode, "manage-cgroups-mode", 0,            \
				  "soft|full|strict|ignore", "what CRIU does about cgroups (default: soft)"), \
		OPTION_LIST_ENTRY(structure, images.empty_ns, "empty-ns", 0, "network",                       \
				  "make this namespace without its contents"),                                \
		OPTION_BOOL_ENTRY(structure, images.auto_dedup, "auto-dedup", 0,                              \
				  "free what later images have again from those before")

/* help.c: the whole program's help, and one command's. */
void help_program(struct strbuf *out, const char *name, const struct command *const *commands,
		  const struct option *options);
void help_command(struct strbuf *out, const char *name, const struct command *command);

/* output.c: writes what was collected to standard output at once and empties it. 0, or -1. */
int output_flush(struct strbuf *out, struct error *error);

/*
 * output.c: the error as a line of the log, and on standard error too where the log is a file; just there where it is
 * bare.
 */
void output_error(struct error *error);

/* The value of a --format option; @format NULL is "table" or the like. -1: "invalid format option". */
enum output_format { FORMAT_TABLE, FORMAT_JSON };
int output_format(const char *format, enum output_format *result, struct error *error);
