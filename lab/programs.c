/*
 * Runs programs of requests on the kernel it finds and writes down what came back. Programs come in a
 * file that conformance's differential runner encoded (ProgramBytes), answers go to standard output as
 * it decodes them (AnswerBytes); its Session runs the same programs on a simulated kernel and is this
 * file's twin: memory, slots and what counts as changed are the same in both. Numbers in either file
 * are big-endian.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	DATA = 64 * PAGE,
	READ_ONLY = 8 * PAGE,
	BLOCK = 2 * PAGE,
	GAP = 256 * PAGE,
	/* Of the data, this and no more: the kernel keeps it when it chooses an IOVA. */
	ALIGNMENT = 2 << 20,
	BLOCK_BYTES = 256,
	WATCHED = 512,
	MOST_WATCHES = 32,
	BUFFER = 4096,
	SLOTS = 4096,
	FIRST_MAPPED = 4,
	/* For one program: emulated, on a busy machine. */
	PATIENCE_SECONDS = 60
};

enum step {
	END,
	IOMMUFD,
	DEVICE,
	MEMFD,
	EVENTFD,
	DUP,
	CLOSE,
	IOCTL,
	PLAIN,
	STORE,
	READ,
	WRITE,
	READ_AT,
	WRITE_AT,
	POLL,
	MAP,
	UNMAP
};

enum kind { LITERAL, OBJECT, FILE_SLOT, ADDRESS };

struct value {
	int kind, slot;
	int64_t number;
};

struct mapping {
	uint8_t *address;
	uint64_t bytes;
};

static uint8_t *data, *block;
static uint64_t buffer[BUFFER / 8];
static int files[SLOTS];
static int64_t objects[SLOTS];
static struct mapping mappings[SLOTS];

static uint8_t *program, *program_end;
static size_t programs_done, steps_done;

static uint8_t changes[1 << 17];
static size_t changed;

static uint8_t *answers;
static size_t answered, answers_room;

static void die(const char *what)
{
	fprintf(stderr, "programs: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void hung(int signal)
{
	(void)signal;
	fprintf(stderr, "programs: program %zu hangs in step %zu\n", programs_done, steps_done);
	_exit(3);
}

static uint64_t take(int bytes)
{
	uint64_t number = 0;

	if (program + bytes > program_end)
		die("the file ends within a program");
	while (bytes--)
		number = number << 8 | *program++;
	return number;
}

static int take_slot(void)
{
	int slot = (int16_t)take(2);

	return slot < SLOTS ? slot : (die("too many slots"), 0);
}

static struct value take_value(void)
{
	struct value value;

	value.kind = take(1);
	value.slot = take_slot();
	value.number = take(8);
	return value;
}

static void give(uint64_t number, int bytes)
{
	if (answered + 8 > answers_room) {
		answers_room = answers_room * 2 + 4096;
		answers = realloc(answers, answers_room);
		if (!answers)
			die("no memory");
	}
	while (bytes--)
		answers[answered++] = number >> 8 * bytes;
}

static void answer(int64_t value)
{
	size_t i;

	if (value > -120 && value < 120) {
		give(value, 1);
	} else {
		give(127, 1);
		give(value, 8);
	}
	give(changed, 2);
	for (i = 0; i < changed; i++)
		give(changes[i], 1);
	changed = 0;
}

static int64_t called(int64_t value)
{
	return value < 0 ? -errno : value;
}

static int fd_of(int slot)
{
	return slot < 0 ? -1 : files[slot];
}

static uint8_t *address_of(int region)
{
	switch (region) {
	case 0:
		return data;
	case 1:
		return data + DATA;
	case 2:
		return block;
	case 3:
		return data + DATA + READ_ONLY;
	default:
		return mappings[region].address ? mappings[region].address : data + DATA + READ_ONLY;
	}
}

static uint64_t resolve(struct value value)
{
	switch (value.kind) {
	case OBJECT:
		return objects[value.slot] >= 0 ? objects[value.slot] : 0x70000000 + value.slot;
	case FILE_SLOT:
		return fd_of(value.slot);
	case ADDRESS:
		return (uintptr_t)address_of(value.slot) + value.number;
	default:
		return value.number;
	}
}

static void put16(uint8_t *at, int number)
{
	at[0] = number;
	at[1] = number >> 8;
}

static void change(int place, const uint8_t *bytes, int length)
{
	put16(changes + changed, place);
	put16(changes + changed + 2, length);
	memcpy(changes + changed + 4, bytes, length);
	changed += 4 + length;
}

static void compare(int place, const uint8_t *before, const uint8_t *after, int length)
{
	int at = 0, start;

	while (at < length) {
		if (before[at] == after[at]) {
			at++;
			continue;
		}
		for (start = at; at < length && before[at] != after[at]; at++)
			;
		change(place + start, after + start, at - start);
	}
}

static int64_t opened(int slot, int fd)
{
	if (fd < 0)
		return -errno;
	files[slot] = fd;
	return 0;
}

static int watch_bytes(int64_t offset)
{
	return DATA - offset < WATCHED ? DATA - offset : WATCHED;
}

/* IOMMU_IOAS_NOIOMMU_GET_PA, which headers of this machine need not know. */
enum { NOIOMMU_GET_PA = 0x3b95 };

/* Where the machine has memory is its own affair: only the offset in the page is told, and of the length what that page has. */
static void forget_where(uint8_t *pa)
{
	uint64_t iova, length, physical, page;

	memcpy(&iova, pa + 16, 8);
	memcpy(&length, pa + 24, 8);
	memcpy(&physical, pa + 32, 8);
	page = PAGE - iova % PAGE;
	length = length < page ? length : page;
	physical %= PAGE;
	memcpy(pa + 24, &length, 8);
	memcpy(pa + 32, &physical, 8);
}

static int64_t do_ioctl(void)
{
	static uint8_t before[BLOCK_BYTES], after[BLOCK_BYTES], watched[MOST_WATCHES][WATCHED];
	int64_t watch[MOST_WATCHES];
	int fd = fd_of(take_slot()), watches = 0, count, i, result;
	unsigned int request = take(4);

	memset(block, 0, BLOCK_BYTES);
	for (count = take(1); count; count--) {
		int offset = take(2), width = take(1);
		struct value value = take_value();
		uint64_t number = resolve(value);

		memcpy(block + offset, &number, width);
		if (value.kind == ADDRESS && value.slot == 0 && value.number >= 0 && value.number < DATA &&
		    watches < MOST_WATCHES) {
			memcpy(watched[watches], data + value.number, watch_bytes(value.number));
			watch[watches++] = value.number;
		}
	}
	memcpy(before, block, BLOCK_BYTES);
	result = called(ioctl(fd, request, block));
	memcpy(after, block, BLOCK_BYTES);
	for (count = take(1); count; count--) {
		int offset = take(2), is_file = take(1), slot = take_slot();
		int32_t number;

		memcpy(&number, block + offset, 4);
		if (result < 0)
			continue;
		if (!is_file) {
			objects[slot] = (uint32_t)number;
		} else if (number > 2) {
			files[slot] = number;
			memcpy(after + offset, "\xff\0\0", 4);
		}
	}
	if (request == NOIOMMU_GET_PA && result == 0)
		forget_where(after);
	compare(0, before, after, BLOCK_BYTES);
	for (i = 0; i < watches; i++)
		compare((i + 1) * 0x1000, watched[i], data + watch[i], watch_bytes(watch[i]));
	return result;
}

static int64_t filled(int64_t count)
{
	if (count < 0)
		return -errno;
	if (count > 0)
		change(0, (uint8_t *)buffer, count);
	return count;
}

static int64_t do_map(void)
{
	int region = take_slot(), file = take_slot();
	uint64_t bytes = take(8);
	int protection = take(4), flags = take(4);
	void *address = mmap(NULL, bytes, protection, flags, fd_of(file), take(8));

	if (address == MAP_FAILED)
		return -errno;
	mappings[region].address = address;
	mappings[region].bytes = bytes;
	return 0;
}

static int64_t unmap(int region)
{
	int64_t result = 0;

	if (mappings[region].address)
		result = called(munmap(mappings[region].address, mappings[region].bytes));
	mappings[region].address = NULL;
	return result;
}

static int64_t step(enum step step)
{
	char path[64];
	int slot = take_slot(), i, bytes;
	struct pollfd entry;
	struct value value;
	int64_t result;

	switch (step) {
	case IOMMUFD:
		return opened(slot, open("/dev/iommu", O_RDWR | O_CLOEXEC));
	case DEVICE:
		i = take(2);
		snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%d", i);
		/* Without an IOMMU it says so in its name. */
		if (access(path, F_OK))
			snprintf(path, sizeof(path), "/dev/vfio/devices/noiommu-vfio%d", i);
		return opened(slot, open(path, O_RDWR | O_CLOEXEC));
	case MEMFD:
		result = opened(slot, memfd_create("differential", 0));
		return result < 0 ? (take(8), result) : called(ftruncate(files[slot], take(8)));
	case EVENTFD:
		return opened(slot, eventfd(0, 0));
	case DUP:
		return opened(slot, fcntl(fd_of(take_slot()), F_DUPFD_CLOEXEC, 3));
	case CLOSE:
		i = files[slot];
		files[slot] = -1;
		return called(close(i));
	case IOCTL:
		program -= 2;
		return do_ioctl();
	case PLAIN:
		i = take(4);
		return called(ioctl(fd_of(slot), (unsigned int)i, resolve(take_value())));
	case STORE:
		value.number = take(8);
		bytes = take(1);
		for (i = 0; i < bytes; i++) {
			uint64_t word = resolve(take_value());

			memcpy(address_of(slot) + value.number + 8 * i, &word, 8);
		}
		return 0;
	case READ:
		bytes = take(2);
		memset(buffer, 0, bytes);
		return filled(read(fd_of(slot), buffer, bytes));
	case WRITE:
		bytes = take(2);
		memset(buffer, 0, bytes);
		for (i = 0, result = take(1); i < result; i++)
			((uint32_t *)buffer)[i] = resolve(take_value());
		return called(write(fd_of(slot), buffer, bytes));
	case READ_AT:
		bytes = take(2);
		memset(buffer, 0, bytes);
		return filled(pread(fd_of(slot), buffer, bytes, take(8)));
	case WRITE_AT:
		bytes = take(2);
		result = take(8);
		buffer[0] = take(8);
		return called(pwrite(fd_of(slot), buffer, bytes, result));
	case POLL:
		entry.fd = fd_of(slot);
		entry.events = take(2);
		entry.revents = 0;
		result = poll(&entry, 1, 0);
		return result < 0 ? -errno : result << 16 | (uint16_t)entry.revents;
	case MAP:
		program -= 2;
		return do_map();
	case UNMAP:
		return unmap(slot);
	default:
		errno = EINVAL;
		die("no such step");
		return 0;
	}
}

static int64_t end(void)
{
	int64_t refused = 0;
	uint64_t hash = 0, word;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (files[i] >= 0 && close(files[i]) < 0)
			refused++;
		files[i] = -1;
		objects[i] = -1;
	}
	for (i = FIRST_MAPPED; i < SLOTS; i++)
		if (unmap(i) < 0)
			refused++;
	for (i = 0; i < DATA / 8; i++) {
		memcpy(&word, data + 8 * i, 8);
		if (word)
			hash = (hash ^ word ^ i) * 0x9e3779b97f4a7c15;
	}
	memset(data, 0, DATA);
	return refused << 32 | hash >> 33;
}

static void *reserve(uint8_t *at, size_t bytes, int protection)
{
	void *mapped =
		mmap(at, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	if (mapped == MAP_FAILED)
		die("mmap");
	return mapped;
}

static void lay_out(void)
{
	uint8_t *room = reserve(NULL, 8 * ALIGNMENT, PROT_NONE);

	data = room + 2 * ALIGNMENT;
	data += (ALIGNMENT - (uintptr_t)data) & (2 * ALIGNMENT - 1);
	reserve(data, DATA, PROT_READ | PROT_WRITE);
	reserve(data + DATA, READ_ONLY, PROT_READ);
	block = data - GAP - BLOCK;
	/* Its pages are there from the start, and none is the page of zeroes that all share. */
	memset(data, 0, DATA);
	reserve(block, BLOCK, PROT_READ | PROT_WRITE);
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t bytes;

	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);
	bytes = ftell(file);
	rewind(file);
	program = malloc(bytes);
	if (!program || fread(program, 1, bytes, file) != bytes)
		die(path);
	program_end = program + bytes;
	fclose(file);
}

int main(int argc, char **argv)
{
	int i;

	if (argc != 2) {
		fprintf(stderr, "usage: programs FILE\n");
		return 2;
	}
	signal(SIGALRM, hung);
	load(argv[1]);
	lay_out();
	for (i = 0; i < SLOTS; i++)
		files[i] = objects[i] = -1;
	while (program < program_end) {
		enum step next;

		alarm(PATIENCE_SECONDS);
		give(0, 2);
		for (steps_done = 0; (next = take(1)) != END; steps_done++)
			answer(step(next));
		answer(end());
		answers[0] = (steps_done + 1) >> 8;
		answers[1] = steps_done + 1;
		programs_done++;
		/* At once: should the machine hang, what came tells how far it got. */
		if (fwrite(answers, 1, answered, stdout) != answered || fflush(stdout))
			die("standard output");
		answered = 0;
	}
	return 0;
}
