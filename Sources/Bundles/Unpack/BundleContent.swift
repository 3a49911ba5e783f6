package import Formats
package import Manifests
package import Storage

/// A bundle whose stored files can be read at any place.
package protocol BundleContent: StoredRanges {
    /// What it is called in messages.
    var name: String { get }

    /// The size in bytes of the file that is stored at a path of the bundle, or `nil` if there is none.
    func size(of path: RelativePath) throws -> Int?
}

extension BundleContent {
    /// Reads the bundle's own lock.
    func lock() throws -> Lock { try Lock.parse(lockBytes(), path: Lock.bundledName.joined(to: name)) }

    /// Reads the bytes of the bundle's own lock.
    func lockBytes() throws -> [UInt8] {
        let size: Int?
        do {
            size = try self.size(of: Lock.bundledName)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .unreadable, "\(name): its lock cannot be read", notes: ["\(error)"],
                    fix: "pack the bundle again", verdict: .undecided))
        }
        guard let size else {
            throw Diagnostics(
                Diagnostic(
                    code: .notABundle, "\(name) has no \(Lock.bundledName), so it is not a whole bundle",
                    fix: "name the directory that knapsack pack wrote", verdict: .undecided))
        }
        guard size <= Lock.sizeLimit else {
            throw Diagnostics(
                Diagnostic(
                    code: .lockMalformed, "\(name): its lock has \(size) bytes",
                    notes: ["at most \(Lock.sizeLimit) are allowed"], verdict: .undecided))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var buffer = Buffer(count: min(max(size, 1), FileReader.blockSize))
        try read(Lock.bundledName, 0..<size, into: &buffer) { block in
            for index in block.indices { bytes.append(block[index]) }
        }
        return bytes
    }
}

/// A bundle that is in a directory. No link in it is followed: bundles have none.
package struct DirectoryContent: BundleContent {
    /// The directory as it was named.
    package let name: String
    /// The directory, absolute and without links.
    package let path: String
    private let root: OpenDirectory
    /// What was opened below it, so that very many files of one directory open it once.
    private let opened = OpenedDirectories()

    /// Opens the directory, which may be named by a link.
    package init(_ directory: String) throws(Diagnostics) {
        do throws(FileError) {
            path = try Directory.realPath(named: directory)
            root = try OpenDirectory.opening(path)
        } catch {
            throw Diagnostics(notADirectory: directory, error)
        }
        name = directory
    }

    /// As ``BundleContent`` states; a link or a device in a file's place is an error.
    package func size(of path: RelativePath) throws -> Int? {
        do {
            let status = try directory(of: path).status(of: path.name)
            guard status.map({ $0.kind == .file }) != false else { return try open(path).status().size }
            return status?.size
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }

    /// As ``StoredRanges`` states.
    package func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        let file = try open(path)
        if range.count > FileReader.blockSize { file.willReadSequentially() }
        var position = range.lowerBound
        while position < range.upperBound {
            if Task.isCancelled { throw ReadFailure.cancelled }
            let count = try file.read(into: &buffer, at: position, atMost: range.upperBound - position)
            guard count > 0 else { throw ReadFailure.changed(path: file.path) }
            try buffer.withBytes(count, block)
            position += count
        }
    }

    private func open(_ path: RelativePath) throws -> FileHandle {
        try directory(of: path).reading(path.name)
    }

    /// The directory that a file is in.
    private func directory(of path: RelativePath) throws(FileError) -> OpenDirectory {
        guard let parent = path.parent else { return root }
        if let open = opened.directory(parent) { return open }
        let own = try directory(of: parent).directory(parent.name)
        opened.keep(own, at: parent)
        return own
    }
}
