// A disk with moods, put before a program by LD_PRELOAD. The file that GARDIEN_DISK names says which: it begins with h
// where whatever waits for the disk hangs, with f where the database finds no room to grow, with r where no file of the
// data folder opens for writing, with s where the database alone does not; anything else is a good day.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char mood(void) {
    const char *path = getenv("GARDIEN_DISK");
    char mood = 0;
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        if (read(file, &mood, 1) != 1) mood = 0;
        close(file);
    }
    return mood;
}

static void hang(void) {
    struct timespec pause = {0, 20000000};
    while (mood() == 'h') nanosleep(&pause, NULL);
}

static int grows_database(int file, off_t end) {
    char link[64], path[4096];
    struct stat state;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    if (!name || strncmp(name, "/gardien.db", 11) || strstr(name, "-shm")) return 0;
    return fstat(file, &state) == 0 && end > state.st_size && mood() == 'f';
}

int fdatasync(int file) {
    hang();
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return real(file);
}

int fsync(int file) {
    hang();
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return real(file);
}

// What opening refuses, also to root: permission bits would not.
static int refuses(const char *path, int flags) {
    if ((flags & O_ACCMODE) == O_RDONLY) return 0;
    const char *name = strrchr(path, '/');
    if (!name || strncmp(name, "/gardien.", 9)) return 0;
    char now = mood();
    if (now == 'r') return errno = EROFS;
    if (now == 's' && !strcmp(name, "/gardien.db")) return errno = EACCES;
    return 0;
}

typedef int (*opens)(const char *, int, ...);

#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        va_list more;                                                \
        va_start(more, flags);                                       \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                \
        if (refuses(path, flags)) return -1;                         \
        return ((opens)dlsym(RTLD_NEXT, #name))(path, flags, mode);  \
    }

OPEN(open)
OPEN(open64)

typedef ssize_t (*writes_at)(int, const void *, size_t, off_t);

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    if (grows_database(file, at + (off_t)count)) return errno = ENOSPC, -1;
    return ((writes_at)dlsym(RTLD_NEXT, "pwrite"))(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    if (grows_database(file, at + (off_t)count)) return errno = ENOSPC, -1;
    return ((writes_at)dlsym(RTLD_NEXT, "pwrite64"))(file, bytes, count, at);
}

ssize_t write(int file, const void *bytes, size_t count) {
    off_t at = lseek(file, 0, SEEK_CUR);
    if (at >= 0 && grows_database(file, at + (off_t)count)) return errno = ENOSPC, -1;
    return ((ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(file, bytes, count);
}
