// Millions of requests per second of processor time that libCacheSim serves, and what it misses,
// in the lines of `src/bin/serve-trace.rs`, to which `against-libcachesim.sh` compares them. As
// there, the trace is in memory before the clock starts, and every policy starts anew ten times.
//
//   libcachesim TRACE.csv HASHPOWER CAPACITY POLICY...
//
// HASHPOWER is the binary logarithm of the size of libCacheSim's hash table.
#include <libCacheSim/cache.h>
#include <libCacheSim/evictionAlgo.h>
#include <libCacheSim/request.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
  const char *name;
  cache_t *(*init)(const common_cache_params_t, const char *);
} policies[] = {
    {"fifo", FIFO_init},         {"lru", LRU_init},         {"clock", Clock_init},
    {"lfu", LFU_init},           {"slru", SLRU_init},       {"2q", TwoQ_init},
    {"arc", ARC_init},           {"gdsf", GDSF_init},       {"s3-fifo", S3FIFO_init},
    {"sieve", Sieve_init},       {"w-tinylfu", WTinyLFU_init},
    {"belady", Belady_init},     {"belady-size", BeladySize_init},
};

typedef struct {
  int64_t time, size, next;
  uint64_t key;
} asked_t;

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static asked_t *read_trace(const char *path, size_t *count) {
  FILE *file = fopen(path, "r");
  char line[256];
  if (file == NULL || fgets(line, sizeof line, file) == NULL) {
    perror(path);
    exit(2);
  }
  size_t room = 1 << 20, n = 0;
  asked_t *asked = malloc(room * sizeof *asked);
  while (fgets(line, sizeof line, file) != NULL) {
    if (n == room) asked = realloc(asked, (room *= 2) * sizeof *asked);
    if (sscanf(line, "%ld,%lu,%ld", &asked[n].time, &asked[n].key, &asked[n].size) != 3) {
      fprintf(stderr, "%s, line %zu: not `time,key,size` in numbers\n", path, n + 2);
      exit(2);
    }
    n++;
  }
  fclose(file);
  *count = n;
  return asked;
}

static const asked_t *sorted;

static int by_key_then_place(const void *a, const void *b) {
  size_t i = *(const size_t *)a, j = *(const size_t *)b;
  if (sorted[i].key != sorted[j].key) return sorted[i].key < sorted[j].key ? -1 : 1;
  return i < j ? -1 : 1;
}

// The next request for the same key, counted from 1; the greatest number where there is none.
static void find_next(asked_t *asked, size_t count) {
  size_t *order = malloc(count * sizeof *order);
  for (size_t i = 0; i < count; i++) order[i] = i;
  sorted = asked;
  qsort(order, count, sizeof *order, by_key_then_place);
  for (size_t i = 0; i < count; i++) {
    int again = i + 1 < count && asked[order[i]].key == asked[order[i + 1]].key;
    asked[order[i]].next = again ? (int64_t)order[i + 1] + 1 : INT64_MAX;
  }
  free(order);
}

enum { ROUNDS = 10 };

static void run(size_t policy, const asked_t *asked, size_t count, uint64_t capacity, int power) {
  common_cache_params_t params = {
      .cache_size = capacity, .default_ttl = 86400 * 300, .hashpower = power};
  uint64_t misses = 0, missed_bytes = 0;
  double seconds = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double start = processor_seconds();
    cache_t *cache = policies[policy].init(params, NULL);
    request_t *request = new_request();
    misses = missed_bytes = 0;
    for (size_t i = 0; i < count; i++) {
      request->clock_time = asked[i].time;
      request->obj_id = asked[i].key;
      request->obj_size = asked[i].size;
      request->next_access_vtime = asked[i].next;
      if (!cache->get(cache, request)) {
        misses++;
        missed_bytes += (uint64_t)asked[i].size;
      }
    }
    seconds += processor_seconds() - start;
    cache->cache_free(cache);
    free_request(request);
  }
  printf("%s,%lu,%zu,%lu,%lu,%.2f\n", policies[policy].name, capacity, count, misses,
         missed_bytes, ROUNDS * (double)count / seconds / 1e6);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: libcachesim TRACE.csv HASHPOWER CAPACITY POLICY...\n");
    return 2;
  }
  size_t count;
  asked_t *asked = read_trace(argv[1], &count);
  find_next(asked, count);
  for (int arg = 4; arg < argc; arg++)
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
      if (strcmp(policies[i].name, argv[arg]) == 0)
        run(i, asked, count, strtoul(argv[3], NULL, 10), atoi(argv[2]));
  return 0;
}
