import Glibc

/// Why a file could not be read to its end as the file that was opened.
package enum ReadFailure: Error, Sendable, CustomStringConvertible {
    /// A system call failed.
    case file(FileError)
    /// The file changed while it was read: its size, times or identity are not what they were.
    case changed(path: String)
    /// The digest could not be computed.
    case hashing(HashingFailure)
    /// The task was cancelled.
    case cancelled

    /// What to tell a person.
    package var description: String {
        switch self {
        case .file(let error): error.description
        case .changed(let path): "\(path) changed while it was read"
        case .hashing(let failure): failure.description
        case .cancelled: "interrupted"
        }
    }
}

/// Reading of whole files, once, in blocks, with what came out and the file's status at that time.
package enum FileReader {
    /// The size of the blocks in which files are read: 1 MiB is past the point where the system call
    /// counts, and stays in the second-level cache between reading and hashing.
    package static let blockSize = 1 << 20

    /// What a file was when it was read to its end.
    package struct Result: Equatable, Sendable {
        /// The file's status, equal before and after.
        package let status: FileStatus
        /// The digests of the content.
        package let digests: ContentDigests
    }

    /// Reads a file to its end and hashes it, and hands each block to `block`, in order.
    ///
    /// - Parameters:
    ///   - path: a regular file; a link is refused.
    ///   - gitBlob: whether the git blob name is wanted too.
    ///   - buffer: where blocks are read into.
    ///   - block: receives the bytes, which are only lent; an error stops the reading.
    /// - Throws: ``ReadFailure``, or whatever `block` throws.
    package static func read(
        _ path: String, gitBlob: Bool, buffer: inout Buffer, block: (Span<UInt8>) throws -> Void
    ) throws -> Result {
        let file: FileHandle
        do throws(FileError) {
            file = try FileHandle.reading(path)
        } catch {
            throw ReadFailure.file(error)
        }
        return try read(file, gitBlob: gitBlob, buffer: &buffer, block: block)
    }

    /// The same for a file that is open, and that nothing was read of.
    package static func read(
        _ file: borrowing FileHandle, gitBlob: Bool, buffer: inout Buffer,
        block: (Span<UInt8>) throws -> Void
    ) throws -> Result {
        let path = file.path
        do {
            let before = try file.status()
            var hasher = try ContentHasher(gitBlobLength: gitBlob ? before.size : nil)
            file.willReadSequentially()
            var total = 0
            while true {
                if Task.isCancelled { throw ReadFailure.cancelled }
                let count = try file.read(into: &buffer)
                if count == 0 { break }
                total += count
                // A file that grows without end would otherwise be read for ever.
                guard total <= before.size else { throw ReadFailure.changed(path: path) }
                try buffer.withBytes(count) { bytes in
                    try hasher.update(bytes)
                    try block(bytes)
                }
            }
            guard total == before.size, try file.status() == before else {
                throw ReadFailure.changed(path: path)
            }
            return Result(status: before, digests: try hasher.finish())
        } catch let error as FileError {
            throw ReadFailure.file(error)
        } catch let error as HashingFailure {
            throw ReadFailure.hashing(error)
        }
    }

    /// The whole of a small file.
    /// - Parameter limit: the most bytes that are read; a larger file is an error (`EFBIG`).
    package static func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
        try contents(of: try FileHandle.reading(path), limit: limit)
    }

    /// The whole of a small file that a person named: links are followed, and an error states what stands there instead,
    /// and under which name it was looked for.
    /// - Parameter limit: the most bytes that are read; a larger file is an error (`EFBIG`).
    package static func contents(named name: String, limit: Int) throws(FileError) -> [UInt8] {
        try contents(of: try FileHandle.named(name), limit: limit)
    }

    private static func contents(
        of file: borrowing FileHandle, limit: Int
    ) throws(FileError) -> [UInt8] {
        let size = try file.status().size
        guard size <= limit else { throw FileError("read", file.path, code: EFBIG) }
        var buffer = Buffer(count: min(size, blockSize))
        var content: [UInt8] = []
        content.reserveCapacity(size)
        while content.count < size {
            let count = try file.read(into: &buffer)
            guard count > 0 else { break }
            let wanted = min(count, size - content.count)
            // SAFETY: the bytes are only read, while they are lent.
            buffer.withBytes(wanted) { bytes in
                unsafe bytes.withUnsafeBufferPointer { unsafe content.append(contentsOf: $0) }
            }
        }
        return content
    }
}
