// SPDX-License-Identifier: Apache-2.0
/* Waits without end, with an iommufd, after it has written its pid to a file. */
#include "requests.h"

int main(int count, char **arguments)
{
	int fd = open("/dev/iommu", O_RDWR);
	FILE *file;

	expect(count == 2 && fd >= 0);
	file = fopen(arguments[1], "w");
	expect(file && fprintf(file, "%d\n", getpid()) > 0 && fclose(file) == 0);
	for (;;)
		pause();
}
