import Formats
import Glibc
package import Manifests
package import Storage

/// The bundles that another one builds on, as far as they were named: known by the digests of their locks.
package struct BaseSet: Sendable {
    private var contents: [SHA256Digest: any BundleContent] = [:]
    /// The bases that files of the bundle refer to and that were not named, in the lock's order.
    package private(set) var missing: [LockedBase] = []

    /// No bases.
    package static let none = BaseSet()

    private init() {}

    /// Opens bases.
    ///
    /// - Parameters:
    ///   - paths: directories or archives; of an archive that is compressed, what the lock refers to has to fit into memory.
    ///   - lock: the lock of the bundle that builds on them.
    ///   - scratch: gives a directory for what is compressed, where it is needed; `nil` keeps it in memory.
    /// - Throws: where one of them cannot be read, or is not one of the bundles that the lock names.
    package init(
        _ paths: [String], for lock: Lock, scratch: (@Sendable () throws -> String)? = nil
    ) throws {
        for (number, path) in paths.enumerated() {
            let content = try BaseSet.open(
                path, for: lock,
                compressed: scratch.map { scratch in
                    .inFiles { Path.join(try scratch(), "base-\(number)") }
                } ?? .inMemory)
            let bytes = try content.lockBytes()
            let digest = try ContentHasher.sha256(bytes.span)
            guard lock.base(digest) != nil else {
                throw Diagnostics(BaseSet.other(path, bytes, digest, lock))
            }
            if contents[digest] == nil { contents[digest] = content }
        }
        let used = lock.usedBases
        missing = lock.bases.filter { used.contains($0.sha256) && contents[$0.sha256] == nil }
    }

    /// The locks of the bases that were named, by their digests.
    /// - Throws: where one of them cannot be read.
    package func locks() throws -> [SHA256Digest: Lock] { try contents.mapValues { try $0.lock() } }

    /// The base that has a range; `nil` for what the bundle itself stores.
    /// - Throws: where the base was not named.
    func source(of segment: Segment) throws -> (any BundleContent)? {
        guard let base = segment.base else { return nil }
        guard let content = contents[base] else { throw FileError("open", segment.at.text, code: ENOENT) }
        return content
    }

    /// Whether all bases that a file needs were named.
    func has(_ file: SegmentedFile) -> Bool { has(file.segments) }

    /// Whether all bases that ranges need were named.
    func has(_ segments: [Segment]) -> Bool {
        segments.allSatisfy { $0.base.map { contents[$0] != nil } ?? true }
    }

    /// What is wrong with the stored files of bases that a file refers to, without a look at their content: one is missing,
    /// ends too early, or is longer than the file that it is all of.
    func problem(_ file: SegmentedFile) throws -> Diagnostic? {
        for segment in file.segments {
            guard let content = try source(of: segment) else { continue }
            let size = try content.size(of: segment.at)
            // The lock's reader made sure that no range ends past 2^63.
            let end = segment.offset + segment.length
            if let size, file.isWhole ? size == end : size >= end { continue }
            return Diagnostic(
                code: size == nil ? .missing : .changed,
                "\(content.name): \(segment.at) " + (size.map { "has \($0) bytes" } ?? "is missing"),
                notes: [
                    "needed for \(file.name)", "expected \(file.isWhole ? "" : "at least ")\(end) bytes",
                ],
                fix: "copy the base again")
        }
        return nil
    }

    /// The finding that a bundle cannot be proved, or used, without its bases.
    /// - Parameter files: how many files need those that were not named.
    func missingFinding(_ files: Int, of bundle: String) -> Diagnostic {
        let names = missing.map(\.name).joined(separator: ", ")
        let verb = files == 1 ? "was" : "were"
        return Diagnostic(
            code: .baseMissing,
            "\(Counted.text(files, "file")) of \(bundle) \(verb) not looked at, because \(files == 1 ? "it is" : "they are") in \(names)",
            notes: missing.map { "\($0.name): \($0.attach), whose lock has sha256 \($0.sha256)" },
            fix:
                "name \(missing.count == 1 ? "the base" : "each base") with --base DIR, a bundle's directory or archive",
            verdict: .undecided)
    }

    private static func open(
        _ path: String, for lock: Lock, compressed: ArchiveBase.Compressed
    ) throws -> any BundleContent {
        guard let format = ArchiveFormat(path: path), !FileStatus.isDirectory(path) else {
            return try DirectoryContent(path)
        }
        var wanted: Set<RelativePath> = [Lock.bundledName]
        for entry in lock.packed {
            for file in entry.files {
                wanted.formUnion(entry.ranges(of: file).compactMap { $0.base == nil ? nil : $0.at })
            }
        }
        return try ArchiveBase(path, format: format, wanted: wanted, compressed: compressed)
    }

    /// The finding for a bundle that is no base, or another version of one.
    private static func other(
        _ path: String, _ bytes: [UInt8], _ digest: SHA256Digest, _ lock: Lock
    ) -> Diagnostic {
        let name = (try? Lock.parse(bytes, path: path))?.bundle.name
        if let name, let base = lock.bases.first(where: { $0.name.hasSameBytes(as: name) }) {
            return Diagnostic(
                code: .baseOther, "\(path) is another version of \(name) than the bundle builds on",
                notes: [
                    "expected sha256 \(base.sha256)  (of its \(Lock.bundledName))",
                    "found    sha256 \(digest)",
                ],
                fix: "name the version that it was packed with, or lock and pack again on this one",
                verdict: .undecided)
        }
        let bases = lock.bases.map(\.name).joined(separator: ", ")
        return Diagnostic(
            code: .baseOther,
            bases.isEmpty
                ? "the bundle builds on no other, and \(path) was named as a base"
                : "\(path) is none of the bundles that it builds on: \(bases)",
            fix: bases.isEmpty ? "leave --base out" : "name a directory or an archive of one of them",
            verdict: .undecided)
    }
}
