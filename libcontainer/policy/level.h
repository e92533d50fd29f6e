/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the policy room: values that are one word of a list, each stricter than the one before; or false or true. */
#pragma once

#include "policy/key.h"

struct level {
	unsigned int value; /* index into the words; or whether it is true */
	struct string_list names; /* who asked for it */
};

/* "off", "auto", "require", as enum demand numbers them. */
extern const char *const demand_words[];

/* @words: NULL-terminated, from the loosest to the strictest. 0, or -1. */
int level_read(struct policy_reading *reading, const char *path, const struct json_value *value,
	       const char *const *words, struct level *level);
/*
 * The same, for a key whose value is one such word; is true or false; or is an object whose one member, at @path
 * ("rootfs.readonly"), is (false where it is not there). Each gives a struct level, or NULL: what policy_key.read does.
 */
const void *level_read_word(struct policy_reading *reading, const char *key, const struct json_value *value,
			    const char *const *words);
const void *level_read_bool(struct policy_reading *reading, const char *key, const struct json_value *value);
const void *level_read_member(struct policy_reading *reading, const char *key, const char *path,
			      const struct json_value *value);
/* The stricter of both. */
struct level level_merge(struct arena *arena, const struct level *left, const struct level *right);
/* The same as policy_key.merge, for a key whose value is one such word. */
const void *level_merge_values(struct arena *arena, const void *left, const void *right);
