/* Makes the n-th file operation below a folder fail, in a process that is started with this as LD_PRELOAD.

   FAULT_UNDER  the folder; operations elsewhere are not counted
   FAULT_AT     which operation fails, from 1; 0 for none
   FAULT_KIND   eio, enospc, or short: half of it is written, and the next write finds no space
   FAULT_COUNT  file that takes, at the end, how many operations there were

   Reading is only counted, and only fails, with eio. What was read to its end is in the page cache, and is not read from the
   disk again before the program is up, which it notes in the file `head`. Each fault happens once: a program that goes on after it would meet a
   disk that works again, which is when it could lose something in silence. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FILES 4096

enum { NONE, FAIL, HALF };

static _Atomic long count;
static _Atomic int no_space_next;
static _Atomic int cached;
enum { OTHER = 1, DATABASE, HEAD };
static _Atomic char watched[FILES];
static const char *under, *kind;
static long at;

static int is_kind(const char *name) { return kind && strcmp(kind, name) == 0; }

__attribute__((constructor)) static void begin(void) {
    under = getenv("FAULT_UNDER");
    kind = getenv("FAULT_KIND");
    at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", atomic_load(&count));
        fclose(file);
    }
}

static int is_under(const char *path) { return under && path && strncmp(path, under, strlen(under)) == 0; }
static int is_watched(int fd) { return fd >= 0 && fd < FILES ? watched[fd] : 0; }

/* Counts one operation and says what becomes of it; errno is set where it fails. */
static int judge(int reads, int writes) {
    if (reads && !is_kind("eio")) return NONE;
    if (writes && atomic_exchange(&no_space_next, 0)) {
        errno = ENOSPC;
        return FAIL;
    }
    if (atomic_fetch_add(&count, 1) + 1 != at) return NONE;
    if (is_kind("short") && writes) {
        atomic_store(&no_space_next, 1);
        return HALF;
    }
    errno = is_kind("eio") ? EIO : ENOSPC;
    return FAIL;
}

static int ends(const char *path, const char *name) {
    size_t all = strlen(path), part = strlen(name);
    return all >= part && strcmp(path + all - part, name) == 0;
}

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < FILES)
        watched[fd] = !is_under(path) ? 0 : ends(path, "/store/db") ? DATABASE : ends(path, "/head") ? HEAD : OTHER;
    return fd;
}

#define OPEN(name)                                                                  \
    int name(const char *path, int flags, ...) {                                    \
        REAL(name);                                                                 \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;     \
        va_end(rest);                                                               \
        if (is_under(path) && judge(0, 0) == FAIL) return -1;                       \
        return opened(real(path, flags, mode), path);                     \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(close);
    if (fd >= 0 && fd < FILES) watched[fd] = 0;
    return real(fd);
}

#define WRITE(name, arguments, whole, half)                                         \
    ssize_t name arguments {                                                        \
        REAL(name);                                                                 \
        int fate = is_watched(fd) ? judge(0, 1) : NONE;                             \
        if (is_watched(fd) == HEAD) cached = 0;                                     \
        if (fate == FAIL) return -1;                                                \
        return fate == HALF && size > 1 ? real half : real whole;                   \
    }
WRITE(write, (int fd, const void *bytes, size_t size), (fd, bytes, size), (fd, bytes, size / 2))
WRITE(pwrite, (int fd, const void *bytes, size_t size, off_t place), (fd, bytes, size, place), (fd, bytes, size / 2, place))
WRITE(pwrite64, (int fd, const void *bytes, size_t size, off64_t place), (fd, bytes, size, place),
      (fd, bytes, size / 2, place))

#define READ(name, arguments, whole)                                                \
    ssize_t name arguments {                                                        \
        REAL(name);                                                                 \
        int file = is_watched(fd);                                                  \
        if (file && !(file == DATABASE && cached) && judge(1, 0) == FAIL) return -1;\
        ssize_t found = real whole;                                                 \
        if (file == DATABASE && found == 0 && size > 0) cached = 1;                 \
        return found;                                                               \
    }
READ(read, (int fd, void *bytes, size_t size), (fd, bytes, size))
READ(pread, (int fd, void *bytes, size_t size, off_t place), (fd, bytes, size, place))
READ(pread64, (int fd, void *bytes, size_t size, off64_t place), (fd, bytes, size, place))

#define ON_FILE(name, arguments, whole)                                             \
    int name arguments {                                                            \
        REAL(name);                                                                 \
        if (is_watched(fd) && judge(0, 0) == FAIL) return -1;                       \
        return real whole;                                                          \
    }
ON_FILE(fsync, (int fd), (fd))
ON_FILE(fdatasync, (int fd), (fd))
ON_FILE(ftruncate, (int fd, off_t size), (fd, size))
ON_FILE(ftruncate64, (int fd, off64_t size), (fd, size))
ON_FILE(sync_file_range, (int fd, off64_t from, off64_t size, unsigned int flags), (fd, from, size, flags))

#define ON_PATH(name, arguments, whole)                                             \
    int name arguments {                                                            \
        REAL(name);                                                                 \
        if (is_under(path) && judge(0, 0) == FAIL) return -1;                       \
        return real whole;                                                          \
    }
ON_PATH(rename, (const char *path, const char *to), (path, to))
ON_PATH(unlink, (const char *path), (path))
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
