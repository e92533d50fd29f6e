/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/proof.h"

#include <seccomp.h>

#include "base/cleanup.h"
#include "seccomp/comparison.h"

#define NUMBERS_MAX 1024U /* more than any architecture has, counted from its first */
#define STEPS_MAX UINT64_C(400000000) /* instructions: one to two seconds; */
#define STEPS_OF_AN_ANSWER 16U /* so many take about as long as it takes a profile to say what it plans */

/* comparing ---------------------------------------------------------------------------------------------- */

/* As the kernel compares them: the smaller one is the more severe. */
static int32_t rank(uint32_t value)
{
	return (int32_t)(value & SECCOMP_RET_ACTION_FULL);
}

static uint32_t decide(struct comparison *comparison, const struct seccomp_data *data, uint32_t *words)
{
	uint32_t decision = SECCOMP_RET_ALLOW;
	struct seccomp_trace trace = { 0 };

	for (size_t i = 0; i < comparison->program_count; i++) {
		const struct sock_fprog *program = &comparison->programs[i];
		uint32_t value = seccomp_interpret(program->filter, program->len, data, &trace);

		if (rank(value) < rank(decision))
			decision = value;
	}
	*words |= trace.words;
	comparison->steps += trace.steps;
	return decision;
}

/* The least severe that is planned; *as_planned: whether it is the decision, or another that would do. */
static uint32_t plan(const struct comparison *comparison, const struct seccomp_data *data, uint32_t decision,
		     bool *as_planned)
{
	uint32_t planned = SECCOMP_RET_ALLOW;
	bool said = comparison->meaning_count == 0 && decision == SECCOMP_RET_ALLOW;

	for (size_t i = 0; i < comparison->meaning_count; i++) {
		struct seccomp_answers answers;
		uint32_t mildest;

		seccomp_meaning_answer(comparison->meanings[i], data, &answers);
		mildest = answers.values[0];
		for (size_t j = 0; j < answers.count; j++) {
			said |= answers.values[j] == decision;
			if (rank(answers.values[j]) > rank(mildest))
				mildest = answers.values[j];
		}
		if (rank(mildest) < rank(planned))
			planned = mildest;
	}
	*as_planned = said && rank(decision) <= rank(planned);
	return planned;
}

void leave_gap(const struct comparison *comparison, const char *why)
{
	if (!comparison->proof->gap)
		comparison->proof->gap = why;
}

static bool give_up(struct comparison *comparison)
{
	comparison->proof->verdict = SECCOMP_TOO_LARGE;
	comparison->proof->difference = (struct seccomp_difference){
		.text = "there is more to compare than can be looked through in a second or two",
	};
	return false;
}

bool compare_call(struct comparison *comparison, const struct seccomp_data *data, uint32_t *words)
{
	struct seccomp_proof *proof = comparison->proof;
	uint32_t found = decide(comparison, data, words);
	bool as_planned;
	uint32_t planned = plan(comparison, data, found, &as_planned);

	proof->decisions++;
	comparison->steps += STEPS_OF_AN_ANSWER * comparison->meaning_count;
	if (as_planned)
		return comparison->steps <= STEPS_MAX || give_up(comparison);
	if (rank(found) > rank(planned)) {
		proof->verdict = SECCOMP_LOOSER;
		proof->difference = seccomp_difference_of(comparison->arena, data, planned, found);
		return false;
	}
	if (proof->verdict == SECCOMP_AGREES) {
		proof->verdict = SECCOMP_TIGHTER;
		proof->difference = seccomp_difference_of(comparison->arena, data, planned, found);
	}
	return comparison->steps <= STEPS_MAX || give_up(comparison);
}

/* numbers and architectures ------------------------------------------------------------------------------ */

static bool has_conditions(const struct comparison *comparison, const struct seccomp_data *data)
{
	for (size_t i = 0; i < comparison->meaning_count; i++) {
		size_t count;
		const struct seccomp_rule *rules = seccomp_meaning_rules(comparison->meanings[i], data, &count);

		/* Those without conditions are the first, and nothing else counts beside them. */
		if (count && rules[0].condition_count)
			return true;
	}
	return false;
}

/* The constants that one word is compared with. */
struct collection {
	struct comparison *comparison;
	size_t word;
	struct seccomp_values *values;
};

static void collect(void *context, size_t word, uint32_t mask, uint32_t constant, bool exactly)
{
	const struct collection *collection = context;

	if (word != collection->word)
		return;
	if (mask != UINT32_MAX || !exactly)
		leave_gap(collection->comparison, "a part of a number is compared");
	seccomp_values_near(collection->comparison->arena, collection->values, constant);
}

static void find_numbers(struct comparison *comparison, uint32_t architecture)
{
	static const uint32_t edges[] = { 0x3fffffff, X32_SYSCALL_BIT, 0x7fffffff, 0x80000000,
					  0xbfffffff, 0xc0000000,      UINT32_MAX };
	const struct seccomp_data data = { .arch = architecture };
	struct seccomp_values *numbers = &comparison->numbers;
	struct collection collection = { comparison, SECCOMP_WORD_NUMBER, numbers };

	seccomp_values_clear(numbers);
	for (uint32_t i = 0; i < NUMBERS_MAX; i++) {
		seccomp_values_add(comparison->arena, numbers, i);
		if (architecture == AUDIT_ARCH_X86_64)
			seccomp_values_add(comparison->arena, numbers, i | X32_SYSCALL_BIT);
	}
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		seccomp_values_add(comparison->arena, numbers, edges[i]);
	for (size_t i = 0; i < comparison->meaning_count; i++) {
		size_t count;
		const struct seccomp_meaning_part *parts =
			seccomp_meaning_parts(comparison->meanings[i], &count);

		for (size_t j = 0; j < count; j++) {
			if (parts[j].architecture->audit != architecture)
				continue;
			seccomp_values_near(comparison->arena, numbers, parts[j].largest);
			for (size_t k = 0; k < parts[j].rule_count; k++)
				seccomp_values_add(comparison->arena, numbers, parts[j].rules[k].number);
		}
	}
	for (size_t i = 0; i < comparison->program_count; i++)
		seccomp_constants(comparison->programs[i].filter, comparison->programs[i].len, &data,
				  1U << SECCOMP_WORD_ARCHITECTURE, collect, &collection);
	seccomp_values_settle(numbers);
}

/* Whether a profile names @architecture; *judged: and whether what it says there is known. */
static bool is_named(const struct comparison *comparison, uint32_t architecture, bool *judged)
{
	bool named = false;

	*judged = true;
	for (size_t i = 0; i < comparison->meaning_count; i++) {
		size_t count;
		const struct seccomp_meaning_part *parts =
			seccomp_meaning_parts(comparison->meanings[i], &count);

		for (size_t j = 0; j < count; j++) {
			if (parts[j].architecture->audit != architecture)
				continue;
			named = true;
			*judged &= parts[j].is_judged;
		}
	}
	return named;
}

static bool compare_architecture(struct comparison *comparison, uint32_t architecture)
{
	bool judged;
	bool named = is_named(comparison, architecture, &judged);

	if (!judged)
		return true;
	find_numbers(comparison, architecture);
	for (size_t i = 0; i < comparison->numbers.count; i++) {
		struct seccomp_data data = { .arch = architecture, .nr = (int)comparison->numbers.items[i] };
		uint32_t words = 0;

		if (!compare_call(comparison, &data, &words))
			return false;
		if (!named && !(words & ~(1U << SECCOMP_WORD_ARCHITECTURE)))
			return true; /* so it is with all numbers */
		if (((words & ~WORDS_KNOWN) || has_conditions(comparison, &data)) &&
		    !compare_arguments(comparison, data))
			return false;
	}
	return true;
}

static void find_architectures(struct comparison *comparison)
{
	static const struct seccomp_data nothing;
	struct collection collection = { comparison, SECCOMP_WORD_ARCHITECTURE, &comparison->architectures };

	seccomp_values_add(comparison->arena, &comparison->architectures, 0);
	seccomp_values_add(comparison->arena, &comparison->architectures, UINT32_MAX);
	for (const char *const *name = seccomp_known_architectures(); *name; name++)
		seccomp_values_add(comparison->arena, &comparison->architectures,
				   seccomp_architecture(*name)->audit);
	for (size_t i = 0; i < comparison->program_count; i++)
		seccomp_constants(comparison->programs[i].filter, comparison->programs[i].len, &nothing, 0,
				  collect, &collection);
	seccomp_values_settle(&comparison->architectures);
}

/* The host's own first: a difference there is the one to hear of. */
static void compare_architectures(struct comparison *comparison)
{
	const struct seccomp_architecture *native = seccomp_architecture_by_token(seccomp_arch_native());
	const struct seccomp_values *architectures = &comparison->architectures;

	if (native && !compare_architecture(comparison, native->audit))
		return;
	for (size_t i = 0; i < architectures->count; i++)
		if ((!native || architectures->items[i] != native->audit) &&
		    !compare_architecture(comparison, architectures->items[i]))
			return;
}

/* The first program that the kernel would not have taken is a difference. */
static bool are_programs(const struct comparison *comparison)
{
	struct seccomp_proof *proof = comparison->proof;

	for (size_t i = 0; i < comparison->program_count; i++) {
		const struct sock_fprog *program = &comparison->programs[i];
		int fault = seccomp_program_fault(program->filter, program->len);

		if (fault < 0) {
			if (!seccomp_only_compares(program->filter, program->len))
				leave_gap(comparison, "a filter calculates");
			continue;
		}
		proof->verdict = SECCOMP_LOOSER;
		proof->difference.text =
			arena_printf(comparison->arena,
				     "filter %zu cannot be judged: the kernel takes no such instruction %d", i,
				     fault);
		return false;
	}
	return true;
}

int seccomp_prove(struct arena *arena, const struct oci_seccomp *const *profiles, size_t profile_count,
		  const struct sock_fprog *programs, size_t program_count, struct seccomp_proof *proof,
		  struct error *error)
{
	struct comparison comparison = {
		.arena = arena,
		.meanings = ARENA_NEW_ARRAY(arena, struct seccomp_meaning *, profile_count + 1),
		.meaning_count = profile_count,
		.programs = programs,
		.program_count = program_count,
		.proof = proof,
	};

	*proof = (struct seccomp_proof){ .verdict = SECCOMP_AGREES };
	for (size_t i = 0; i < profile_count; i++)
		if (seccomp_meaning_read(arena, profiles[i], &comparison.meanings[i], error) < 0)
			return -1;
	if (!are_programs(&comparison))
		return 0;
	find_architectures(&comparison);
	compare_architectures(&comparison);
	return 0;
}

int seccomp_prove_oldest(struct arena *arena, const struct oci_seccomp *const *profiles, size_t profile_count,
			 const struct sock_fprog *programs, size_t program_count, size_t *judged,
			 struct seccomp_proof *proof, struct error *error)
{
	const size_t most = program_count < profile_count ? program_count : profile_count;

	*proof = (struct seccomp_proof){ .verdict = SECCOMP_AGREES };
	*judged = 0;
	for (size_t oldest = program_count > 0; oldest <= most; oldest++) {
		const struct sock_fprog *first = oldest ? programs + program_count - oldest : NULL;
		struct seccomp_proof found;

		if (seccomp_prove(arena, profiles, profile_count, first, oldest, &found, error) < 0)
			return -1;
		if (oldest <= 1 || found.verdict != SECCOMP_TOO_LARGE) {
			*proof = found;
			*judged = oldest;
		}
		if (found.verdict != SECCOMP_LOOSER)
			break;
	}
	return 0;
}
