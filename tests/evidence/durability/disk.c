/* Preloaded before libc: records what a program does to a disk below one folder, or makes one call of it fail.
 *
 * Recording: every change of a file or a name, in the order in which it happened, goes into a trace. An entry is
 *   op (1) | inode (8) | first (8) | second (8) | length of a (4) | length of b (4) | a | b      (little-endian)
 *   C create a (inode)          W write b at first (inode)     T set length to first (inode)
 *   S sync (inode; second = 1 for a folder)                    D make folder a (inode)   X remove folder a
 *   R rename a to b             L link a as b                  U unlink a
 *   A acknowledge b: a write to the file that was named for it
 *   M a change that cannot be recorded (shared writable mapping, sendfile): the trace is then of no use
 * Shared mappings of "-shm" files are let pass: SQLite makes them anew when nobody has them open.
 *
 * Failing: the n-th change fails with EIO once, with ENOSPC from then on, is written by half, or ends the
 * process before or in the middle of it. Syncs are not passed on: it is the trace that says what was safe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NONE, EIO_ONCE, ENOSPC_ON, SHORT, KILL, KILL_HALF };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], acks[PATH_MAX];
static int trace = -1, kind = NONE, is_full;
static long count, target;

#define ENTER pthread_mutex_lock(&lock)
#define LEAVE(value) do { int kept_ = errno; pthread_mutex_unlock(&lock); errno = kept_; return (value); } while (0)

/* -- called by the program under test */

void disk_watch(const char *folder, const char *trace_path, const char *ack_path) {
    snprintf(root, sizeof root, "%s", folder);
    snprintf(acks, sizeof acks, "%s", ack_path);
    if (*trace_path) trace = (int)syscall(SYS_openat, AT_FDCWD, trace_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

void disk_arm(long call, int how) { count = 0; target = call; kind = how; is_full = 0; }
long disk_count(void) { return count; }

/* -- paths */

static int inside(const char *path) {
    size_t length = strlen(root);
    return length && !strncmp(path, root, length) && (path[length] == '/' || !path[length]);
}

static void absolute(int folder, const char *path, char *out) {
    char base[PATH_MAX] = "", link[64];
    if (path[0] != '/') {
        if (folder == AT_FDCWD) { if (!getcwd(base, sizeof base)) base[0] = 0; }
        else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t n = readlink(link, base, sizeof base - 1);
            base[n > 0 ? n : 0] = 0;
        }
    }
    if (snprintf(out, PATH_MAX, "%s%s%s", base, *base ? "/" : "", path) >= PATH_MAX) out[0] = 0;
}

static int of_fd(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = 0;
    return inside(out);
}

static int is_shared_memory(const char *path) {
    size_t n = strlen(path);
    return n > 4 && !strcmp(path + n - 4, "-shm");
}

static uint64_t inode_of(int fd) { struct stat s; return fstat(fd, &s) ? 0 : (uint64_t)s.st_ino; }

/* -- the trace */

static void put(char op, uint64_t inode, uint64_t first, uint64_t second, const void *a, size_t an, const void *b, size_t bn) {
    if (trace < 0) return;
    struct __attribute__((packed)) { char op; uint64_t inode, first, second; uint32_t an, bn; } head =
        {op, inode, first, second, (uint32_t)an, (uint32_t)bn};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)a, an}, {(void *)b, bn}};
    if (syscall(SYS_writev, trace, parts, 3) != (long)(sizeof head + an + bn)) _exit(99);
}

static void put_names(char op, uint64_t inode, const char *a, const char *b) {
    put(op, inode, 0, 0, a, strlen(a), b, b ? strlen(b) : 0);
}

/* -- faults: 0 to go on, -1 to fail with errno set, 1 to write by half, 2 to write by half and die */

static int fault(int takes_space, int is_write) {
    count++;
    if (is_full && takes_space) { errno = ENOSPC; return -1; }
    if (kind == NONE || count != target) return 0;
    switch (kind) {
    case EIO_ONCE: errno = EIO; return -1;
    case ENOSPC_ON: is_full = 1; if (!takes_space) return 0; errno = ENOSPC; return -1;
    case SHORT: return is_write ? 1 : 0;
    case KILL_HALF: if (is_write) return 2; /* fall through */
    case KILL: kill(getpid(), SIGKILL); pause();
    }
    return 0;
}

/* -- files */

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    absolute(folder, path, full);
    if (!inside(full) || (flags & O_ACCMODE) == O_RDONLY)
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    ENTER;
    struct stat before;
    int fresh = stat(full, &before) != 0;
    int changes = (fresh && (flags & O_CREAT)) || (!fresh && (flags & O_TRUNC) && before.st_size);
    if (changes && fault(1, 0) < 0) LEAVE(-1);
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && fresh) put_names('C', inode_of(fd), full, NULL);
    else if (fd >= 0 && changes) put('T', inode_of(fd), 0, 0, NULL, 0, NULL, 0);
    LEAVE(fd);
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
    mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); } \
    return opened(AT_FDCWD, path, flags, mode); }
#define OPENAT(name) int name(int folder, const char *path, int flags, ...) { \
    mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); } \
    return opened(folder, path, flags, mode); }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static ssize_t written(int fd, const struct iovec *parts, int n, off_t offset, int at_offset) {
    char path[PATH_MAX];
    if (!of_fd(fd, path)) {
        if (trace >= 0 && *acks && !strcmp(path, acks)) {
            ENTER;
            for (int i = 0; i < n; i++) put('A', 0, 0, 0, NULL, 0, parts[i].iov_base, parts[i].iov_len);
            ssize_t done = syscall(SYS_writev, fd, parts, n);
            LEAVE(done);
        }
        return at_offset ? syscall(SYS_pwritev, fd, parts, n, offset, 0) : syscall(SYS_writev, fd, parts, n);
    }
    ENTER;
    struct iovec half[1];
    int how = fault(1, 1);
    if (how < 0) LEAVE(-1);
    if (how > 0) { half[0] = parts[0]; half[0].iov_len = (half[0].iov_len + 1) / 2; parts = half; n = 1; }
    off_t at = at_offset ? offset : lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done = at_offset ? syscall(SYS_pwritev, fd, parts, n, offset, 0) : syscall(SYS_writev, fd, parts, n);
    ssize_t left = done;
    for (int i = 0; i < n && left > 0; i++) {
        size_t length = parts[i].iov_len < (size_t)left ? parts[i].iov_len : (size_t)left;
        put('W', inode_of(fd), (uint64_t)at, 0, NULL, 0, parts[i].iov_base, length);
        at += (off_t)length; left -= (ssize_t)length;
    }
    if (how == 2) { kill(getpid(), SIGKILL); pause(); }
    LEAVE(done);
}

ssize_t write(int fd, const void *data, size_t n) { struct iovec v = {(void *)data, n}; return written(fd, &v, 1, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { struct iovec v = {(void *)data, n}; return written(fd, &v, 1, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at) { struct iovec v = {(void *)data, n}; return written(fd, &v, 1, at, 1); }
ssize_t writev(int fd, const struct iovec *v, int n) { return written(fd, v, n, 0, 0); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return written(fd, v, n, at, 1); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at) { return written(fd, v, n, at, 1); }

static int synced(int fd, long call) {
    char path[PATH_MAX];
    struct stat s;
    if (!of_fd(fd, path)) return (int)syscall(call, fd);
    ENTER;
    if (fault(0, 0) < 0) LEAVE(-1);
    if (!fstat(fd, &s)) put('S', (uint64_t)s.st_ino, 0, S_ISDIR(s.st_mode) ? 1 : 0, path, strlen(path), NULL, 0);
    LEAVE(0);
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int cut(int fd, off_t length) {
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return (int)syscall(SYS_ftruncate, fd, length);
    ENTER;
    if (fault(0, 0) < 0) LEAVE(-1);
    int failed = (int)syscall(SYS_ftruncate, fd, length);
    if (!failed) put('T', inode_of(fd), (uint64_t)length, 0, NULL, 0, NULL, 0);
    LEAVE(failed);
}

int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off_t length) { return cut(fd, length); }

static int cut_path(const char *path, off_t length) {
    char full[PATH_MAX];
    absolute(AT_FDCWD, path, full);
    if (!inside(full)) return (int)syscall(SYS_truncate, path, length);
    ENTER;
    struct stat s;
    if (fault(0, 0) < 0) LEAVE(-1);
    int failed = (int)syscall(SYS_truncate, path, length);
    if (!failed && !stat(full, &s)) put('T', (uint64_t)s.st_ino, (uint64_t)length, 0, NULL, 0, NULL, 0);
    LEAVE(failed);
}

int truncate(const char *path, off_t length) { return cut_path(path, length); }
int truncate64(const char *path, off_t length) { return cut_path(path, length); }

/* -- names */

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    absolute(from_folder, from, a);
    absolute(to_folder, to, b);
    if (!inside(a) && !inside(b)) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    ENTER;
    if (fault(1, 0) < 0) LEAVE(-1);
    int failed = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (!failed) put_names(flags ? 'M' : 'R', 0, a, b);
    LEAVE(failed);
}

int rename(const char *a, const char *b) { return renamed(AT_FDCWD, a, AT_FDCWD, b, 0); }
int renameat(int x, const char *a, int y, const char *b) { return renamed(x, a, y, b, 0); }
int renameat2(int x, const char *a, int y, const char *b, unsigned f) { return renamed(x, a, y, b, f); }

static int linked(int x, const char *from, int y, const char *to, int flags) {
    char a[PATH_MAX], b[PATH_MAX];
    absolute(x, from, a);
    absolute(y, to, b);
    if (!inside(b)) return (int)syscall(SYS_linkat, x, from, y, to, flags);
    ENTER;
    if (fault(1, 0) < 0) LEAVE(-1);
    int failed = (int)syscall(SYS_linkat, x, from, y, to, flags);
    if (!failed) put_names('L', 0, a, b);
    LEAVE(failed);
}

int link(const char *a, const char *b) { return linked(AT_FDCWD, a, AT_FDCWD, b, 0); }
int linkat(int x, const char *a, int y, const char *b, int f) { return linked(x, a, y, b, f); }

static int unlinked(int folder, const char *path, int flags) {
    char full[PATH_MAX];
    absolute(folder, path, full);
    struct stat s;
    if (!inside(full) || lstat(full, &s)) return (int)syscall(SYS_unlinkat, folder, path, flags);
    ENTER;
    if (fault(0, 0) < 0) LEAVE(-1);
    int failed = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (!failed) put_names(flags & AT_REMOVEDIR ? 'X' : 'U', 0, full, NULL);
    LEAVE(failed);
}

int unlink(const char *path) { return unlinked(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return unlinked(folder, path, flags); }
int rmdir(const char *path) { return unlinked(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) { return unlinked(AT_FDCWD, path, 0); }

static int made(int folder, const char *path, mode_t mode) {
    char full[PATH_MAX];
    absolute(folder, path, full);
    struct stat s;
    if (!inside(full) || !lstat(full, &s)) return (int)syscall(SYS_mkdirat, folder, path, mode);
    ENTER;
    if (fault(1, 0) < 0) LEAVE(-1);
    int failed = (int)syscall(SYS_mkdirat, folder, path, mode);
    if (!failed && !stat(full, &s)) put_names('D', (uint64_t)s.st_ino, full, NULL);
    LEAVE(failed);
}

int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return made(folder, path, mode); }

/* -- what could not be recorded */

static void *mapped(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
    char path[PATH_MAX];
    if (*root && fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE) && of_fd(fd, path) && !is_shared_memory(path))
        put_names('M', 0, path, NULL);
    return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

void *mmap(void *a, size_t n, int p, int f, int fd, off_t o) { return mapped(a, n, p, f, fd, o); }
void *mmap64(void *a, size_t n, int p, int f, int fd, off_t o) { return mapped(a, n, p, f, fd, o); }

ssize_t sendfile(int out, int in, off_t *at, size_t n) {
    char path[PATH_MAX];
    if (of_fd(out, path)) put_names('M', 0, path, NULL);
    return syscall(SYS_sendfile, out, in, at, n);
}
ssize_t sendfile64(int out, int in, off_t *at, size_t n) { return sendfile(out, in, at, n); }
