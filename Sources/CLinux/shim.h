// Linux calls that Swift's Glibc module does not show: glibc declares renameat2(2), syncfs(2),
// sync_file_range(2), fallocate(2), tee(2) and pipe2(2) only under _GNU_SOURCE, and flock(2) shares its name with a structure.
#ifndef KNAPSACK_CLINUX_SHIM_H
#define KNAPSACK_CLINUX_SHIM_H

#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>

extern int renameat2(int from_directory, const char *_Nonnull from, int to_directory,
                     const char *_Nonnull to, unsigned int flags);
extern int flock(int descriptor, int operation);
extern int pipe2(int *_Nonnull ends, int flags);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *_Nonnull actions,
                                                const char *_Nonnull path);
extern int syncfs(int descriptor);
extern int sync_file_range(int descriptor, long offset, long count, unsigned int flags);
extern int fallocate(int descriptor, int mode, long offset, long count);
extern long tee(int from, int to, unsigned long count, unsigned int flags);

// Returns 0 when the lock was taken, -1 with errno set otherwise. `descriptor` stays the caller's.
static inline int knapsack_flock(int descriptor, int operation) { return flock(descriptor, operation); }

// Starts writing the range to the disk and returns without waiting for it (SYNC_FILE_RANGE_WRITE).
static inline int knapsack_start_writeback(int descriptor, long offset, long count) {
    return sync_file_range(descriptor, offset, count, 2);
}

// Makes a pipe whose ends no other program gets (O_CLOEXEC), also not one that another thread starts at that moment.
static inline int knapsack_pipe(int *_Nonnull ends) { return pipe2(ends, 02000000); }

// Has a program that is started begin in a directory.
static inline int knapsack_spawn_in(posix_spawn_file_actions_t *_Nonnull actions, const char *_Nonnull path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

// Has the kernel kill this process when the thread that started it ends (PR_SET_PDEATHSIG); 0 where it will.
static inline int knapsack_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

// Gives the room of a range back to the file system, which then reads as zeros (FALLOC_FL_KEEP_SIZE, _PUNCH_HOLE).
static inline int knapsack_make_hole(int descriptor, long offset, long count) {
    return fallocate(descriptor, 3, offset, count);
}

// Blocks of 256 KiB and more go back to the system when they are freed, and threads share four heaps. 1 where it holds.
static inline int knapsack_return_memory(void) {
    return mallopt(M_MMAP_THRESHOLD, 1 << 18) && mallopt(M_ARENA_MAX, 4);
}

// Swaps two names of one file system atomically (RENAME_EXCHANGE).
static inline int knapsack_exchange(const char *_Nonnull first, const char *_Nonnull second) {
    return renameat2(-100, first, -100, second, 2);
}

// Waits until everything that was written to the file system of `descriptor` is on the disk.
static inline int knapsack_synchronize_file_system(int descriptor) { return syncfs(descriptor); }

// Renames, and fails with EEXIST where `to` exists (RENAME_NOREPLACE).
static inline int knapsack_rename_new(const char *_Nonnull from, const char *_Nonnull to) {
    return renameat2(-100, from, -100, to, 1);
}

// The same for names in open directories.
static inline int knapsack_rename_new_at(int from_directory, const char *_Nonnull from, int to_directory,
                                         const char *_Nonnull to) {
    return renameat2(from_directory, from, to_directory, to, 1);
}

// Copies a byte of a pipe into another one, without taking it out (SPLICE_F_NONBLOCK): 0 where nobody has the pipe open to
// write, -1 with EAGAIN where somebody has and nothing is in it.
static inline long knapsack_copy_of_pipe(int from, int to) { return tee(from, to, 1, 2); }

#endif
