/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of CPUs or memory nodes, "0-3,7", as the kernel's bit masks. */
#pragma once

#include <stddef.h>

#define NUMBER_SET_BITS 8192 /* the most CPUs a kernel can be built for; nodes are fewer */
#define NUMBER_SET_WORD (8 * sizeof(unsigned long))

struct number_set {
	unsigned long words[NUMBER_SET_BITS / (8 * sizeof(unsigned long))];
	size_t bytes; /* up to the highest number's word, in bytes; 0: empty */
};

/*
 * Numbers and ranges, separated by commas; blanks around them are passed over, as runc does. 0, or -1 (no list,
 * a range that runs backwards, a number that is too large).
 */
int number_set_parse(const char *list, struct number_set *set);

/* How many numbers are in it. */
size_t number_set_count(const struct number_set *set);
