/* SPDX-License-Identifier: Apache-2.0 */
/* The proof: which arguments a system call is tried with. */
#include <linux/audit.h>
#include <string.h>

#include "seccomp/comparison.h"

#define COMBINATIONS_MAX 8192U /* all of them up to here, else so many pairs, */
#define RULE_COMBINATIONS_MAX 2048U /* so many for each rule, */
#define SAMPLES 2048U /* and so many of the rest */

static void found_for_argument(void *context, size_t word, uint32_t mask, uint32_t constant, bool exactly)
{
	struct comparison *comparison = context;

	if (word <= SECCOMP_WORD_ARCHITECTURE)
		return;
	if (!exactly)
		leave_gap(comparison, "an argument is compared in a way that cannot be followed");
	seccomp_values_compared(comparison->arena, &comparison->words[word], mask, constant);
}

static size_t low_word(uint32_t index)
{
	return SECCOMP_WORD_ARGUMENTS + (size_t)index * 2 + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static size_t high_word(uint32_t index)
{
	return SECCOMP_WORD_ARGUMENTS + (size_t)index * 2 + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

static void add_condition(struct comparison *comparison, const struct oci_seccomp_arg *condition)
{
	struct seccomp_values *low = &comparison->words[low_word(condition->index)];
	struct seccomp_values *high = &comparison->words[high_word(condition->index)];
	uint64_t mask = UINT64_MAX;
	uint64_t value = condition->value;

	if (condition->op == OCI_SECCOMP_MASKED_EQ) {
		mask = condition->value;
		value = condition->value_two & mask;
	}
	seccomp_values_compared(comparison->arena, low, (uint32_t)mask, (uint32_t)value);
	seccomp_values_compared(comparison->arena, high, (uint32_t)(mask >> 32), (uint32_t)(value >> 32));
}

static void add_conditions(struct comparison *comparison, const struct seccomp_rule *rule)
{
	for (size_t i = 0; i < rule->condition_count; i++)
		add_condition(comparison, &rule->conditions[i]);
}

static void clear_words(struct comparison *comparison)
{
	for (size_t i = 0; i < SECCOMP_WORDS; i++)
		seccomp_values_clear(&comparison->words[i]);
}

/* Each word gets one value at least. */
static void settle_words(struct comparison *comparison, const struct seccomp_data *data)
{
	for (size_t i = 0; i < SECCOMP_WORDS; i++) {
		/* The kernel fills them with 0 where arguments have 32 bits. */
		bool is_high = i >= SECCOMP_WORD_ARGUMENTS &&
			       i == high_word((uint32_t)(i - SECCOMP_WORD_ARGUMENTS) / 2);

		if (is_high && (data->arch == AUDIT_ARCH_I386 || data->arch == AUDIT_ARCH_ARM))
			comparison->words[i].count = 0;
		seccomp_values_add(comparison->arena, &comparison->words[i], 0);
		seccomp_values_settle(&comparison->words[i]);
	}
}

/* The values that each half of an argument is tried with. */
static void find_words(struct comparison *comparison, const struct seccomp_data *data)
{
	clear_words(comparison);
	for (size_t i = 0; i < comparison->meaning_count; i++) {
		size_t count;
		const struct seccomp_rule *rules = seccomp_meaning_rules(comparison->meanings[i], data, &count);

		for (size_t j = 0; j < count; j++)
			add_conditions(comparison, &rules[j]);
	}
	for (size_t i = 0; i < comparison->program_count; i++) {
		seccomp_constants(comparison->programs[i].filter, comparison->programs[i].len, data,
				  WORDS_KNOWN, found_for_argument, comparison);
		comparison->steps += comparison->programs[i].len;
	}
	for (size_t i = SECCOMP_WORD_ARCHITECTURE + 1; i < SECCOMP_WORDS; i++)
		if (comparison->words[i].is_mixed)
			leave_gap(comparison, "different bits of the same argument are compared");
	settle_words(comparison, data);
}

static void set_word(struct seccomp_data *data, size_t word, uint32_t value)
{
	memcpy((char *)data + word * sizeof(value), &value, sizeof(value));
}

/* All combinations of the values of the words from @word on. */
static bool compare_all(struct comparison *comparison, struct seccomp_data *data, size_t word)
{
	uint32_t ignored = 0;

	if (word == SECCOMP_WORDS)
		return compare_call(comparison, data, &ignored);
	for (size_t i = 0; i < comparison->words[word].count; i++) {
		set_word(data, word, comparison->words[word].items[i]);
		if (!compare_all(comparison, data, word + 1))
			return false;
	}
	return true;
}

/* Each value of each word by itself, the others being as @base has them. */
static bool compare_each(struct comparison *comparison, const struct seccomp_data *base)
{
	uint32_t ignored = 0;

	for (size_t word = SECCOMP_WORD_ARCHITECTURE + 1; word < SECCOMP_WORDS; word++)
		for (size_t i = 0; i < comparison->words[word].count; i++) {
			struct seccomp_data data = *base;

			set_word(&data, word, comparison->words[word].items[i]);
			if (!compare_call(comparison, &data, &ignored))
				return false;
		}
	return true;
}

static bool have_common_factor(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a > 1;
}

/* Every @step-th pair of values of two words, or a few less: each value of both comes up. */
static bool compare_two(struct comparison *comparison, const struct seccomp_data *base, size_t first,
			size_t second, size_t step)
{
	const struct seccomp_values *a = &comparison->words[first];
	const struct seccomp_values *b = &comparison->words[second];
	uint32_t ignored = 0;

	while (have_common_factor(step, b->count))
		step++;

	for (size_t i = 0; i < a->count * b->count; i += step) {
		struct seccomp_data data = *base;

		set_word(&data, first, a->items[i / b->count]);
		set_word(&data, second, b->items[i % b->count]);
		if (!compare_call(comparison, &data, &ignored))
			return false;
	}
	return true;
}

/* Pairs of values of all pairs of words, about @most of them: each pair of words gets its share. */
static bool compare_pairs(struct comparison *comparison, const struct seccomp_data *base, size_t most)
{
	size_t pairs = 0;

	for (size_t first = SECCOMP_WORD_ARCHITECTURE + 1; first < SECCOMP_WORDS; first++)
		for (size_t second = first + 1; second < SECCOMP_WORDS; second++)
			pairs += comparison->words[first].count * comparison->words[second].count;
	if (!compare_each(comparison, base))
		return false;
	for (size_t first = SECCOMP_WORD_ARCHITECTURE + 1; first < SECCOMP_WORDS; first++)
		for (size_t second = first + 1; second < SECCOMP_WORDS; second++)
			if (!compare_two(comparison, base, first, second, (pairs + most - 1) / most))
				return false;
	return true;
}

/* Arguments that make @rule hold; they need not make it the only one. */
static struct seccomp_data satisfy(const struct seccomp_rule *rule, const struct seccomp_data *data)
{
	struct seccomp_data result = *data;

	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct oci_seccomp_arg *condition = &rule->conditions[i];
		uint64_t value = condition->value;

		switch (condition->op) {
		case OCI_SECCOMP_NE: value ^= 1; break;
		case OCI_SECCOMP_LT: value -= 1; break;
		case OCI_SECCOMP_GT: value += 1; break;
		case OCI_SECCOMP_MASKED_EQ: value &= condition->value_two; break;
		default: break;
		}
		result.args[condition->index] = value;
	}
	return result;
}

static bool compare_sample(struct comparison *comparison, const struct seccomp_data *data)
{
	uint64_t state = UINT64_C(0x9e3779b97f4a7c15); /* the same sample each time */
	struct seccomp_data sample = *data;
	uint32_t ignored = 0;

	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t word = SECCOMP_WORD_ARCHITECTURE + 1; word < SECCOMP_WORDS; word++) {
			const struct seccomp_values *values = &comparison->words[word];

			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			set_word(&sample, word, values->items[state % values->count]);
		}
		if (!compare_call(comparison, &sample, &ignored))
			return false;
	}
	return true;
}

/* Each rule by itself: beside arguments that make it hold, with the values of its own conditions. */
static bool compare_rules(struct comparison *comparison, const struct seccomp_data *data)
{
	for (size_t i = 0; i < comparison->meaning_count; i++) {
		size_t count;
		const struct seccomp_rule *rules = seccomp_meaning_rules(comparison->meanings[i], data, &count);

		for (size_t j = 0; j < count; j++) {
			struct seccomp_data base = satisfy(&rules[j], data);

			clear_words(comparison);
			add_conditions(comparison, &rules[j]);
			settle_words(comparison, data);
			if (!compare_pairs(comparison, &base, RULE_COMBINATIONS_MAX))
				return false;
		}
	}
	return true;
}

static bool compare_some(struct comparison *comparison, const struct seccomp_data *data)
{
	leave_gap(comparison, "there are more combinations of arguments than can be tried");
	return compare_pairs(comparison, data, COMBINATIONS_MAX) && compare_sample(comparison, data) &&
	       compare_rules(comparison, data);
}

bool compare_arguments(struct comparison *comparison, struct seccomp_data data)
{
	size_t combinations = 1;

	find_words(comparison, &data);
	for (size_t i = SECCOMP_WORD_ARCHITECTURE + 1; i < SECCOMP_WORDS; i++) {
		combinations *= comparison->words[i].count;
		if (combinations > COMBINATIONS_MAX)
			return compare_some(comparison, &data);
	}
	return compare_all(comparison, &data, SECCOMP_WORD_ARCHITECTURE + 1);
}
