/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <string.h>

#include "base/number.h"

#define BELOW_STATUS 2 /* the score is too low: another thing than a failure of the command */

struct audit_values {
	const char *format;
	const char *min_score;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct audit_values, format, "format", 'f', "text|json|sarif",
			    "what to print (default: text)"),
	OPTION_STRING_ENTRY(struct audit_values, min_score, "min-score", 0, "N",
			    "exit with 2 where the score is below N"),
	{ 0 },
};

static int audit(struct context *context, void *values, const struct arguments *arguments)
{
	static const struct {
		const char *name;
		void (*print)(struct context *context, const struct audit *audit);
	} formats[] = { { "text", audit_print_text },
			{ "json", audit_print_json },
			{ "sarif", audit_print_sarif } };
	const struct audit_values *given = values;
	struct audit result;
	uint64_t least = 0;
	size_t format = 0;

	while (given->format && format < ARRAY_SIZE(formats) &&
	       strcmp(given->format, formats[format].name) != 0)
		format++;
	if (format == ARRAY_SIZE(formats))
		return error_set(&context->error, 0, "invalid format option");
	if (given->min_score && parse_u64(given->min_score, 0, AUDIT_SCORE_MAX, &least) < 0)
		return error_set(&context->error, 0,
				 "--min-score: found \"%s\", expected a number from 0 to %d", given->min_score,
				 AUDIT_SCORE_MAX);
	if (container_audit(context->arena, &context->runtime, arguments->count ? arguments->items[0] : ".",
			    &result, &context->error) < 0)
		return -1;
	formats[format].print(context, &result);
	return result.score < least ? BELOW_STATUS : 0;
}

const struct command command_audit = {
	.name = "audit",
	.summary = "score how hard a container is, and say what is missing",
	.usage = "[BUNDLE|ID|-]",
	.description =
		"   Judges a bundle (default: the working directory) under the policies that would hold, a container,\n"
		"   or an OCI configuration from standard input (-), the last as it is unless --policy is given.\n"
		"   Docker's default configuration scores 6, the policy terminal 8, web at least 9.",
	.options = options,
	.values_size = sizeof(struct audit_values),
	.max_arguments = 1,
	.run = audit,
};
