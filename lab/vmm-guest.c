// SPDX-License-Identifier: Apache-2.0
/*
 * Process 1 of the guest of lab/vmm: drives the edu device by DMA without end and checks every byte. Memory goes into
 * the device and comes back to another page, both by their physical addresses. A line on the console says how it goes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, COUNT = 2048, BUFFER = 0x40000, SOURCE = 0x80, TARGET = 0x88, LENGTH = 0x90, COMMAND = 0x98 };

static volatile uint8_t *bar;

static void fail(const char *what)
{
	perror(what);
	printf("vmm-guest: failed: %s\n", what);
	fflush(stdout);
	for (;;)
		pause();
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static void find_edu(char *directory, size_t size)
{
	DIR *devices = opendir("/sys/bus/pci/devices");
	struct dirent *entry;

	while (devices && (entry = readdir(devices))) {
		char path[300], id[16] = "";
		int fd;

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/vendor", entry->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		if (read(fd, id, sizeof(id) - 1) > 0 && !strncmp(id, "0x1234", 6)) {
			char device[16] = "";
			int other;

			snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/device", entry->d_name);
			other = open(path, O_RDONLY);
			if (other >= 0 && read(other, device, sizeof(device) - 1) > 0 && !strncmp(device, "0x11e8", 6)) {
				snprintf(directory, size, "/sys/bus/pci/devices/%.32s", entry->d_name);
				closedir(devices);
				return;
			}
		}
		close(fd);
	}
	fail("no edu");
}

static uint64_t physical(const void *address)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)address / PAGE * sizeof(entry)) != sizeof(entry))
		fail("pagemap");
	close(fd);
	if (!(entry & (1ULL << 63)) || !(entry & ((1ULL << 55) - 1)))
		fail("not present");
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static void set64(unsigned offset, uint64_t value)
{
	*(volatile uint64_t *)(bar + offset) = value;
}

/* One transfer; edu takes 100 ms for each. */
static void transfer(uint64_t from, uint64_t to, unsigned command)
{
	set64(SOURCE, from);
	set64(TARGET, to);
	set64(LENGTH, COUNT);
	set64(COMMAND, command);
	do
		usleep(20000);
	while (*(volatile uint64_t *)(bar + COMMAND) & 1);
}

static uint8_t pattern(unsigned round, unsigned at)
{
	return 1 + (round * 31 + at * 7) % 120;
}

int main(void)
{
	char edu[64], path[128];
	unsigned long round, good = 0, retried = 0, wrong = 0;
	uint8_t *memory, *out, *in;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	find_edu(edu, sizeof(edu));
	snprintf(path, sizeof(path), "%s/enable", edu);
	write_to(path, "1");
	/* Bus mastering. */
	snprintf(path, sizeof(path), "%s/config", edu);
	fd = open(path, O_RDWR);
	uint16_t command = 0x0006;
	if (fd < 0 || pwrite(fd, &command, 2, 4) != 2)
		fail(path);
	close(fd);
	snprintf(path, sizeof(path), "%s/resource0", edu);
	fd = open(path, O_RDWR);
	bar = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar == MAP_FAILED)
		fail(path);
	printf("vmm-guest: edu id %x\n", *(volatile uint32_t *)bar);
	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	out = memory;
	in = memory + PAGE;
	memset(memory, 1, 2 * PAGE);
	printf("vmm-guest: pages at %llx and %llx\n", (unsigned long long)physical(out), (unsigned long long)physical(in));
	for (round = 0;; round++) {
		unsigned bad = 0, foreign = 0, at;

		for (at = 0; at < COUNT; at++)
			out[at] = pattern(round, at);
		memset(in, 0xee, PAGE);
		transfer(physical(out), BUFFER, 1);
		transfer(BUFFER, physical(in), 3);
		for (at = 0; at < COUNT; at++)
			if (in[at] != pattern(round, at)) {
				bad++;
				if (in[at] != 0xee && in[at] != 0 && in[at] != 0xff)
					foreign++;
			}
		for (; at < PAGE; at++)
			foreign += in[at] != 0xee;
		if (!bad && !foreign)
			good++;
		else if (!foreign)
			retried++;
		else
			wrong++;
		printf("vmm-guest: good %lu failed %lu wrong %lu\n", good, retried, wrong);
	}
}
