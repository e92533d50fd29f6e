/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "command.h"

struct spec_options {
	const char *bundle;
	bool rootless;
};

static const struct option options[] = {
	OPTION_TEXT_ENTRY(struct spec_options, bundle, "bundle", 'b', "DIR",
			  "where to write it (default: the working directory)"),
	OPTION_BOOL_ENTRY(struct spec_options, rootless, "rootless", 0,
			  "for a container that an ordinary user runs"),
	{ 0 },
};

static int write_new(int directory, const char *name, const char *bytes, size_t length, struct error *error)
{
	_cleanup_fd_ int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int number;

	if (fd < 0 && errno == EEXIST)
		return error_set(error, 0, "File %s exists. Remove it first", name);
	if (fd < 0)
		return error_set(error, errno, "open %s", name);
	if (fd_write_all(fd, bytes, length) < 0) {
		number = errno;
		unlinkat(directory, name, 0);
		return error_set(error, number, "write %s", name);
	}
	return 0;
}

static int spec(struct context *context, void *values, _unused_ const struct arguments *arguments)
{
	const struct spec_options *spec = values;
	const char *bundle = spec->bundle && *spec->bundle ? spec->bundle : ".";
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .indent = 4 };
	_cleanup_fd_ int directory = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return error_set(&context->error, errno, "chdir %s", bundle);
	config_print(&writer, config_template(context->arena, spec->rootless));
	strbuf_putc(&text, '\n');
	return write_new(directory, "config.json", text.text, text.length, &context->error);
}

const struct command command_spec = {
	.name = "spec",
	.summary = "write a config.json to start from",
	.usage = "",
	.description =
		"   Writes config.json into the bundle: a container that runs \"sh\" from ./rootfs. A file of\n"
		"   that name is not replaced.",
	.options = options,
	.values_size = sizeof(struct spec_options),
	.run = spec,
};
