import CLinux
import Glibc

/// Pipes, which are opened without waiting, so that one that nobody uses never keeps a command for ever.
extension FileHandle {
    /// For how long a pipe may be without anybody who writes into it, in tenths of a second.
    private static let patience = 100

    /// Whether there is something to read, now or later: only of a pipe that nobody opens to write there is not.
    func hasContentToCome() throws(FileError) -> Bool {
        guard lseek(descriptor, 0, SEEK_CUR) < 0, errno == ESPIPE else { return true }
        for _ in 0..<FileHandle.patience {
            // There is an event when there is content, and when all who wrote are gone; none before somebody comes.
            var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&asked, 1, 100) > 0 { return true }
            if try hasWriter() { return true }
        }
        return false
    }

    /// Whether somebody has the empty pipe open to write. Nothing is taken out of it.
    private func hasWriter() throws(FileError) -> Bool {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw FileError("read", path) }
        let count = knapsack_copy_of_pipe(descriptor, ends[1])
        let code = errno
        for end in ends { close(end) }
        return count > 0 || count < 0 && code == EAGAIN
    }

    /// Reading and writing wait from here on, as for a file that was opened without `O_NONBLOCK`.
    func waitForContent() throws(FileError) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0 else {
            throw FileError("open", path)
        }
    }
}
