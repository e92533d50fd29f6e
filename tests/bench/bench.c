/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures commands against each other: bench ROUNDS FILE
 *
 * FILE has one command a line: the name of the case, the name of the program, then its words, all separated by
 * blanks; a word "@" becomes one that is new each time. All programs of a case run in turn, round after round, so that
 * whatever else the machine does meets them alike. Shown are the medians of the wall-clock time and of the processor
 * time, the largest resident set of the command and its children, and the time as a ratio to the case's
 * first program and to crun where that is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 32
#define COMMANDS_MAX 64
#define WARM_UP 3

struct command {
	char *line;
	const char *case_name;
	const char *program;
	char *words[WORDS_MAX];
	double *milliseconds;
	double *processor;
	long peak_kib;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void fail(const char *what, const char *on)
{
	fprintf(stderr, "bench: %s: %s\n", what, on);
	exit(1);
}

static size_t read_commands(const char *path, struct command *commands, size_t rounds)
{
	FILE *file = fopen(path, "re");
	size_t count = 0;
	size_t size = 0;
	char *line = NULL;

	if (!file)
		fail(path, strerror(errno));
	while (getline(&line, &size, file) > 0 && count < COMMANDS_MAX) {
		struct command *command = &commands[count];
		size_t words = 0;
		char *rest;

		command->line = strdup(line);
		command->case_name = strtok_r(command->line, " \n", &rest);
		command->program = strtok_r(NULL, " \n", &rest);
		while (words < WORDS_MAX - 1 && (command->words[words] = strtok_r(NULL, " \n", &rest)))
			words++;
		if (!words)
			fail("no command", line);
		command->milliseconds = calloc(rounds, sizeof(double));
		command->processor = calloc(rounds, sizeof(double));
		count++;
	}
	free(line);
	fclose(file);
	return count;
}

/* Runs @command once; @round < 0 warms up. */
static void run(struct command *command, int round)
{
	static unsigned int serial;
	char unique[48];
	char *words[WORDS_MAX] = { NULL };
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	double start;
	int status;
	pid_t pid;

	snprintf(unique, sizeof(unique), "casemate-bench-%d-%u", getpid(), serial++);
	for (size_t i = 0; command->words[i]; i++)
		words[i] = strcmp(command->words[i], "@") == 0 ? unique : command->words[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	start = now();
	if (posix_spawnp(&pid, words[0], &actions, NULL, words, environ) != 0)
		fail("cannot start", words[0]);
	if (wait4(pid, &status, 0, &usage) != pid)
		fail("cannot wait for", words[0]);
	if (status != 0)
		fail("failed", words[0]);
	posix_spawn_file_actions_destroy(&actions);
	if (round < 0)
		return;
	command->milliseconds[round] = now() - start;
	command->processor[round] = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
	if (usage.ru_maxrss > command->peak_kib)
		command->peak_kib = usage.ru_maxrss;
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return difference < 0 ? -1 : difference > 0;
}

static double quantile(double *values, size_t count, double part)
{
	qsort(values, count, sizeof(double), compare);
	return values[(size_t)((double)(count - 1) * part)];
}

static const struct command *find(const struct command *commands, size_t count, const char *program)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(commands[i].program, program) == 0)
			return &commands[i];
	}
	return NULL;
}

static void measure(struct command *commands, size_t count, int rounds)
{
	const struct command *crun = find(commands, count, "crun");

	for (int round = -WARM_UP; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			run(&commands[i], round);
	}
	for (size_t i = 0; i < count; i++)
		quantile(commands[i].milliseconds, (size_t)rounds, 0.5);
	printf("\n%s, %d rounds\n  %-10s %10s %10s %10s %10s %8s %8s\n", commands[0].case_name, rounds, "",
	       "median ms", "p10 ms", "cpu ms", "peak KiB", "/ bare", "/ crun");
	for (size_t i = 0; i < count; i++) {
		size_t n = (size_t)rounds;
		double median = quantile(commands[i].milliseconds, n, 0.5);

		printf("  %-10s %10.2f %10.2f %10.2f %10ld %8.2f ", commands[i].program, median,
		       quantile(commands[i].milliseconds, n, 0.1), quantile(commands[i].processor, n, 0.5),
		       commands[i].peak_kib, median / quantile(commands[0].milliseconds, n, 0.5));
		if (crun)
			printf("%8.2f\n", median / quantile(crun->milliseconds, n, 0.5));
		else
			printf("%8s\n", "-");
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	int rounds = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0;
	size_t count;
	size_t first = 0;

	if (rounds < 1) {
		fprintf(stderr, "usage: bench ROUNDS FILE\n");
		return 2;
	}
	count = read_commands(argv[2], commands, (size_t)rounds);
	while (first < count) {
		size_t last = first;

		while (last < count && strcmp(commands[last].case_name, commands[first].case_name) == 0)
			last++;
		measure(commands + first, last - first, rounds);
		first = last;
	}
	return 0;
}
