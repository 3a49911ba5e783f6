import Bundles
import Caches
import Formats
import Manifests
import ModelFacts
import ModelFiles
import Storage

/// Opens files of entries to look into them, wherever they are: in the bundle and its bases, and what is in none of them in
/// the caches, where a file is proved before it is used.
struct EntryFiles {
    /// The lock that names the files.
    let lock: Lock
    /// The bundle; `nil` where a lock or a manifest was named.
    let bundle: PlacedFiles?
    /// Where other files are looked up; `nil` where they are not.
    let caches: Caches?
    /// What `path:` sources are relative to; `nil` where nobody states it.
    let directory: String?
    /// Where digests are remembered.
    var index: DigestIndex?

    /// The model that files of an entry make.
    /// - Parameter paths: those of the files that may belong to it.
    /// - Throws: ``Diagnostics`` where a file is not to be had, with what brings it, or is no model.
    func model(_ paths: [RelativePath], of entry: LockedEntry) throws -> TensorModel {
        let open = try opener(entry)
        return try TensorModel(WeightFiles(entry.name, paths, open: open))
    }

    /// Opens files of an entry one by one.
    func opener(_ entry: LockedEntry) throws -> (RelativePath) throws -> any WeightFile {
        var files: [RelativePath: LockedFile] = [:]
        for file in entry.files { files[file.path] = file }
        func file(_ path: RelativePath) throws -> LockedFile {
            guard let file = files[path] else {
                throw missing("\(entry.name) has no \(path)", fix: "take it into the entry, and lock again")
            }
            return file
        }
        if let bundle, entry.isPacked {
            return { BundledWeights(file: try bundle.file(file($0), of: entry)) }
        }
        let places = try places(entry)
        return { path in try cached(file(path), of: entry, at: places[path]) }
    }

    // MARK: Caches

    private func places(_ entry: LockedEntry) throws -> [RelativePath: String] {
        let isBeside = entry.asked.source?.hasUTF8Prefix("path:") ?? false
        guard let caches, directory != nil || !isBeside else {
            throw missing(
                "\(entry.name) is not in the bundle",
                fix:
                    "knapsack report MANIFEST --errors, with the manifest that the bundle was packed from, looks for it where \(isBeside ? "the manifest states" : "the caches are")"
            )
        }
        let sources = LockedSources(lock, only: entry.name, caches: caches, directory: directory ?? ".")
        var places: [RelativePath: String] = [:]
        for file in sources.files { places[file.file.path] = file.location }
        if places.isEmpty, !sources.findings.isEmpty { throw Diagnostics(sources.findings) }
        return places
    }

    /// A file in a cache, which has to have the content that was locked.
    private func cached(
        _ file: LockedFile, of entry: LockedEntry, at place: String?
    ) throws -> any WeightFile {
        let name = "\(entry.name)/\(file.path)"
        guard let place else {
            throw missing(
                file.proof == .conversion
                    ? "\(name) was not converted on this machine, or was pruned"
                    : "\(name) is in no cache",
                fix: file.proof == .conversion
                    ? "knapsack pack makes it, and a report of the bundle reads it there"
                    : entry.origin.downloadCommand ?? "download it again, or name the cache that has it")
        }
        let open = try OpenFile(path: place)
        var known = index?.digests(for: open.status)?.sha256
        if known == nil, open.size == file.size {
            var buffer = Buffer(count: FileReader.blockSize)
            let began = currentTime()
            let read = try FileReader.read(place, gitBlob: false, buffer: &buffer) { _ in }
            guard read.status == open.status else { throw ReadFailure.changed(path: place) }
            known = read.digests.sha256
            index?.remember(read.digests, extents: nil, of: read.status, at: place, now: began)
        }
        guard known == file.sha256 else {
            throw missing(
                "\(name) has other content than was locked",
                fix: "take back what was locked, or run knapsack lock")
        }
        return open
    }

    private func missing(_ message: String, fix: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .fileMissing, message, fix: fix, verdict: .undecided))
    }
}

/// A file in a bundle.
private struct BundledWeights: WeightFile {
    let file: PlacedFile

    var name: String { file.name }
    var size: Int { file.size }

    func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws {
        let (end, overflow) = offset.addingReportingOverflow(room.count)
        guard !overflow, offset >= 0 else { throw ReadFailure.changed(path: name) }
        var buffer = Buffer(count: min(max(room.count, 1), FileReader.blockSize))
        var done = 0
        try file.read(offset..<end, into: &buffer) { bytes in
            room.store(bytes, at: done)
            done += bytes.count
        }
    }
}
