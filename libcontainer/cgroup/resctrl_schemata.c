/* SPDX-License-Identifier: Apache-2.0 */
/* Lines such as "L3:0=ff;1=c0": of a resource, each domain's share. */
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "cgroup/resctrl.h"

struct piece {
	const char *text;
	size_t length;
};

static struct piece trim(const char *text, size_t length)
{
	while (length > 0 && strchr(" \t", *text)) {
		text++;
		length--;
	}
	while (length > 0 && strchr(" \t", text[length - 1]))
		length--;
	return (struct piece){ text, length };
}

/* Takes what stands before the next of @ends off *rest; false where nothing is left. */
static bool take_piece(const char **rest, const char *ends, struct piece *piece)
{
	size_t length = strcspn(*rest, ends);

	if (!**rest)
		return false;
	*piece = trim(*rest, length);
	*rest += length + ((*rest)[length] != '\0');
	return true;
}

static bool is_same(struct piece left, struct piece right)
{
	return left.length == right.length && !strncasecmp(left.text, right.text, left.length);
}

/* "L3" of "L3:0=ff" */
static struct piece resource_of(struct piece line)
{
	const char *colon = memchr(line.text, ':', line.length);

	return trim(line.text, colon ? (size_t)(colon - line.text) : line.length);
}

static bool names_resource(const char *lines, struct piece resource)
{
	struct piece line;

	while (lines && take_piece(&lines, "\n", &line))
		if (line.length > 0 && is_same(resource_of(line), resource))
			return true;
	return false;
}

static bool is_replaced(struct piece line, const char *later, const struct string_list *schemata)
{
	if (names_resource(later, resource_of(line)))
		return true;
	for (size_t i = 0; i < schemata->count; i++)
		if (names_resource(schemata->items[i], resource_of(line)))
			return true;
	return false;
}

/* The kernel refuses a domain that comes twice, so a line that is replaced later is left out. */
static void add_lines(struct strbuf *text, const char *lines, const char *later,
		      const struct string_list *schemata)
{
	struct piece line;

	while (lines && take_piece(&lines, "\n", &line)) {
		if (line.length == 0 || is_replaced(line, later, schemata))
			continue;
		strbuf_add(text, line.text, line.length);
		strbuf_putc(text, '\n');
	}
}

const char *resctrl_schemata(struct arena *arena, const struct oci_intel_rdt *wanted)
{
	const struct string_list none = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };

	add_lines(&text, wanted->l3_cache_schema, wanted->mem_bw_schema, &wanted->schemata);
	add_lines(&text, wanted->mem_bw_schema, NULL, &wanted->schemata);
	for (size_t i = 0; i < wanted->schemata.count; i++)
		add_lines(&text, wanted->schemata.items[i], NULL, &none);
	return text.length ? arena_strdup(arena, text.text) : NULL;
}

/* The lines that none of @update replaces. */
static const char *lines_kept(struct arena *arena, const char *lines, const struct oci_intel_rdt *update)
{
	const struct string_list none = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_strbuf_ struct strbuf kept = { 0 };

	add_lines(&text, lines, update->l3_cache_schema, &none);
	add_lines(&kept, strbuf_text(&text), update->mem_bw_schema, &none);
	return kept.length ? arena_strdup(arena, kept.text) : NULL;
}

struct oci_intel_rdt *resctrl_merge(struct arena *arena, const struct oci_intel_rdt *current,
				    const struct oci_intel_rdt *update)
{
	struct oci_intel_rdt *merged = ARENA_NEW(arena, struct oci_intel_rdt);

	if (current)
		*merged = *current;
	if (update->l3_cache_schema)
		merged->l3_cache_schema = update->l3_cache_schema;
	if (update->mem_bw_schema)
		merged->mem_bw_schema = update->mem_bw_schema;
	merged->schemata = (struct string_list){ 0 };
	if (!current || current->schemata.count == 0)
		return merged;
	merged->schemata.items = ARENA_NEW_ARRAY(arena, const char *, current->schemata.count);
	for (size_t i = 0; i < current->schemata.count; i++) {
		const char *kept = lines_kept(arena, current->schemata.items[i], update);

		if (kept)
			merged->schemata.items[merged->schemata.count++] = kept;
	}
	return merged;
}

/* The kernel pads numbers with zeros or blanks. */
static struct piece without_zeros(struct piece number)
{
	while (number.length > 1 && *number.text == '0') {
		number.text++;
		number.length--;
	}
	return number;
}

static bool split_share(struct piece share, struct piece *domain, struct piece *value)
{
	const char *equals = memchr(share.text, '=', share.length);

	if (!equals)
		return false;
	*domain = without_zeros(trim(share.text, (size_t)(equals - share.text)));
	*value = without_zeros(trim(equals + 1, share.length - (size_t)(equals + 1 - share.text)));
	return true;
}

/* The shares of a line, behind the colon, up to the end of it. */
static bool next_share(struct piece line, const char **rest, struct piece *domain, struct piece *value)
{
	const char *end = line.text + line.length;
	struct piece share;

	while (*rest < end) {
		const char *semicolon = memchr(*rest, ';', (size_t)(end - *rest));
		size_t length = (size_t)((semicolon ? semicolon : end) - *rest);

		share = trim(*rest, length);
		*rest += length + 1;
		if (share.length > 0 && split_share(share, domain, value))
			return true;
	}
	return false;
}

static const char *first_share(struct piece line)
{
	const char *colon = memchr(line.text, ':', line.length);

	return colon ? colon + 1 : line.text;
}

static bool has_share(const char *present, struct piece resource, struct piece domain, struct piece value)
{
	struct piece line;

	while (take_piece(&present, "\n", &line)) {
		const char *rest = first_share(line);
		struct piece found_domain;
		struct piece found;

		if (!is_same(resource_of(line), resource))
			continue;
		while (next_share(line, &rest, &found_domain, &found))
			if (is_same(found_domain, domain))
				return is_same(found, value);
	}
	return false;
}

bool resctrl_schemata_has(const char *present, const char *wanted)
{
	struct piece line;

	while (take_piece(&wanted, "\n", &line)) {
		const char *rest = first_share(line);
		struct piece domain;
		struct piece value;

		while (next_share(line, &rest, &domain, &value))
			if (!has_share(present, resource_of(line), domain, value))
				return false;
	}
	return true;
}
