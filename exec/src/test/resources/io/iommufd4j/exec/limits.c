// SPDX-License-Identifier: Apache-2.0
/* As many iommufds as a low limit allows, and after EMFILE nothing is lost. Exits with 7. */
#include "requests.h"

int main(void)
{
	struct rlimit limit = {64, 64};
	int fds[64], round, count = 0, before = 0;

	expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (round = 0; round < 3; round++) {
		for (count = 0; count < 64; count++) {
			fds[count] = open("/dev/iommu", O_RDWR);
			if (fds[count] < 0)
				break;
		}
		expect(fds[count] == -1 && errno == EMFILE && count >= 16);
		expect(round == 0 || count == before);
		before = count;
		while (count-- > 0)
			expect(close(fds[count]) == 0);
	}
	return 7;
}
