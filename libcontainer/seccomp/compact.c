/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters that decide the same in fewer instructions, and several as one.
 *
 * Loading a filter costs the kernel time for each instruction (it compiles them), and for each step that each
 * system call number takes through them (it finds out which are always allowed). libseccomp compares number
 * by number; a profile mostly allows long runs of them. So its program is asked what it decides for every
 * number, and that is written down again as ranges in a balanced tree. Where the decision depends on
 * arguments, the program's own instructions for them are kept. What libseccomp means is thereby never
 * interpreted anew, and the result is run against the original before it is used.
 *
 * Several programs become one by the kernel's rule for filters that are loaded one after another (seccomp(2)): the most
 * severe action counts, among equal ones the newest filter's. So where a program allows, what the older ones decide
 * follows, and where it does not, that is the end, unless an older one is more severe. Where that is only known when
 * both have looked at arguments, they stay separate.
 */
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "seccomp/profile.h"

#define JUMP_MAX 255U
#define NONE SIZE_MAX

/* What is decided about a number, by all programs: an action, or instructions that look at arguments. */
struct ending {
	bool is_code;
	uint32_t action; /* where it is no code */
	size_t branch; /* whose code it is */
	uint32_t entry; /* where in its program it begins */
	uint32_t worst; /* the most severe action that may come of it */
};

/* The instructions of one program that look at arguments, copied for what follows where they allow. */
struct branch {
	size_t program;
	size_t next; /* the ending that follows */
	bool *kept; /* of the program's instructions */
	size_t *position; /* of those, in the result */
};

/* The numbers from @first to the next range's have one ending. */
struct range {
	uint32_t first;
	size_t ending;
};

/* What one architecture's numbers come to. */
struct section {
	uint32_t audit;
	struct range *ranges;
	size_t count;
	size_t root; /* its position in the result */
};

struct compaction {
	struct arena *arena;
	const struct seccomp_program *programs; /* in the order of loading */
	size_t program_count;
	uint32_t *boundaries;
	size_t boundary_count;
	struct ending *endings;
	size_t ending_count, ending_room;
	struct branch *branches;
	size_t branch_count, branch_room;
	/* The result grows from its end, because jumps go forward: a position is counted from there. */
	struct sock_filter *items;
	size_t count, room;
};

/* Endings -------------------------------------------------------------------------------------------------- */

/* As the kernel orders them: the lowest counts. */
static bool is_more_severe(uint32_t action, uint32_t than)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL) < (int32_t)(than & SECCOMP_RET_ACTION_FULL);
}

static size_t add_ending(struct compaction *compaction, struct ending ending)
{
	compaction->endings = arena_grow(compaction->arena, compaction->endings, compaction->ending_count,
					 &compaction->ending_room, sizeof(ending));
	compaction->endings[compaction->ending_count] = ending;
	return compaction->ending_count++;
}

static size_t ending_of_action(struct compaction *compaction, uint32_t action)
{
	for (size_t i = 0; i < compaction->ending_count; i++)
		if (!compaction->endings[i].is_code && compaction->endings[i].action == action)
			return i;
	return add_ending(compaction, (struct ending){ .action = action, .worst = action });
}

/* What a program's @action comes to where the older ones come to @next. NONE: it depends on arguments there. */
static size_t ending_after(struct compaction *compaction, uint32_t action, size_t next)
{
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW)
		return next;
	if (!is_more_severe(compaction->endings[next].worst, action))
		return ending_of_action(compaction, action);
	return compaction->endings[next].is_code ? NONE : next;
}

static size_t branch_of(struct compaction *compaction, size_t program, size_t next)
{
	const size_t count = compaction->programs[program].count;

	for (size_t i = 0; i < compaction->branch_count; i++)
		if (compaction->branches[i].program == program && compaction->branches[i].next == next)
			return i;
	compaction->branches = arena_grow(compaction->arena, compaction->branches, compaction->branch_count,
					  &compaction->branch_room, sizeof(*compaction->branches));
	compaction->branches[compaction->branch_count] = (struct branch){
		.program = program,
		.next = next,
		.kept = ARENA_NEW_ARRAY(compaction->arena, bool, count),
		.position = ARENA_NEW_ARRAY(compaction->arena, size_t, count),
	};
	return compaction->branch_count++;
}

/*
 * Marks in @reached what can be reached from @entry, and finds the most severe action that it comes to. False where
 * that depends on more than arguments, or cannot be told before the older programs have looked at theirs.
 */
static bool follow_code(struct compaction *compaction, const struct branch *branch, uint32_t entry,
			bool *reached, uint32_t *worst)
{
	const struct seccomp_program *program = &compaction->programs[branch->program];
	const size_t next = branch->next;

	*worst = SECCOMP_RET_ALLOW;
	reached[entry] = true;
	for (size_t pc = entry; pc < program->count; pc++) {
		const struct sock_filter *instruction = &program->items[pc];
		size_t ending;

		if (!reached[pc])
			continue;
		if (BPF_CLASS(instruction->code) == BPF_LD &&
		    instruction->k < offsetof(struct seccomp_data, args))
			return false;
		if (BPF_CLASS(instruction->code) == BPF_RET) {
			ending = ending_after(compaction, instruction->k, next);
			if (ending == NONE)
				return false;
			if (is_more_severe(compaction->endings[ending].worst, *worst))
				*worst = compaction->endings[ending].worst;
		} else if (instruction->code == (BPF_JMP | BPF_JA)) {
			reached[pc + 1 + instruction->k] = true;
		} else if (BPF_CLASS(instruction->code) == BPF_JMP) {
			reached[pc + 1 + instruction->jt] = true;
			reached[pc + 1 + instruction->jf] = true;
		} else {
			reached[pc + 1] = true;
		}
	}
	return true;
}

/* The ending that is the code of @program from @entry on, and then @next. */
static size_t ending_of_code(struct compaction *compaction, size_t program, uint32_t entry, size_t next)
{
	const size_t count = compaction->programs[program].count;
	const size_t branch = branch_of(compaction, program, next);
	bool *reached;
	uint32_t worst;

	for (size_t i = 0; i < compaction->ending_count; i++)
		if (compaction->endings[i].is_code && compaction->endings[i].branch == branch &&
		    compaction->endings[i].entry == entry)
			return i;
	reached = ARENA_NEW_ARRAY(compaction->arena, bool, count);
	if (!follow_code(compaction, &compaction->branches[branch], entry, reached, &worst))
		return NONE;
	for (size_t i = 0; i < count; i++)
		compaction->branches[branch].kept[i] |= reached[i];
	return add_ending(compaction,
			  (struct ending){ .is_code = true, .branch = branch, .entry = entry, .worst = worst });
}

/* What all programs together decide; @number as seccomp_program_decide() has it. NONE: it cannot be told. */
static size_t decide(struct compaction *compaction, uint32_t architecture, const uint32_t *number)
{
	size_t ending = ending_of_action(compaction, SECCOMP_RET_ALLOW);

	for (size_t i = 0; i < compaction->program_count && ending != NONE; i++) {
		const struct seccomp_outcome outcome =
			seccomp_program_decide(&compaction->programs[i], architecture, number);

		if (outcome.kind == OUTCOME_ACTION)
			ending = ending_after(compaction, outcome.value, ending);
		else if (outcome.kind == OUTCOME_ARGUMENTS)
			ending = ending_of_code(compaction, i, outcome.value, ending);
		else
			ending = NONE;
	}
	return ending;
}

/* The endings of all numbers on @section's architecture, neighbours joined. False where one cannot be told. */
static bool find_ranges(struct compaction *compaction, struct section *section)
{
	section->ranges = ARENA_NEW_ARRAY(compaction->arena, struct range, compaction->boundary_count);
	for (size_t i = 0; i < compaction->boundary_count; i++) {
		const uint32_t first = compaction->boundaries[i];
		const size_t ending = decide(compaction, section->audit, &first);

		if (ending == NONE)
			return false;
		if (section->count == 0 || section->ranges[section->count - 1].ending != ending)
			section->ranges[section->count++] = (struct range){ first, ending };
	}
	return true;
}

/* The architectures that are told apart from @other, an ending. False where an ending cannot be told. */
static bool find_sections(struct compaction *compaction, size_t other, struct section *sections, size_t *count)
{
	const struct seccomp_architecture *architecture;

	*count = 0;
	for (size_t i = 0; (architecture = seccomp_architecture_at(i)); i++) {
		struct section section = { .audit = architecture->audit };
		bool seen = false;

		for (size_t j = 0; j < *count; j++)
			seen |= sections[j].audit == section.audit;
		if (seen)
			continue;
		if (!find_ranges(compaction, &section))
			return false;
		if (section.count > 1 || section.ranges[0].ending != other)
			sections[(*count)++] = section;
	}
	return true;
}

/* The result ----------------------------------------------------------------------------------------------- */

/* Adds an instruction in front of all others and returns its position, counted from the end. */
static size_t prepend(struct compaction *compaction, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (compaction->count == compaction->room)
		return 0; /* the caller gives up: nothing was gained */
	compaction->items[compaction->count] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	return compaction->count++;
}

/* How far the next instruction to be added would have to jump to @target. */
static uint32_t distance(const struct compaction *compaction, size_t target)
{
	return (uint32_t)(compaction->count - target - 1);
}

/* @target, or a jump to it that a conditional one reaches; there may come one more such jump before that. */
static size_t within_reach(struct compaction *compaction, size_t target)
{
	if (distance(compaction, target) + 1 <= JUMP_MAX)
		return target;
	return prepend(compaction, BPF_JMP | BPF_JA, distance(compaction, target), 0, 0);
}

static size_t code_position(const struct compaction *compaction, const struct ending *ending)
{
	return compaction->branches[ending->branch].position[ending->entry];
}

/* A position that has the ending: a return used before, where it is near enough, or a new one. */
static size_t place_ending(struct compaction *compaction, size_t index)
{
	const struct ending *ending = &compaction->endings[index];

	if (ending->is_code)
		return code_position(compaction, ending);
	for (size_t i = compaction->count; i > 0 && distance(compaction, i - 1) + 2 <= JUMP_MAX; i--)
		if (compaction->items[i - 1].code == (BPF_RET | BPF_K) &&
		    compaction->items[i - 1].k == ending->action)
			return i - 1;
	return prepend(compaction, BPF_RET | BPF_K, ending->action, 0, 0);
}

static void prepend_if(struct compaction *compaction, uint16_t condition, uint32_t value, size_t yes, size_t no)
{
	yes = within_reach(compaction, yes);
	no = within_reach(compaction, no);
	prepend(compaction, BPF_JMP | condition | BPF_K, value, (uint8_t)distance(compaction, yes),
		(uint8_t)distance(compaction, no));
}

/* A balanced tree over the ranges; returns the position of its root. */
static size_t place_tree(struct compaction *compaction, const struct range *ranges, size_t count)
{
	size_t middle = count / 2;
	size_t below;
	size_t above;

	if (count == 1)
		return place_ending(compaction, ranges[0].ending);
	above = place_tree(compaction, ranges + middle, count - middle);
	below = place_tree(compaction, ranges, middle);
	prepend_if(compaction, BPF_JGE, ranges[middle].first, above, below);
	return compaction->count - 1;
}

/* A return of @branch's program: what it comes to with the older programs. */
static size_t place_return(struct compaction *compaction, const struct branch *branch, uint32_t action)
{
	const struct ending *ending = &compaction->endings[ending_after(compaction, action, branch->next)];

	if (ending->is_code)
		return prepend(compaction, BPF_JMP | BPF_JA,
			       distance(compaction, code_position(compaction, ending)), 0, 0);
	return prepend(compaction, BPF_RET | BPF_K, ending->action, 0, 0);
}

/* The instructions for arguments, in their order; what lay between them only makes jumps shorter. */
static void place_branch(struct compaction *compaction, struct branch *branch)
{
	const struct seccomp_program *program = &compaction->programs[branch->program];

	for (size_t i = program->count; i > 0; i--) {
		const struct sock_filter *instruction = &program->items[i - 1];
		struct sock_filter copy = *instruction;

		if (!branch->kept[i - 1])
			continue;
		if (BPF_CLASS(instruction->code) == BPF_RET) {
			branch->position[i - 1] = place_return(compaction, branch, instruction->k);
			continue;
		}
		if (instruction->code == (BPF_JMP | BPF_JA)) {
			copy.k = distance(compaction, branch->position[i + instruction->k]);
		} else if (BPF_CLASS(instruction->code) == BPF_JMP) {
			copy.jt = (uint8_t)distance(compaction, branch->position[i + instruction->jt]);
			copy.jf = (uint8_t)distance(compaction, branch->position[i + instruction->jf]);
		}
		branch->position[i - 1] = prepend(compaction, copy.code, copy.k, copy.jt, copy.jf);
	}
}

/* The oldest program's come last: the others jump there. */
static void place_branches(struct compaction *compaction)
{
	for (size_t program = 0; program < compaction->program_count; program++)
		for (size_t i = 0; i < compaction->branch_count; i++)
			if (compaction->branches[i].program == program)
				place_branch(compaction, &compaction->branches[i]);
}

static void place_sections(struct compaction *compaction, struct section *sections, size_t count, size_t other)
{
	size_t next;

	for (size_t i = count; i > 0; i--) {
		size_t root = place_tree(compaction, sections[i - 1].ranges, sections[i - 1].count);

		if (distance(compaction, root) > 0)
			prepend(compaction, BPF_JMP | BPF_JA, distance(compaction, root), 0, 0);
		sections[i - 1].root =
			prepend(compaction, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	}
	next = prepend(compaction, BPF_RET | BPF_K, compaction->endings[other].action, 0, 0);
	for (size_t i = count; i > 0; i--) {
		prepend_if(compaction, BPF_JEQ, sections[i - 1].audit, sections[i - 1].root, next);
		next = compaction->count - 1;
	}
	prepend(compaction, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
}

static void reverse(struct sock_filter *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct sock_filter swapped = items[i];

		items[i] = items[count - 1 - i];
		items[count - 1 - i] = swapped;
	}
}

/* Whether the result goes the way that the programs go. */
static bool agrees(struct compaction *compaction, uint32_t architecture, const uint32_t *number)
{
	const struct seccomp_program result = { compaction->items, compaction->count };
	const struct seccomp_outcome found = seccomp_program_decide(&result, architecture, number);
	const size_t index = decide(compaction, architecture, number);
	const struct ending *ending;

	if (index == NONE)
		return false;
	ending = &compaction->endings[index];
	if (!ending->is_code)
		return found.kind == OUTCOME_ACTION && found.value == ending->action;
	return found.kind == OUTCOME_ARGUMENTS &&
	       found.value == compaction->count - 1 - code_position(compaction, ending);
}

static bool agrees_everywhere(struct compaction *compaction, uint32_t other_architecture)
{
	const struct seccomp_architecture *architecture;

	if (!agrees(compaction, other_architecture, NULL))
		return false;
	for (size_t i = 0; (architecture = seccomp_architecture_at(i)); i++)
		for (size_t j = 0; j < compaction->boundary_count; j++)
			if (!agrees(compaction, architecture->audit, &compaction->boundaries[j]))
				return false;
	return true;
}

/* An architecture that there is not. */
static uint32_t other_architecture(void)
{
	const struct seccomp_architecture *architecture;
	uint32_t other = 0;

	for (size_t i = 0; (architecture = seccomp_architecture_at(i)); i++)
		if (architecture->audit == other) {
			other++;
			i = SIZE_MAX;
		}
	return other;
}

struct sock_filter *seccomp_compact(struct arena *arena, const struct seccomp_program *programs,
				    size_t program_count, size_t *count)
{
	const uint32_t no_architecture = other_architecture();
	struct compaction compaction = { .arena = arena, .programs = programs, .program_count = program_count };
	struct section *sections = ARENA_NEW_ARRAY(arena, struct section, seccomp_architecture_count());
	size_t section_count;
	size_t other;

	for (size_t i = 0; i < program_count; i++) {
		if (!seccomp_program_is_understood(&programs[i]))
			return NULL;
		compaction.room += programs[i].count;
	}
	if (compaction.room > BPF_MAXINSNS)
		compaction.room = BPF_MAXINSNS;
	compaction.items = ARENA_NEW_ARRAY(arena, struct sock_filter, compaction.room);
	compaction.boundaries =
		seccomp_program_boundaries(arena, programs, program_count, &compaction.boundary_count);
	other = decide(&compaction, no_architecture, NULL);
	if (other == NONE || compaction.endings[other].is_code ||
	    !find_sections(&compaction, other, sections, &section_count))
		return NULL;
	place_branches(&compaction);
	place_sections(&compaction, sections, section_count, other);
	if (compaction.count == compaction.room)
		return NULL;
	reverse(compaction.items, compaction.count);
	if (!agrees_everywhere(&compaction, no_architecture))
		return NULL;
	*count = compaction.count;
	return compaction.items;
}
