// What keeps the released binary running on glibc 2.35 although it is linked on Debian 12, which has 2.36: a function
// of the binary's own comes before one of the C library.
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

// glibc has it since 2.36 (Swift's SystemRandomNumberGenerator). It never fails there, so it must not fail here:
// getrandom(2) does for other reasons than a signal only on kernels before 3.17, and there Swift's runtime ends
// the process, too.
void arc4random_buf(void *buffer, size_t count) {
    char *next = buffer;
    while (count > 0) {
        ssize_t got = getrandom(next, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) abort();
        next += got;
        count -= (size_t)got;
    }
}
