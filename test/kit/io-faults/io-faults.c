// Fails one call of the C library on the files of one directory, or all of them from one on. Loaded by LD_PRELOAD.
//
//   IO_FAULTS_DIR     the directory; its path, absolute
//   IO_FAULTS_LOG     where a line is appended for each call that was failed
//   IO_FAULTS_AT      the call that fails, from 1; 0 or unset: none
//   IO_FAULTS_HOW     see below
//
// A program may set the last two anew by access("/io-faults/AT/HOW"): counting then begins again at 1, and a line says
// how many calls there were. Between "/io-faults/rest" and "/io-faults/work" nothing is counted. The digits of HOW: the first says which error (0: EIO; 1: the one a disk would give: ENOSPC to writing, EACCES to opening; 2: EIO,
// and locks that are given back are the only calls that are counted and fail), the second says how often (0: once; 1: every call from there on; 2: every AT-th call).
// Invariant: a call that fails has done nothing, but for close(), which closes. Not here: who compiles and loads it
// (io-faults.ts).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536
enum kind { OPENING, WRITING, UNLOCKING, OTHER };

static const char *directory, *log_file;
static size_t directory_length;
static atomic_long failing_call, calls;
static atomic_int how, rests, by_environment;
static atomic_char is_ours[FILES_MAX];

#define REAL(name) ({ static __typeof__(&name) found; if (!found) found = dlsym(RTLD_NEXT, #name); found; })

__attribute__((constructor)) static void begin(void) {
  directory = getenv("IO_FAULTS_DIR");
  log_file = getenv("IO_FAULTS_LOG");
  directory_length = directory ? strlen(directory) : 0;
  const char *at = getenv("IO_FAULTS_AT"), *with = getenv("IO_FAULTS_HOW");
  failing_call = at ? atol(at) : 0;
  by_environment = failing_call != 0;
  how = with ? atoi(with) : 0;
}

static int path_is_ours(const char *path) {
  return directory && path && strncmp(path, directory, directory_length) == 0;
}

static int file_is_ours(int fd) { return fd >= 0 && fd < FILES_MAX && is_ours[fd]; }

static void note(const char *call, long n, const char *path, int fd, int error) {
  if (!log_file) return;
  char of[64], name[512] = "", line[768];
  if (!path && fd >= 0) {
    snprintf(of, sizeof of, "/proc/self/fd/%d", fd);
    ssize_t length = REAL(readlink)(of, name, sizeof name - 1);
    if (length > 0) name[length] = 0;
  }
  int length = snprintf(line, sizeof line, "%ld %s %s %s\n", n, call, strerrorname_np(error), path ? path : name);
  int log = REAL(open64)(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return;
  if (REAL(write)(log, line, length) < 0) { /* Nobody to tell. */ }
  REAL(close)(log);
}

/** Whether this call on a file of ours is to fail; sets errno then. */
static int fails(const char *call, enum kind kind, const char *path, int fd) {
  if (rests || (how / 10 == 2) != (kind == UNLOCKING)) return 0;
  long n = ++calls, at = failing_call;
  int error_is_natural = how / 10 == 1, often = how % 10;
  if (at == 0 || (often == 0 ? n != at : often == 1 ? n < at : n % at != 0)) return 0;
  // Of several processes, and of one that is started again, the first that comes there.
  if (by_environment && often == 0 && log_file && REAL(access)(log_file, F_OK) == 0) return 0;
  int error = EIO;
  if (error_is_natural && kind == WRITING) error = ENOSPC;
  if (error_is_natural && kind == OPENING) error = EACCES;
  note(call, n, path, fd, error);
  errno = error;
  return 1;
}

#define FAILS_AT(path, kind) (path_is_ours(path) && fails(__func__, kind, path, -1))
#define FAILS_ON(fd, kind) (file_is_ours(fd) && fails(__func__, kind, NULL, fd))

static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < FILES_MAX) is_ours[fd] = path_is_ours(path);
  return fd;
}

#define OPEN(name)                                                   \
  int name(const char *path, int flags, ...) {                       \
    va_list rest;                                                    \
    va_start(rest, flags);                                           \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                    \
    if (FAILS_AT(path, OPENING)) return -1;                          \
    return opened(REAL(name)(path, flags, mode), path);              \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  int ours = file_is_ours(fd);
  if (fd >= 0 && fd < FILES_MAX) is_ours[fd] = 0;
  int answer = REAL(close)(fd);
  return ours && fails("close", OTHER, NULL, -1) ? -1 : answer;
}

static int is_lock(int command) { return command == F_SETLK || command == F_SETLKW || command == F_GETLK; }

/** Locks live in memory, so those of a disk that is gone cannot fail. */
static int lock_is_sure(int command) { return is_lock(command) && (how == 1 || how == 11); }

/** Giving locks back fails apart from the rest: SQLite relies on it, and waits ten seconds for a lock that stays. */
static enum kind kind_of(int command, const struct flock *lock) {
  return is_lock(command) && lock->l_type == F_UNLCK ? UNLOCKING : OTHER;
}

#define FCNTL(name)                                 \
  int name(int fd, int command, ...) {              \
    va_list rest;                                   \
    va_start(rest, command);                        \
    void *argument = va_arg(rest, void *);          \
    va_end(rest);                                   \
    if (!lock_is_sure(command) && FAILS_ON(fd, kind_of(command, argument))) return -1; \
    return REAL(name)(fd, command, argument);       \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

#define ON(kind, type, name, parameters, arguments) \
  type name parameters { return FAILS_ON(fd, kind) ? (type)-1 : REAL(name) arguments; }
ON(OTHER, ssize_t, read, (int fd, void *to, size_t n), (fd, to, n))
ON(OTHER, ssize_t, pread64, (int fd, void *to, size_t n, off64_t at), (fd, to, n, at))
ON(OTHER, ssize_t, readv, (int fd, const struct iovec *to, int n), (fd, to, n))
ON(OTHER, ssize_t, preadv64, (int fd, const struct iovec *to, int n, off64_t at), (fd, to, n, at))
ON(WRITING, ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n))
ON(WRITING, ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at))
ON(WRITING, ssize_t, writev, (int fd, const struct iovec *from, int n), (fd, from, n))
ON(WRITING, ssize_t, pwritev64, (int fd, const struct iovec *from, int n, off64_t at), (fd, from, n, at))
ON(OTHER, int, fsync, (int fd), (fd))
ON(OTHER, int, fdatasync, (int fd), (fd))
ON(WRITING, int, ftruncate64, (int fd, off64_t length), (fd, length))
ON(OTHER, int, fstat64, (int fd, struct stat64 *to), (fd, to))
ON(OTHER, int, fchmod, (int fd, mode_t mode), (fd, mode))
ON(OTHER, int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))

#define AT(kind, type, name, parameters, arguments) \
  type name parameters { return FAILS_AT(path, kind) ? (type)-1 : REAL(name) arguments; }
AT(OPENING, int, stat64, (const char *path, struct stat64 *to), (path, to))
AT(OPENING, int, lstat64, (const char *path, struct stat64 *to), (path, to))
AT(OPENING, int, unlink, (const char *path), (path))
AT(OPENING, int, chmod, (const char *path, mode_t mode), (path, mode))
AT(OPENING, int, rename, (const char *path, const char *to), (path, to))
AT(WRITING, int, mkdir, (const char *path, mode_t mode), (path, mode))
AT(OPENING, ssize_t, readlink, (const char *path, char *to, size_t n), (path, to, n))

int access(const char *path, int mode) {
  long at;
  int with;
  if (sscanf(path, "/io-faults/%ld/%d", &at, &with) == 2) {
    note("calls", calls, "", -1, 0);
    failing_call = 0;
    by_environment = 0;
    calls = 0;
    how = with;
    rests = 0;
    failing_call = at;
    return 0;
  }
  if (strcmp(path, "/io-faults/rest") == 0) {
    rests = 1;
    return 0;
  }
  if (strcmp(path, "/io-faults/work") == 0) {
    rests = 0;
    return 0;
  }
  return FAILS_AT(path, OPENING) ? -1 : REAL(access)(path, mode);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset) {
  return FAILS_ON(fd, WRITING) ? MAP_FAILED : REAL(mmap64)(at, length, protection, flags, fd, offset);
}

/** Node closes, and asks for statx(2), this way. */
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long), d = va_arg(rest, long),
       e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_close) return close((int)a);
  if (number == SYS_statx && ((path_is_ours((const char *)b) && fails("statx", OPENING, (const char *)b, -1)) ||
                              (file_is_ours((int)a) && fails("statx", OTHER, NULL, (int)a))))
    return -1;
  return REAL(syscall)(number, a, b, c, d, e, f);
}
