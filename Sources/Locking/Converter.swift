import Caches
import Formats
import Manifests
import ModelFiles
import Storage

/// Makes the files of conversions, or finds those that were made before.
struct Converter: Sendable {
    /// Where the files to convert are, and where what is made is kept.
    let caches: Caches
    /// What `path:` sources are relative to.
    let directory: String
    /// Where digests of files that did not change are remembered; `nil` if there is no such file.
    let index: DigestIndex?
    /// Whether every file is read again, whatever the index states.
    let rehash: Bool
    /// Whether the digests of tensors are wanted for every format.
    let sharesTensors: Bool
    /// Told of every file and byte that is read or written.
    let progress: ProgressHandler
    /// Whether what was not made before is made; otherwise asking for it throws ``Unmade``.
    var makes = true
    /// The variables by which programs are found.
    var environment: [String: String] = [:]

    /// What is asked for was not made before, and nothing is to be written.
    struct Unmade: Error {}

    /// What there is of a conversion, every file of which was compared with its digest.
    struct Made: Sendable {
        /// One file that was made.
        struct File: Sendable {
            /// The file in the conversion cache.
            let cached: CachedFile
            /// Its digests, as they were computed of what is there.
            let proved: VerifiedInputs.Proved
        }

        /// Sorted by the bytes of the paths.
        let files: [File]
        /// Whether it was made now.
        let isNew: Bool
        /// What was found out when it was made, sorted.
        var results: [JSON.Member] = []
        /// What is worth knowing of how it was made.
        var findings: [Diagnostic] = []
        /// What is worth knowing of it each time that it is used.
        var remarks: [Diagnostic] = []
    }

    /// The files of a conversion: those that are kept, where all of them are what they should be, else new ones.
    /// - Parameter inputs: gives the files to convert, proved; asked only where they are needed.
    func files(
        of entry: String, _ recipe: any ConversionRecipe, _ conversion: LockedConversion,
        inputs: () async throws -> [ConversionInput]
    ) async throws -> Made {
        guard let cache = caches.conversions, let key = conversion.key else {
            throw Diagnostics(ConversionProblem.noCache)
        }
        let target = cache.path(key)
        var findings: [Diagnostic] = []
        if let record = cache.record(key) {
            if let made = try await kept(record, cache, key, entry) { return made }
            findings.append(
                Diagnostic(
                    code: .conversionDamaged,
                    "\(entry): what was converted before has changed on the disk, and is made again",
                    notes: ["it was in \(target)"]))
        }
        guard makes else { throw Unmade() }
        do {
            // First of all, so that nothing is taken away that another process is about to use.
            let partial = try PartialDirectory(target: target)
            if findings.isEmpty, let record = cache.record(key),
                let made = try await kept(record, cache, key, entry)
            {
                return made
            }
            try Directory.removeTree(target)
            let files = Path.join(partial.path, ConversionCache.filesName)
            try Directory.make(files)
            let result = try await recipe.make(
                of: try await inputs(), in: files, for: entry, remembering: Path.parent(cache.directory),
                progress: progress)
            let paths = try Converter.paths(below: files)
            let proved = try await prove(paths, in: files, finally: cache, key, entry)
            let record = ConversionRecord(
                conversion: conversion,
                files: zip(paths, proved).map {
                    ConversionRecord.File(path: $0, size: $1.size, sha256: $1.digests.sha256)
                }, results: result.facts, remarks: result.remarks)
            try AtomicFile.write(
                Array(record.text.utf8), to: Path.join(partial.path, ConversionCache.recordName))
            try partial.publish()
            return Made(
                files: try zip(paths, proved).map { path, proved in
                    Made.File(
                        cached: try Converter.cached(path, at: cache.location(of: path, key: key)),
                        proved: proved)
                }, isNew: true, results: result.facts, findings: findings,
                remarks: result.remarks)
        } catch {
            throw ConversionProblem.explained(error, writing: target)
        }
    }

    /// The files that were made before; `nil` where one of them is missing or not what it was.
    private func kept(
        _ record: ConversionRecord, _ cache: ConversionCache, _ key: SHA256Digest, _ entry: String
    ) async throws -> Made? {
        var files: [CachedFile] = []
        for file in record.files {
            let location = cache.location(of: file.path, key: key)
            guard let cached = try? Converter.cached(file.path, at: location),
                cached.status.kind == .file, cached.status.size == file.size
            else { return nil }
            files.append(cached)
        }
        let claims = files.map { VerifiedInputs.Claim(entry: entry, origin: .path, file: $0) }
        let (results, _) = try await VerifiedInputs.prove(
            claims, toShare: sharesTensors, index: index, rehash: rehash, stage: "verifying", progress)
        var made: [Made.File] = []
        for (file, (cached, result)) in zip(record.files, zip(files, results)) {
            guard case .success(let proved) = result, proved.digests.sha256 == file.sha256 else { return nil }
            made.append(Made.File(cached: cached, proved: proved))
        }
        return Made(files: made, isNew: false, results: record.results, remarks: record.remarks)
    }

    private func prove(
        _ paths: [RelativePath], in directory: String, finally cache: ConversionCache, _ key: SHA256Digest,
        _ entry: String
    ) async throws -> [VerifiedInputs.Proved] {
        let claims = try paths.map { path in
            VerifiedInputs.Claim(
                entry: entry, origin: .path,
                file: try Converter.cached(path, at: path.joined(to: directory)),
                finalLocation: cache.location(of: path, key: key))
        }
        return try await VerifiedInputs.prove(
            claims, toShare: sharesTensors, index: index, rehash: false, stage: "hashing", progress
        ).results.map { result in
            do throws(Diagnostic) {
                return try result.get()
            } catch {
                throw Diagnostics(error)
            }
        }
    }

    private static func cached(_ path: RelativePath, at location: String) throws(FileError) -> CachedFile {
        let real = try Directory.realPath(location)
        return CachedFile(
            path: path, location: real, status: try FileStatus.status(of: real), evidence: [],
            expectedSize: nil)
    }

    /// The files below a directory, sorted by the bytes of their paths.
    private static func paths(
        below directory: String, _ prefix: String = ""
    ) throws(FileError) -> [RelativePath] {
        var paths: [RelativePath] = []
        for name in try Directory.names(in: directory) {
            let location = Path.join(directory, name)
            if try FileStatus.status(of: location).kind == .directory {
                paths += try self.paths(below: location, prefix + name + "/")
            } else if let path = RelativePath(prefix + name) {
                paths.append(path)
            } else {
                throw FileError(
                    "convert to", location, code: 22, reason: "its name is none that a bundle may have")
            }
        }
        return paths.sorted()
    }

    // MARK: Inputs

    /// The files of a locked entry as they are in its cache now, by their paths.
    func cachedFiles(of source: LockedEntry) throws(Diagnostics) -> [RelativePath: CachedFile] {
        guard let text = source.asked.source, let parsed = try? Source.parse(text) else {
            throw Diagnostics(
                Diagnostic(
                    code: .lockMalformed,
                    "\(source.name): the lock's source \"\(source.asked.text)\" is not valid",
                    fix: "run knapsack lock {manifest} to write it again", verdict: .undecided))
        }
        let snapshot = try caches.snapshot(for: parsed, pinned: source.origin, manifestDirectory: directory)
        var files: [RelativePath: CachedFile] = [:]
        for file in snapshot.files { files[file.path] = file }
        return files
    }

    /// The files that a conversion reads, those of adapters too, each compared with the digest in the lock.
    func inputs(_ inputs: ConversionInputs, of source: LockedEntry) async throws -> [ConversionInput] {
        var all = try await self.inputs(inputs.selection.inputs, of: source)
        for (index, adapter) in inputs.adapters.enumerated() {
            let files = try await self.inputs(AdapterInputs.files(of: adapter).map(\.path), of: adapter)
            for var file in files {
                file.adapter = index
                all.append(file)
            }
        }
        return all
    }

    /// Files of a locked entry to convert, each compared with the digest in the lock.
    /// - Parameter paths: which ones.
    func inputs(_ paths: [RelativePath], of source: LockedEntry) async throws -> [ConversionInput] {
        let present = try cachedFiles(of: source)
        let wanted = Set(paths)
        var claims: [VerifiedInputs.Claim] = []
        var digests: [SHA256Digest] = []
        var problems: [Diagnostic] = []
        for file in source.files where wanted.contains(file.path) {
            guard let cached = present[file.path] else {
                problems.append(
                    Diagnostic(
                        code: .fileMissing, "\(source.name): \(file.path) is not in the cache any more",
                        fix: "download it again, or run knapsack lock {manifest} --update \(source.name)",
                        verdict: .undecided))
                continue
            }
            claims.append(VerifiedInputs.Claim(entry: source.name, origin: source.origin, file: cached))
            digests.append(file.sha256)
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        let (results, _) = try await VerifiedInputs.prove(
            claims, toShare: sharesTensors, index: index, rehash: rehash, stage: "hashing", progress)
        var inputs: [ConversionInput] = []
        for (index, result) in results.enumerated() {
            let (claim, expected) = (claims[index], digests[index])
            switch result {
            case .failure(let problem): problems.append(problem)
            case .success(let proved) where proved.digests.sha256 != expected:
                problems.append(
                    Diagnostic(
                        code: .changed,
                        "\(source.name): \(claim.file.path) has other content than the lock states",
                        notes: [
                            "expected sha256 \(expected)", "found    sha256 \(proved.digests.sha256)",
                            "at \(claim.file.location)",
                        ], fix: "download it again, or run knapsack lock {manifest} --update \(source.name)"))
            case .success:
                inputs.append(
                    ConversionInput(
                        path: claim.file.path, location: claim.file.location, status: claim.file.status))
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return inputs
    }
}
