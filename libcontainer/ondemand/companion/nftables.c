/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode "nftables": rules in a network namespace, whose descriptor is ONDEMAND_FD.
 *
 *   {"operation": "set", "rules": R}                   carries out R, all of it or nothing
 *   {"operation": "compare", "table": T, "rules": R}   whether T, a table of family inet, is as R makes it → {"same", "found"}
 *
 * What R makes is asked of the kernel: it is carried out in a network namespace that has nothing else, and the listings
 * are compared. libnftables(3), nft(8)
 */
#include <errno.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ondemand/companion/mode.h"
#include "ondemand/ondemand.h"

#if HAVE_NFTABLES
#include <nftables/libnftables.h>

/* clang-format off */
#define NFT_FUNCTIONS(F)              \
	F(nft_ctx_new)                \
	F(nft_ctx_free)               \
	F(nft_ctx_output_set_flags)   \
	F(nft_ctx_buffer_output)      \
	F(nft_ctx_get_output_buffer)  \
	F(nft_ctx_buffer_error)       \
	F(nft_ctx_get_error_buffer)   \
	F(nft_run_cmd_from_buffer)
/* clang-format on */

#define NFT_MEMBER(function) __typeof__(function) *function;
struct nft_library {
	NFT_FUNCTIONS(NFT_MEMBER)
};

static int open_library(struct nft_library *nft, struct error *error)
{
	void *library = library_open("libnftables.so.1", "this", error);

	if (!library) {
		error_context(error, "install libnftables (Debian: libnftables1)");
		return -1;
	}
#define NFT_LOAD(function)                                                                   \
	nft->function = (__typeof__(function) *)library_function(library, #function, error); \
	if (!nft->function)                                                                  \
		return -1;
	NFT_FUNCTIONS(NFT_LOAD)
#undef NFT_LOAD
	return 0;
}

/* With the rights of its user namespace, where those of this process do not reach into it. namespaces(7) */
static int enter_network(struct error *error)
{
	int user;

	if (setns(ONDEMAND_FD, CLONE_NEWNET) == 0)
		return 0;
	if (errno != EPERM)
		return error_set(error, errno, "enter the container's network namespace");
	user = ioctl(ONDEMAND_FD, NS_GET_USERNS);
	if (user < 0 || setns(user, CLONE_NEWUSER) < 0 || setns(ONDEMAND_FD, CLONE_NEWNET) < 0)
		return error_set(error, errno, "enter the container's network namespace");
	close(user);
	return 0;
}

/* *answer (may be NULL) is what it prints. 1 where it was carried out, 0 where not, for *problem. -1 on an error. */
static int carry_out(struct arena *arena, const struct nft_library *nft, const char *command,
		     const char **answer, const char **problem, struct error *error)
{
	struct nft_ctx *context = nft->nft_ctx_new(NFT_CTX_DEFAULT);
	int result;

	if (!context)
		return error_set(error, ENOMEM, "prepare libnftables");
	nft->nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_NUMERIC_ALL | NFT_CTX_OUTPUT_STATELESS);
	if (nft->nft_ctx_buffer_output(context) || nft->nft_ctx_buffer_error(context)) {
		nft->nft_ctx_free(context);
		return error_set(error, ENOMEM, "prepare libnftables");
	}
	result = nft->nft_run_cmd_from_buffer(context, command);
	if (answer)
		*answer = arena_strdup(arena, nft->nft_ctx_get_output_buffer(context));
	*problem = nft->nft_ctx_get_error_buffer(context);
	*problem = arena_strndup(arena, *problem, strcspn(*problem, "\n"));
	nft->nft_ctx_free(context);
	return result == 0;
}

/* The kernel lacks nf_tables or a part of it: that is all that can be wrong with rules that this program has written. */
static int set(struct arena *arena, const struct nft_library *nft, const char *rules, struct error *error)
{
	const char *problem;
	int done = carry_out(arena, nft, rules, NULL, &problem, error);

	if (done < 0)
		return -1;
	if (done)
		return 0;
	return error_set(error, 0,
			 "the kernel does not take the rules (%s): it needs nf_tables with connection "
			 "tracking, fib and reject",
			 problem);
}

static int compare(struct arena *arena, const struct nft_library *nft, const struct json_value *request,
		   const char *rules, struct json_writer *answer, struct error *error)
{
	const char *table = json_get_string(request, "table");
	const char *command = arena_printf(arena, "list table inet %s", table ? table : "");
	const char *found, *planned, *problem;
	int is_there = carry_out(arena, nft, command, &found, &problem, error);

	if (is_there < 0)
		return -1;
	if (is_there) {
		if (unshare(CLONE_NEWNET) < 0)
			return error_set(error, errno, "make a network namespace to compare with");
		if (set(arena, nft, rules, error) < 0)
			return -1;
		is_there = carry_out(arena, nft, command, &planned, &problem, error);
		if (is_there < 0)
			return -1;
	}
	json_member_bool(answer, "same", is_there && strcmp(found, planned) == 0);
	json_member_string(answer, "found",
			   !is_there		    ? "they are not there"
			   : strcmp(found, planned) ? "others"
						    : "as planned");
	return 0;
}

int mode_nftables(struct arena *arena, const struct json_value *request, struct json_writer *answer,
		  struct error *error)
{
	const char *operation = json_get_string(request, "operation");
	const char *rules = json_get_string(request, "rules");
	struct nft_library nft;

	if (!operation || !rules)
		return error_set(error, 0, "nftables: operation and rules are needed");
	/* In a namespace of the container's, nothing of it may look into this process. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(error, errno, "become undumpable");
	if (open_library(&nft, error) < 0 || enter_network(error) < 0)
		return -1;
	if (strcmp(operation, "set") == 0)
		return set(arena, &nft, rules, error);
	if (strcmp(operation, "compare") == 0)
		return compare(arena, &nft, request, rules, answer, error);
	return error_set(error, 0, "nftables: no operation \"%s\"", operation);
}

#else

int mode_nftables(struct arena *arena _unused_, const struct json_value *request _unused_,
		  struct json_writer *answer _unused_, struct error *error)
{
	return error_set(error, 0, "this build has no support for nftables (no libnftables.h)");
}

#endif
