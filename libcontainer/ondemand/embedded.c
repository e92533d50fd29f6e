/* SPDX-License-Identifier: Apache-2.0 */
/* The companion's bytes. The Makefile says where it was built. */
#include "ondemand/ondemand.h"

#ifndef COMPANION
#define COMPANION "build/companion"
#endif

__asm__(".pushsection .rodata.ondemand_companion,\"a\",%progbits\n"
	".balign 16\n"
	".globl ondemand_companion\n"
	".hidden ondemand_companion\n"
	".type ondemand_companion, %object\n"
	"ondemand_companion:\n"
	".incbin \"" COMPANION "\"\n"
	".Lcompanion_end:\n"
	".size ondemand_companion, . - ondemand_companion\n"
	".balign 8\n"
	".globl ondemand_companion_size\n"
	".hidden ondemand_companion_size\n"
	".type ondemand_companion_size, %object\n"
	"ondemand_companion_size:\n"
	".quad .Lcompanion_end - ondemand_companion\n"
	".size ondemand_companion_size, 8\n"
	".popsection\n");
