/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's first instructions, before libc's.
 *
 * A command that puts a process near a container runs from a read-only mount of its own file (runtime_protect()), for
 * which it executes itself a second time. Found out in main() that would cost what starting a program costs (relocating
 * its data, setting libc up: some forty page faults) for a program that is thrown away. So here, before any of that, the
 * mount is made and executed where that is the way to go. Whatever does not work out is left to runtime_protect(), which
 * looks at everything again, has the other ways, and the words for an error.
 *
 * Nothing is relocated yet, there is no thread-local storage and no libc: only system calls, the stack, and what the
 * compiler reaches relative to the program counter. The Makefile has the flags that keep it so.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

/* rdx and the stack are _start's. System V ABI, 3.4.1 */
__asm__(".pushsection .text.casemate_entry,\"ax\",@progbits\n"
	".globl casemate_entry\n"
	".hidden casemate_entry\n"
	".type casemate_entry, @function\n"
	"casemate_entry:\n"
	"	endbr64\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	push %rdx\n"
	"	sub $8, %rsp\n"
	"	call protect_early\n"
	"	add $8, %rsp\n"
	"	pop %rdx\n"
	"	jmp _start\n"
	".size casemate_entry, . - casemate_entry\n"
	".popsection\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

/* x0 and the stack are _start's. */
__asm__(".pushsection .text.casemate_entry,\"ax\",%progbits\n"
	".globl casemate_entry\n"
	".hidden casemate_entry\n"
	".type casemate_entry, %function\n"
	"casemate_entry:\n"
	"	hint #34\n" /* bti c */
	"	mov x19, x0\n"
	"	mov x0, sp\n"
	"	bl protect_early\n"
	"	mov x0, x19\n"
	"	b _start\n"
	".size casemate_entry, . - casemate_entry\n"
	".popsection\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}

#else
#error "the program's entry is written for x86-64 and arm64"
#endif

static long call_path(long number, long directory, const char *path, long c, long d, long e)
{
	return call(number, directory, (long)path, c, d, e);
}

static int begins_with(const char *text, const char *start)
{
	while (*start)
		if (*text++ != *start++)
			return 0;
	return 1;
}

static int is(const char *text, const char *word)
{
	return begins_with(text, word) && begins_with(word, text);
}

/* Of whatever is said: a container that is called "run" costs `state` one execve(2) too many, and nothing else. */
static int names_protected_command(char **arguments)
{
	for (; *arguments; arguments++)
		if (is(*arguments, "create") || is(*arguments, "run") || is(*arguments, "exec") ||
		    is(*arguments, "restore"))
			return 1;
	return 0;
}

/* As it is the second time round. execveat(2) */
static int executed_by_descriptor(const unsigned long *auxiliary)
{
	for (; auxiliary[0] != AT_NULL; auxiliary += 2)
		if (auxiliary[0] == AT_EXECFN)
			return begins_with((const char *)auxiliary[1], "/dev/fd/");
	return 0;
}

static void execute_mount(int self, char **arguments, char **environment)
{
	struct mount_attr attributes;
	long tree =
		call_path(SYS_open_tree, self, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, 0, 0);

	if (tree < 0)
		return;
	attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	attributes.attr_clr = 0;
	attributes.propagation = 0;
	attributes.userns_fd = 0;
	if (call_path(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, (long)&attributes, sizeof(attributes)) == 0)
		call_path(SYS_execveat, tree, "", (long)arguments, (long)environment, AT_EMPTY_PATH);
	call(SYS_close, tree, 0, 0, 0, 0);
}

/* @stack: the number of arguments, they, the environment, the auxiliary vector, each with a 0 after it. */
void protect_early(unsigned long *stack);
__attribute__((used)) void protect_early(unsigned long *stack)
{
	char **arguments = (char **)(stack + 1);
	char **environment = arguments + stack[0] + 1;
	char **end = environment;
	long self;

	while (*end)
		end++;
	if (!names_protected_command(arguments) || executed_by_descriptor((unsigned long *)(end + 1)))
		return;
	self = call_path(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0, 0);
	if (self < 0)
		return;
	/* Else a standard stream is closed, and runtime_protect() has to see to it first. */
	if (self > STDERR_FILENO)
		execute_mount((int)self, arguments, environment);
	call(SYS_close, self, 0, 0, 0, 0);
}
