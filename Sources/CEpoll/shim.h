// epoll(7) and sendfile(2). A union of C has no place in Swift, so that an event is a number here.
#ifndef KNAPSACK_CEPOLL_SHIM_H
#define KNAPSACK_CEPOLL_SHIM_H

#include <sys/epoll.h>
#include <sys/sendfile.h>

// Has `queue` tell once that there is something to read from `descriptor`, or with `isForWriting` that it takes bytes, or that
// it ended (EPOLLONESHOT): `number` names it then. `isNew` is 1 the first time, and 0 to be told again.
static inline int knapsack_watch(int queue, int descriptor, unsigned long long number, int isNew, int isForWriting) {
    unsigned int wanted = isForWriting ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
    struct epoll_event event = {.events = wanted | EPOLLONESHOT, .data = {.u64 = number}};
    return epoll_ctl(queue, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

// Waits for the next descriptor of a queue, so many milliseconds: 1 and its number, 0 after the time, -1 with errno set.
static inline int knapsack_next_watched(int queue, unsigned long long *_Nonnull number, int milliseconds) {
    struct epoll_event event;
    int count = epoll_wait(queue, &event, 1, milliseconds);
    if (count == 1) *number = event.data.u64;
    return count;
}

// Sends bytes of a file from `offset` on, without moving its position: how many, or -1 with errno set.
static inline long knapsack_send_file(int socket, int file, long offset, unsigned long count) {
    return sendfile(socket, file, &offset, count);
}

#endif
