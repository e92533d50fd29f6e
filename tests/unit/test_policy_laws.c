/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three laws, on random configs and policies: never looser, idempotent, stacking commutes (and associates).
 * $CASEMATE_TEST_SEED and $CASEMATE_TEST_TRIPLES choose others.
 */
#include "policies.h"

#include <string.h>

#include "base/number.h"
#include "documents.h"
#include "policy_generator.h"
#include "strictness.h"

#define SEED 20261121
#define TRIPLES 3000

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t value = otherwise;

	if (text && parse_u64(text, 1, UINT64_MAX, &value) < 0)
		fail_msg("%s is no number of at least 1", name);
	return value;
}

struct outcome {
	const char *refusal; /* or NULL, and then: */
	struct oci_config *config;
	const char *text;
	struct policy_changes changes;
	struct hardening hardening;
};

/* The config, and what it has no member for. */
static const char *whole_text(struct arena *arena, const struct oci_config *config,
			      const struct hardening *hardening)
{
	return arena_printf(arena, "%s %s", config_text(arena, config), hardening_text(arena, hardening));
}

/* @from: what holds already, or NULL. */
static struct outcome outcome_of(struct arena *arena, const struct policy *policy,
				 const struct oci_config *config, const struct policy_facts *facts,
				 const struct outcome *from)
{
	struct outcome outcome = { .config = config_copy(arena, config) };
	const char *before = whole_text(arena, config, from ? &from->hardening : &outcome.hardening);

	if (from)
		outcome.hardening = from->hardening;
	struct error error;

	if (policy_apply(arena, policy, outcome.config, facts, &outcome.hardening, &outcome.changes, &error) <
	    0) {
		outcome.refusal = arena_strdup(arena, error.text);
		/* a refusal has changed nothing */
		assert_string_equal(whole_text(arena, outcome.config, &outcome.hardening), before);
		assert_int_equal(outcome.changes.count, 0);
	}
	outcome.text = whole_text(arena, outcome.config, &outcome.hardening);
	/* what changed is told, and nothing else */
	if (!outcome.refusal && outcome.changes.count == 0)
		assert_string_equal(outcome.text, before);
	if (outcome.changes.count > 0)
		assert_string_not_equal(outcome.text, before);
	return outcome;
}

static void assert_same_outcome(const struct outcome *one, const struct outcome *other)
{
	assert_string_equal(one->refusal ? one->refusal : "", other->refusal ? other->refusal : "");
	assert_string_equal(one->text, other->text);
	assert_int_equal(one->changes.count, other->changes.count);
	for (size_t i = 0; i < one->changes.count; i++) {
		assert_string_equal(one->changes.items[i].member, other->changes.items[i].member);
		assert_string_equal(one->changes.items[i].to, other->changes.items[i].to);
		assert_string_equal(one->changes.items[i].policy, other->changes.items[i].policy);
	}
}

/* A refusal names a policy and a key and a way out. */
static void assert_good_refusal(const char *text)
{
	assert_true(!strncmp(text, "policy ", strlen("policy ")));
	assert_non_null(strstr(text, " or run with --policy off"));
	assert_null(strchr(text, '\n'));
}

struct policy_pair {
	const char *text[2];
	const struct policy *policy[2];
	const struct json_value *document[2];
	struct policy *both; /* NULL: they contradict each other */
};

static struct policy *stack_or_null(struct arena *arena, const struct policy *left, const struct policy *right)
{
	const struct policy *parts[] = { left, right };
	struct policy *stacked;
	struct error error;

	return policy_stack(arena, parts, 2, &stacked, &error) < 0 ? NULL : stacked;
}

static struct policy_pair make_pair(struct arena *arena, struct random *random)
{
	struct policy_pair pair;
	struct json_value *document;
	struct policy *swapped, *twice;
	struct error error;

	for (size_t i = 0; i < 2; i++) {
		pair.text[i] = random_policy(arena, random, i ? "b" : "a");
		pair.policy[i] = make_policy(arena, pair.text[i]);
		assert_int_equal(json_parse(arena, "p", pair.text[i], strlen(pair.text[i]), &document, &error),
				 0);
		pair.document[i] = document;
		twice = stack(arena, pair.policy[i], pair.policy[i]);
		assert_string_equal(policy_text(arena, twice), policy_text(arena, pair.policy[i]));
		assert_string_equal(policy_text(arena, make_policy(arena, policy_text(arena, twice))),
				    policy_text(arena, twice));
	}
	pair.both = stack_or_null(arena, pair.policy[0], pair.policy[1]);
	swapped = stack_or_null(arena, pair.policy[1], pair.policy[0]);
	assert_int_equal(pair.both == NULL, swapped == NULL);
	if (pair.both) {
		assert_string_equal(policy_text(arena, pair.both), policy_text(arena, swapped));
		twice = stack(arena, pair.both, pair.policy[0]);
		assert_string_equal(policy_text(arena, twice), policy_text(arena, pair.both));
	}
	return pair;
}

static void check_triple(struct arena *arena, struct random *random, size_t *taken)
{
	struct policy_pair pair = make_pair(arena, random);
	const char *config_source = random_config(arena, random), *broken = NULL;
	struct error error;
	struct oci_config *config;
	struct outcome both, swapped, again, alone;
	struct policy_facts facts = random_facts(random);

	if (config_parse(arena, "c", config_source, strlen(config_source), &config, &error) < 0)
		fail_msg("%s: %s", error.text, config_source);
	if (!pair.both)
		return;
	both = outcome_of(arena, pair.both, config, &facts, NULL);
	swapped = outcome_of(arena, stack(arena, pair.policy[1], pair.policy[0]), config, &facts, NULL);
	assert_same_outcome(&both, &swapped);
	for (size_t i = 0; i < 2 && !broken; i++) {
		alone = outcome_of(arena, pair.policy[i], config, &facts, NULL);
		/* stacking lifts no refusal, and takes nothing back */
		if (alone.refusal)
			assert_non_null(both.refusal);
		else if (!both.refusal)
			broken = looser_in(arena, alone.config, both.config);
		if (!broken && !alone.refusal && !both.refusal)
			broken = looser_hardening(&alone.hardening, &both.hardening);
	}
	if (both.refusal) {
		assert_good_refusal(both.refusal);
		return;
	}
	(*taken)++;
	again = outcome_of(arena, pair.both, both.config, &facts, &both);
	assert_null(again.refusal);
	assert_int_equal(again.changes.count, 0);
	assert_string_equal(again.text, both.text);
	if (!broken)
		broken = looser_in(arena, config, both.config);
	for (size_t i = 0; i < 2 && !broken; i++)
		broken = unmet_in(arena, pair.document[i], config, both.config, &facts, &both.hardening);
	if (broken)
		fail_msg("%s\n%s\n%s\n%s\n-> %s", broken, pair.text[0], pair.text[1], config_source, both.text);
}

static void the_laws_hold(void **state)
{
	struct random random = { setting("CASEMATE_TEST_SEED", SEED) };
	uint64_t triples = setting("CASEMATE_TEST_TRIPLES", TRIPLES);
	size_t taken = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)random.state);
	for (uint64_t i = 0; i < triples; i++) {
		_cleanup_arena_ struct arena arena = { 0 };

		check_triple(&arena, &random, &taken);
	}
	/* the laws have been seen at work, not only refusals */
	print_message("%zu of %llu configs were taken\n", taken, (unsigned long long)triples);
	assert_true(taken * 5 > triples);
}

/* The laws on a real config: @left and @right are built-in policies. Whether it was taken. */
static bool check_real(struct arena *arena, const struct oci_config *config, const char *left,
		       const char *right)
{
	const struct policy *parts[] = { builtin_policy(arena, left), builtin_policy(arena, right) };
	const struct policy_facts facts = {
		.remap = { .possible = true, .first_uid = 100000, .first_gid = 100000, .size = 65536 },
		.joined = { [OCI_NAMESPACE_NETWORK] = POLICY_NAMESPACE_OTHER,
			    [OCI_NAMESPACE_IPC] = POLICY_NAMESPACE_OTHER,
			    [OCI_NAMESPACE_UTS] = POLICY_NAMESPACE_OTHER },
	};
	struct outcome both = outcome_of(arena, stack(arena, parts[0], parts[1]), config, &facts, NULL), again,
		       alone;
	struct outcome swapped = outcome_of(arena, stack(arena, parts[1], parts[0]), config, &facts, NULL);
	const char *broken = both.refusal ? NULL : looser_in(arena, config, both.config);

	assert_same_outcome(&both, &swapped);
	for (size_t i = 0; i < 2; i++) {
		alone = outcome_of(arena, parts[i], config, &facts, NULL);
		if (alone.refusal)
			assert_non_null(both.refusal);
		else if (!both.refusal && !broken)
			broken = looser_in(arena, alone.config, both.config);
		if (!alone.refusal && !both.refusal && !broken)
			broken = looser_hardening(&alone.hardening, &both.hardening);
	}
	if (both.refusal) {
		assert_good_refusal(both.refusal);
		return false;
	}
	again = outcome_of(arena, stack(arena, parts[0], parts[1]), both.config, &facts, &both);
	assert_null(again.refusal);
	assert_int_equal(again.changes.count, 0);
	assert_string_equal(again.text, both.text);
	if (broken)
		fail_msg("%s,%s: %s: %s", left, right, broken, both.text);
	return true;
}

static void the_laws_hold_on_what_engines_write(void **state)
{
	_cleanup_arena_ struct arena names = { 0 };
	size_t taken = 0, count = 0, length;
	const char **paths;
	size_t configs = document_list(&names, "engine-configs", &paths);

	(void)state;
	for (size_t c = 0; c < configs; c++)
		for (const char *const *left = policy_builtin_names(); *left; left++)
			for (const char *const *right = left; *right; right++) {
				_cleanup_arena_ struct arena arena = { 0 };
				struct oci_config *config;
				struct error error;

				char *text = document_read(&arena, paths[c], &length);

				if (config_parse(&arena, paths[c], text, length, &config, &error) < 0)
					fail_msg("%s", error.text);
				taken += check_real(&arena, config, *left, *right);
				count++;
			}
	/* only `rootless` refuses: these programs run as root */
	assert_true(taken * 5 > count * 4);
}

static void stacking_associates(void **state)
{
	struct random random = { setting("CASEMATE_TEST_SEED", SEED) };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct policy *a = make_policy(&arena, random_policy(&arena, &random, "a"));
		struct policy *b = make_policy(&arena, random_policy(&arena, &random, "b"));
		struct policy *c = make_policy(&arena, random_policy(&arena, &random, "c"));
		struct policy *ab = stack_or_null(&arena, a, b), *bc = stack_or_null(&arena, b, c);
		struct policy *left = ab ? stack_or_null(&arena, ab, c) : NULL;
		struct policy *right = bc ? stack_or_null(&arena, a, bc) : NULL;

		assert_int_equal(left == NULL, right == NULL);
		if (left)
			assert_string_equal(policy_text(&arena, left), policy_text(&arena, right));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_laws_hold),
		cmocka_unit_test(the_laws_hold_on_what_engines_write),
		cmocka_unit_test(stacking_associates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
