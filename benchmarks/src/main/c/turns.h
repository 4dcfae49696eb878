// SPDX-License-Identifier: Apache-2.0
/*
 * A program that times requests when it is told to. It reads lines "CASE CALLS THREADS" and answers each with the
 * nanoseconds that all the calls took. With 2 threads the second one sleeps: Linux then counts references to the file in
 * each call, as it does for every Java process. To be included after requests.h; CTwin.java is the other side.
 */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>

struct timed {
	const char *name;
	void (*once)(void);
};

static void *sleep_until_posted(void *semaphore)
{
	while (sem_wait(semaphore))
		;
	return NULL;
}

static int64_t time_calls(void (*once)(void), long calls, int threads)
{
	pthread_t second;
	sem_t end;
	int64_t begin, spent;

	sem_init(&end, 0, 0);
	if (threads > 1 && (errno = pthread_create(&second, NULL, sleep_until_posted, &end)))
		die("pthread_create");
	begin = now();
	for (long i = 0; i < calls; i++)
		once();
	spent = now() - begin;
	if (threads > 1) {
		sem_post(&end);
		pthread_join(second, NULL);
	}
	sem_destroy(&end);
	return spent;
}

/* Until the input ends: the exit status. */
static int take_turns(const struct timed *cases, size_t count)
{
	char name[32];
	long calls;
	int threads;

	while (scanf("%31s %ld %d", name, &calls, &threads) == 3) {
		void (*once)(void) = NULL;

		for (size_t i = 0; i < count; i++)
			if (strcmp(cases[i].name, name) == 0)
				once = cases[i].once;
		if (!once) {
			fprintf(stderr, PROGRAM ": no case '%s'\n", name);
			return 2;
		}
		printf("%" PRId64 "\n", time_calls(once, calls, threads));
		fflush(stdout);
	}
	return 0;
}
