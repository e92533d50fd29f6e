/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.systemd.property.NAME: what an engine may say about the unit. Whoever can set annotations could otherwise set
 * any property of it, and with that let the host's systemd do what it likes (CVE-2024-3154).
 */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "cgroup/systemd.h"

#define PREFIX "org.systemd.property."
#define LIST_MAX 64

/* They are about the unit itself: its end, its order among others, its text. */
static const struct {
	const char *name;
	char type; /* as of D-Bus; 'l' a list of strings, 'S' seconds that become microseconds under …USec */
	unsigned int since;
} known[] = {
	{ "After", 'l', 0 },
	{ "Before", 'l', 0 },
	{ "CollectMode", 's', 236 },
	{ "DefaultDependencies", 'b', 0 },
	{ "Description", 's', 0 },
	{ "KillMode", 's', 0 },
	{ "KillSignal", 'i', 0 },
	{ "ManagedOOMMemoryPressure", 's', 247 },
	{ "ManagedOOMMemoryPressureLimit", 'u', 247 },
	{ "ManagedOOMPreference", 's', 248 },
	{ "ManagedOOMSwap", 's', 247 },
	{ "OOMPolicy", 's', 253 },
	{ "RuntimeMaxUSec", 't', 244 },
	{ "RuntimeMaxSec", 'S', 244 },
	{ "SendSIGHUP", 'b', 0 },
	{ "SendSIGKILL", 'b', 0 },
	{ "TimeoutStopUSec", 't', 0 },
	{ "TimeoutStopSec", 'S', 0 },
};

/* Behind a type, "uint64 5", stands the value. */
static const char *skip_type(const char *text, const char *type)
{
	size_t length = strlen(type);

	return strncmp(text, type, length) == 0 && text[length] == ' '
		       ? text + length + strspn(text + length, " ")
		       : text;
}

/* 'text' or "text"; *rest is what stands behind it. NULL: it is no string. */
static const char *read_string(struct arena *arena, const char *text, const char **rest)
{
	char quote = text[0];
	char *string;
	size_t length = 0;

	if (quote != '\'' && quote != '"')
		return NULL;
	string = arena_strdup(arena, text);
	for (text++; *text && *text != quote; text++) {
		if (*text == '\\' && (text[1] == '\\' || text[1] == '\'' || text[1] == '"'))
			text++;
		else if (*text == '\\')
			return NULL;
		string[length++] = *text;
	}
	string[length] = '\0';
	*rest = text + 1;
	return *text ? string : NULL;
}

static bool write_string(struct json_writer *writer, struct arena *arena, const char *text)
{
	const char *rest = NULL;
	const char *string = read_string(arena, text, &rest);

	if (!string || *rest)
		return false;
	json_string(writer, string);
	return true;
}

/* ['a', 'b'], also behind "@as" */
static bool write_list(struct json_writer *writer, struct arena *arena, const char *text)
{
	text = skip_type(text, "@as");
	if (*text++ != '[')
		return false;
	json_begin_array(writer);
	for (unsigned int i = 0; i < LIST_MAX; i++) {
		const char *string;

		text += strspn(text, " ");
		if (*text == ']')
			break;
		if (i > 0 && *text++ != ',')
			return false;
		text += strspn(text, " ");
		string = read_string(arena, text, &text);
		if (!string)
			return false;
		json_string(writer, string);
	}
	json_end_array(writer);
	return strcmp(text, "]") == 0;
}

static bool write_number(struct json_writer *writer, char type, const char *text)
{
	uint64_t natural;
	int64_t number;

	text = skip_type(text, type == 't' ? "uint64" : type == 'u' ? "uint32" : "int32");
	if (type == 'i') {
		if (parse_i64(text, INT32_MIN, INT32_MAX, &number) < 0)
			return false;
		json_i64(writer, number);
		return true;
	}
	if (parse_u64(text, 0, type == 'u' ? UINT32_MAX : UINT64_MAX, &natural) < 0)
		return false;
	json_u64(writer, natural);
	return true;
}

/* "7", "7.5", "uint64 7", "double 7.5" */
static bool write_seconds(struct json_writer *writer, const char *text)
{
	char *end;
	double seconds;

	text = skip_type(skip_type(skip_type(text, "double"), "uint64"), "int32");
	if (!*text || text[strspn(text, "0123456789.")])
		return false;
	seconds = strtod(text, &end);
	if (*end || !(seconds >= 0 && seconds <= 1e12))
		return false;
	json_u64(writer, (uint64_t)llround(seconds * 1e6));
	return true;
}

static bool write_value(struct json_writer *writer, struct arena *arena, char type, const char *text)
{
	switch (type) {
	case 's': return write_string(writer, arena, text);
	case 'l': return write_list(writer, arena, text);
	case 'S': return write_seconds(writer, text);
	case 'b':
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return false;
		json_bool(writer, *text == 't');
		return true;
	default: return write_number(writer, type, text);
	}
}

static const char *type_text(char type)
{
	switch (type) {
	case 'b': return "b";
	case 'i': return "i";
	case 'l': return "as";
	case 's': return "s";
	case 'u': return "u";
	default: return "t";
	}
}

static int one(struct json_writer *writer, const char *key, const char *text, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *name = key + strlen(PREFIX);
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		if (known[i].type == 'S')
			name = arena_printf(&arena, "%.*sUSec", (int)length - 3, name);
		property_begin(writer, name, type_text(known[i].type), known[i].since);
		if (!write_value(writer, &arena, known[i].type, text))
			return error_set(
				error, 0,
				"annotation %s: \"%s\" is no value of GVariant's type %s, as this property has",
				key, text, type_text(known[i].type));
		property_end(writer);
		return 0;
	}
	return error_set(error, 0, "annotation %s: a container may not set this property of its systemd unit",
			 key);
}

int systemd_annotations(struct json_writer *writer, const struct string_map *annotations, struct error *error)
{
	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const char *key = annotations->items[i].key;

		if (strncmp(key, PREFIX, strlen(PREFIX)) == 0 &&
		    one(writer, key, annotations->items[i].value, error) < 0)
			return -1;
	}
	return 0;
}
