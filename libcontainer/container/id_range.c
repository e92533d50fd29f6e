/* SPDX-License-Identifier: Apache-2.0 */
#include "container/id_range.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"

#define RANGE_SIZE 65536U /* what images expect: nobody is 65534 */

struct pool {
	uint32_t first_uid;
	uint32_t first_gid;
	uint32_t ranges;
};

/* "name:first:count". Whether the line is @name's and can be read. subuid(5) */
static bool read_line(char *line, const char *name, uint32_t *first, uint32_t *count)
{
	const char *owner = strsep(&line, ":"), *from = strsep(&line, ":"), *number = line;

	return from && number && !strcmp(owner, name) && !parse_u32(from, first) && !parse_u32(number, count);
}

static bool find_line(struct arena *arena, const char *text, const char *name, uint32_t *first, uint32_t *count)
{
	char *rest = arena_strdup(arena, text);

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (read_line(line, name, first, count))
			return true;
	return false;
}

/* The range of subordinate ids of the first of the names that both files have. */
static bool read_subordinate(struct arena *arena, struct pool *pool)
{
	static const char *const names[] = { "casemate", "containers" };
	uint32_t uids, gids;
	char *uid_text, *gid_text;
	size_t length;

	if (file_read_at(arena, AT_FDCWD, "/etc/subuid", FILE_SIZE_MAX, &uid_text, &length) < 0 ||
	    file_read_at(arena, AT_FDCWD, "/etc/subgid", FILE_SIZE_MAX, &gid_text, &length) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!find_line(arena, uid_text, names[i], &pool->first_uid, &uids) ||
		    !find_line(arena, gid_text, names[i], &pool->first_gid, &gids))
			continue;
		pool->ranges = (uids < gids ? uids : gids) / RANGE_SIZE;
		return true;
	}
	return false;
}

static int find_pool(struct arena *arena, const struct policy_site *site, struct pool *pool,
		     const char **reason)
{
	if (site->id_count > 0)
		*pool = (struct pool){ site->first_id, site->first_id, site->id_count / RANGE_SIZE };
	else if (!read_subordinate(arena, pool)) {
		*reason = "no range of ids is set aside for containers (userns in " POLICY_SITE_DIRECTORY
			  "/casemate.json, or casemate or containers in /etc/subuid and /etc/subgid)";
		return -1;
	}
	/* The host's own users must not be among them. */
	if (pool->first_uid == 0 || pool->first_gid == 0 || pool->ranges == 0) {
		*reason = "the range of ids set aside for containers is smaller than 65536, or has root's";
		return -1;
	}
	return 0;
}

static int take(struct arena *arena, const struct pool *pool, const char *id, struct slot *slot,
		struct error *error)
{
	_cleanup_store_ struct store store = { .fd = -1 };

	if (store_open_machine(arena, &store, error) < 0)
		return -1;
	return slot_take(&store, STORE_ID_RANGES, id, pool->ranges, slot, error);
}

int id_range_offer(struct arena *arena, const struct policy_site *site, const char *id,
		   struct policy_remap *remap, struct slot *slot, struct error *error)
{
	struct pool pool = { 0 };
	int result = 0;

	*remap = (struct policy_remap){ 0 };
	if (find_pool(arena, site, &pool, &remap->reason) < 0)
		return 0;
	if (id)
		result = take(arena, &pool, id, slot, error);
	if (result < 0)
		return -1;
	if (result > 0) {
		remap->reason = "every range of ids that is set aside for containers is in use";
		return 0;
	}
	*remap = (struct policy_remap){
		.possible = true,
		.first_uid = pool.first_uid + slot->number * RANGE_SIZE,
		.first_gid = pool.first_gid + slot->number * RANGE_SIZE,
		.size = RANGE_SIZE,
	};
	return 0;
}
