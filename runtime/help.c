/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "command.h"

#define SHORT_NAME_WIDTH 4 /* of "-b, " */

static const struct option help_option = { "help", 'h', OPTION_BOOL, 0, NULL, "show this help" };

/* "--bundle DIR" */
static size_t option_width(const struct option *option)
{
	return 2 + strlen(option->name) + (option->value ? 1 + strlen(option->value) : 0);
}

static void option_line(struct strbuf *out, const struct option *option, size_t width)
{
	if (option->short_name)
		strbuf_printf(out, "   -%c, ", option->short_name);
	else
		strbuf_printf(out, "   %*s", SHORT_NAME_WIDTH, "");
	strbuf_printf(out, "--%s%s%s%*s  %s\n", option->name, option->value ? " " : "",
		      option->value ? option->value : "", (int)(width - option_width(option)), "",
		      option->help);
}

static void option_lines(struct strbuf *out, const struct option *table)
{
	size_t width = option_width(&help_option);

	for (const struct option *option = table; option && option->name; option++) {
		if (option->help && option_width(option) > width)
			width = option_width(option);
	}
	for (const struct option *option = table; option && option->name; option++)
		if (option->help)
			option_line(out, option, width);
	option_line(out, &help_option, width);
}

void help_program(struct strbuf *out, const char *name, const struct command *const *commands,
		  const struct option *options)
{
	size_t width = 0;

	strbuf_printf(out,
		      "NAME:\n"
		      "   %s - Open Container Initiative runtime with a hardening floor\n\n"
		      "USAGE:\n"
		      "   %s [global options] COMMAND [options] [arguments]\n\n"
		      "COMMANDS:\n",
		      name, name);
	for (size_t i = 0; commands[i]; i++) {
		if (strlen(commands[i]->name) > width)
			width = strlen(commands[i]->name);
	}
	for (size_t i = 0; commands[i]; i++)
		strbuf_printf(out, "   %-*s  %s\n", (int)width, commands[i]->name, commands[i]->summary);
	strbuf_printf(out, "   %-*s  %s\n", (int)width, "help", "show the help of the program or of a command");
	strbuf_puts(out, "\nGLOBAL OPTIONS:\n");
	option_lines(out, options);
}

void help_command(struct strbuf *out, const char *name, const struct command *command)
{
	strbuf_printf(out,
		      "NAME:\n"
		      "   %s %s - %s\n\n"
		      "USAGE:\n"
		      "   %s %s [options]%s%s\n\n",
		      name, command->name, command->summary, name, command->name, *command->usage ? " " : "",
		      command->usage);
	if (command->description)
		strbuf_printf(out, "DESCRIPTION:\n%s\n\n", command->description);
	strbuf_puts(out, "OPTIONS:\n");
	option_lines(out, command->options);
}
