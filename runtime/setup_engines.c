/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/policy.h"
#include "setup.h"

/* docker: daemon.json ------------------------------------------------------------------------------------ */

static struct json_value text_value(const char *text)
{
	return (struct json_value){ .type = JSON_STRING, .string = text };
}

static struct json_value *find(struct json_value *object, const char *name)
{
	for (size_t i = 0; i < object->object.count; i++)
		if (!strcmp(object->object.items[i].name, name))
			return &object->object.items[i].value;
	return NULL;
}

/* Sets member @name, at the end where it is new. */
static struct json_value *set(struct arena *arena, struct json_value *object, const char *name,
			      struct json_value value)
{
	struct json_value *there = find(object, name);
	struct json_member *items;

	if (there) {
		*there = value;
		return there;
	}
	items = ARENA_NEW_ARRAY(arena, struct json_member, object->object.count + 1);
	if (object->object.count)
		memcpy(items, object->object.items, object->object.count * sizeof(*items));
	items[object->object.count] = (struct json_member){ name, value };
	object->object.items = items;
	return &items[object->object.count++].value;
}

static void take_out(struct json_value *object, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < object->object.count; i++)
		if (strcmp(object->object.items[i].name, name) != 0)
			object->object.items[kept++] = object->object.items[i];
	object->object.count = kept;
}

static struct json_value runtime_value(struct arena *arena, const struct setup_values *setup,
				       const struct setup_change *change)
{
	struct json_value runtime = { .type = JSON_OBJECT };
	struct json_value *arguments;

	set(arena, &runtime, "path", text_value(change->program));
	if (!setup->policy)
		return runtime;
	arguments = set(arena, &runtime, "runtimeArgs", (struct json_value){ .type = JSON_ARRAY });
	arguments->array.items = ARENA_NEW_ARRAY(arena, struct json_value, 2);
	arguments->array.items[arguments->array.count++] = text_value("--policy");
	arguments->array.items[arguments->array.count++] = text_value(setup->policy);
	return runtime;
}

static bool is_text(const struct json_value *value, const char *text)
{
	return value && value->type == JSON_STRING && !strcmp(value->string, text);
}

/* The default before this program came, as far as it is one still. NULL: Docker's own. */
static const struct json_value *earlier_default(struct arena *arena, const struct setup_change *change,
						struct json_value *daemon)
{
	struct json_value *runtimes = find(daemon, "runtimes");
	const struct json_value *earlier;
	struct json_value *first;
	struct error ignored;

	if (!change->first ||
	    json_parse(arena, change->file, change->first, strlen(change->first), &first, &ignored) < 0 ||
	    first->type != JSON_OBJECT)
		return NULL;
	earlier = find(first, "default-runtime");
	if (!earlier || earlier->type != JSON_STRING)
		return NULL;
	return is_text(earlier, "runc") || (runtimes && find(runtimes, earlier->string)) ? earlier : NULL;
}

static void undo_default(struct arena *arena, const struct setup_change *change, struct json_value *daemon)
{
	const struct json_value *earlier = earlier_default(arena, change, daemon);

	if (earlier)
		set(arena, daemon, "default-runtime", *earlier);
	else
		take_out(daemon, "default-runtime");
}

static void change_daemon(struct arena *arena, const struct setup_values *setup,
			  const struct setup_change *change, struct json_value *daemon)
{
	struct json_value *runtimes = find(daemon, "runtimes");

	if (setup->undo) {
		if (runtimes)
			take_out(runtimes, setup->name);
		if (runtimes && runtimes->object.count == 0)
			take_out(daemon, "runtimes");
		if (is_text(find(daemon, "default-runtime"), setup->name))
			undo_default(arena, change, daemon);
		return;
	}
	if (!runtimes)
		runtimes = set(arena, daemon, "runtimes", (struct json_value){ .type = JSON_OBJECT });
	set(arena, runtimes, setup->name, runtime_value(arena, setup, change));
	if (setup->make_default)
		set(arena, daemon, "default-runtime", text_value(setup->name));
}

static const char *document_text(struct arena *arena, const struct json_value *document)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .indent = 4 };

	json_value(&writer, document);
	strbuf_putc(&text, '\n');
	return arena_strdup(arena, strbuf_text(&text));
}

static int change_docker(struct arena *arena, const struct setup_values *setup, struct setup_change *change,
			 struct error *error)
{
	struct json_value empty = { .type = JSON_OBJECT };
	struct json_value *daemon = &empty;
	const struct json_value *runtimes;
	const char *before;

	if (change->old && change->old[strspn(change->old, " \t\r\n")] &&
	    json_parse(arena, change->file, change->old, strlen(change->old), &daemon, error) < 0)
		return -1;
	runtimes = daemon->type == JSON_OBJECT ? find(daemon, "runtimes") : NULL;
	if (daemon->type != JSON_OBJECT || (runtimes && runtimes->type != JSON_OBJECT))
		return error_set(error, 0, "%s: expected an object, with an object of runtimes", change->file);
	before = document_text(arena, daemon);
	change_daemon(arena, setup, change, daemon);
	change->new = document_text(arena, daemon);
	/* How it is written is the owner's matter as long as nothing else changes. */
	if (!strcmp(before, change->new))
		change->new = change->old;
	else if (setup->undo && daemon->object.count == 0 && !change->was_there)
		change->new = NULL;
	return 0;
}

/* podman: a file of one's own ---------------------------------------------------------------------------- */

#define MARK "# Written by casemate setup; casemate setup --undo removes it.\n"

static int change_podman(struct arena *arena, const struct setup_values *setup, struct setup_change *change,
			 struct error *error)
{
	if (change->old && strncmp(change->old, MARK, strlen(MARK)) != 0)
		return error_set(error, 0, "%s was not written by casemate setup; name another --file",
				 change->file);
	if (setup->policy)
		return error_set(error, 0,
				 "Podman has no place for a runtime's options; set defaultPolicy in "
				 "/etc/casemate/casemate.json, or use podman --runtime-flag policy=%s",
				 setup->policy);
	if (setup->undo)
		return 0;
	/* Podman hands its log file to runtimes of these names only. */
	change->new =
		arena_printf(arena,
			     MARK "[engine]\n"
				  "%s%s%s"
				  "runtime_supports_json = [\"%s\", \"crun\", \"runc\", \"kata\", \"runsc\", "
				  "\"youki\", \"krun\"]\n"
				  "\n"
				  "[engine.runtimes]\n"
				  "%s = [\"%s\"]\n",
			     setup->make_default ? "runtime = \"" : "", setup->make_default ? setup->name : "",
			     setup->make_default ? "\"\n" : "", setup->name, setup->name, change->program);
	return 0;
}

/* containerd: a block of config.toml --------------------------------------------------------------------- */

#define BLOCK_BEGIN "# begin casemate setup\n"
#define BLOCK_END "# end casemate setup\n"

/* The text without the block of an earlier setup. */
static const char *without_block(struct arena *arena, const char *text)
{
	const char *begin = strstr(text, BLOCK_BEGIN);
	const char *end = begin ? strstr(begin, BLOCK_END) : NULL;

	if (!end)
		return text;
	return arena_printf(arena, "%.*s%s", (int)(begin - text), text, end + strlen(BLOCK_END));
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/* The number behind "version =" at the start of a line in front of the first table; 0: there is none. */
static int config_version(const char *text)
{
	for (const char *line = text; *line && *line != '['; line = next_line(line)) {
		const char *value = line + strspn(line, " \t");

		if (strncmp(value, "version", 7) != 0)
			continue;
		value += 7;
		value += strspn(value, " \t=");
		return *value >= '0' && *value <= '9' ? *value - '0' : 0;
	}
	return 0;
}

/* Whether a line of @text begins a table with @part in its name. */
static bool has_table(const char *text, const char *part)
{
	for (const char *line = text; *line; line = next_line(line)) {
		const char *name = line + strspn(line, " \t");

		if (*name == '[' && memmem(name, strcspn(name, "\n"), part, strlen(part)))
			return true;
	}
	return false;
}

/* What stands behind @key in a line of @text that is no comment, and the "=": NULL where none has it. */
static const char *value_of(const char *text, const char *key)
{
	for (const char *line = text; *line; line = next_line(line)) {
		const char *word = line + strspn(line, " \t");
		const char *found = *word == '#' ? NULL : memmem(word, strcspn(word, "\n"), key, strlen(key));

		if (found)
			return found + strlen(key) + strspn(found + strlen(key), " \t=");
	}
	return NULL;
}

/* Whether a runtime of the file leaves its cgroups to systemd: then the kubelet's parents are slices, for all of them. */
static bool uses_systemd(const char *text)
{
	for (const char *value = value_of(text, "SystemdCgroup"); value;
	     value = value_of(value, "SystemdCgroup"))
		if (!strncmp(value, "true", strlen("true")))
			return true;
	return false;
}

/* Whether runtimes are written as keys of a table and not as tables, beside which ours cannot stand. */
static bool has_runtimes_as_keys(const char *text)
{
	for (const char *line = text; *line; line = next_line(line)) {
		const char *word = line + strspn(line, " \t");

		if (!strncmp(word, "runtimes", strlen("runtimes")) && strchr(" \t.=", word[strlen("runtimes")]))
			return true;
	}
	return false;
}

/*
 * The runtimes that a file names take the place of the one that containerd knows by itself, and without its default one
 * its Kubernetes plugin does not load. So that one is named where the file has named none so far.
 */
static const char *own_runtime(struct arena *arena, const char *rest, const char *plugin, const char *name)
{
	if (has_table(rest, ".containerd.runtimes.") || !strcmp(name, "runc"))
		return "";
	return arena_printf(arena,
			    "[plugins.%s.containerd.runtimes.runc]\n"
			    "  runtime_type = \"io.containerd.runc.v2\"\n",
			    plugin);
}

static int change_containerd(struct arena *arena, const struct setup_values *setup, struct setup_change *change,
			     struct error *error)
{
	const char *rest = without_block(arena, change->old ? change->old : "");
	bool is_new = !rest[strspn(rest, " \t\r\n")];
	int version = is_new ? 2 : config_version(rest);
	const char *plugin = version == 2 ? "\"io.containerd.grpc.v1.cri\"" : "'io.containerd.cri.v1.runtime'";
	const char *table;

	if (setup->policy)
		return error_set(error, 0,
				 "containerd has no place for a runtime's options; set defaultPolicy in "
				 "/etc/casemate/casemate.json, or use the annotation " POLICY_ANNOTATION);
	if (setup->make_default)
		return error_set(
			error, 0,
			"--default: set default_runtime_name = \"%s\" in [plugins.%s.containerd] by hand",
			setup->name, plugin);
	if (setup->undo) {
		change->new = is_new && !change->was_there ? NULL : rest;
		return 0;
	}
	if (version != 2 && version != 3)
		return error_set(error, 0,
				 "%s: expected version 2 or 3; containerd config migrate writes such a one",
				 change->file);
	table = arena_printf(arena, "[plugins.%s.containerd.runtimes.%s]", plugin, setup->name);
	if (has_runtimes_as_keys(rest))
		return error_set(error, 0, "%s has its runtimes as keys, not as tables: add %s there by hand",
				 change->file, setup->name);
	if (has_table(rest, arena_printf(arena, ".containerd.runtimes.%s]", setup->name)))
		return error_set(error, 0, "%s has %s already; remove it, or choose another --name",
				 change->file, table);
	change->new = arena_printf(arena,
				   "%s%s" BLOCK_BEGIN "%s%s%s\n"
				   "  runtime_type = \"io.containerd.runc.v2\"\n"
				   "  pod_annotations = [\"" POLICY_ANNOTATION "\"]\n"
				   "  [plugins.%s.containerd.runtimes.%s.options]\n"
				   "    BinaryName = \"%s\"\n%s" BLOCK_END,
				   is_new ? "" : rest, is_new || rest[strlen(rest) - 1] == '\n' ? "" : "\n",
				   is_new ? "version = 2\n" : "", own_runtime(arena, rest, plugin, setup->name),
				   table, plugin, setup->name, change->program,
				   uses_systemd(rest) ? "    SystemdCgroup = true\n" : "");
	return 0;
}

static const struct setup_engine engines[] = {
	{ "docker", "/etc/docker/daemon.json", "Restart Docker (systemctl restart docker) for it to hold.",
	  change_docker },
	{ "podman", "/etc/containers/containers.conf.d/casemate.conf",
	  "Nothing has to be restarted: podman reads it each time.", change_podman },
	{ "containerd", "/etc/containerd/config.toml",
	  "Restart containerd (systemctl restart containerd) for it to hold; Kubernetes uses it by a RuntimeClass.",
	  change_containerd },
};

const struct setup_engine *setup_find_engine(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].name, name))
			return &engines[i];
	return NULL;
}
