// SPDX-License-Identifier: Apache-2.0
/* A program with filters of its own: one that refuses a call, and one with a listener, which Linux refuses. Exits with 7. */
#include "requests.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

int main(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	uint32_t id;
	int fd;

	expect(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) == -1);
	expect(errno == EBUSY);
	expect(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
	expect(syscall(SYS_getpgid, 0) == -1 && errno == EDOM);
	fd = open("/dev/iommu", O_RDWR);
	expect(fd >= 0 && ioas_alloc(fd, &id) == 0);
	return 7;
}
