package import Caches
package import Formats
package import Manifests
import ModelFacts
package import Storage
import Tensors
import Xet

/// Entries of which every file was hashed and agrees with all that its cache knows of it.
package struct VerifiedInputs: Sendable {
    /// The manifest that names the entries.
    package let manifest: Manifest
    /// The entries as a lock has them.
    package let entries: [LockedEntry]
    /// The caches that hold the files.
    package let caches: Caches
    /// What was converted, or found converted, in the manifest's order.
    package let conversions: [ConversionOutcome]
    /// The entries that would have to be converted, and are missing, because nothing was to be written.
    package let unmade: [String]
    /// The bytes that those have or may have at most, where they are known.
    package let unmadeSizes: [ExactName: Int]
    /// Where contents that were hashed are stored.
    package let locations: [SHA256Digest: String]
    /// Files that break their own format, which are carried as they are, and what is worth knowing of conversions.
    package let findings: [Diagnostic]

    /// One file to prove.
    package struct Claim: Sendable {
        /// The name of the entry that asks for the file.
        let entry: String
        /// The revision that the file is of, for the command that downloads it again.
        let origin: Origin
        /// The file, and what its cache states of it.
        let file: CachedFile
        /// Where the file will be soon, for the index; `nil` where it stays.
        var finalLocation: String?
        /// The entry that it was found for, if files are told that break their own format.
        var found: FoundEntry?

        /// The end of a sentence about what to do.
        var download: String { origin.downloadCommand.map { ": \($0)" } ?? "" }
    }

    /// A claim with what is known.
    private struct Job: Sendable {
        let claim: Claim
        /// Its tensors, in the order of their bytes; none where it has none or they do not matter.
        let tensors: [TensorExtent]
        /// What was remembered of the content.
        var known: DigestIndex.Known?

        var entry: String { claim.entry }
        var file: CachedFile { claim.file }
    }

    /// Hashes every file that the index does not know, and compares.
    ///
    /// - Parameters:
    ///   - index: where digests are remembered; `nil` hashes everything and remembers nothing.
    ///   - rehash: hash everything all the same.
    ///   - converts: whether entries are made that were not made before; they are left out otherwise.
    ///   - environment: by what programs are found that measure models.
    /// - Throws: every file that is not what its cache states it is, at once.
    package static func prove(
        _ resolution: Resolution, index: DigestIndex?, rehash: Bool = false, converts: Bool = true,
        environment: [String: String] = [:], progress: @escaping ProgressHandler
    ) async throws -> VerifiedInputs {
        try await VerifiedInputs(
            proving: resolution, index: index, rehash: rehash, converts: converts,
            environment: environment, progress: progress)
    }

    private init(
        proving resolution: Resolution, index: DigestIndex?, rehash: Bool, converts: Bool,
        environment: [String: String], progress: @escaping ProgressHandler
    ) async throws {
        let sharesTensors = resolution.manifest.bundle.deduplication == .tensor
        var claims: [Claim] = []
        for case .found(let found) in resolution.items {
            claims += found.files.map {
                Claim(entry: found.entry.name, origin: found.origin, file: $0, found: found)
            }
        }
        let (results, broken) = try await VerifiedInputs.prove(
            claims, toShare: sharesTensors, index: index, rehash: rehash, stage: "hashing", progress)
        var problems: [Diagnostic] = []
        var next = results.makeIterator()
        var entries: [LockedEntry] = []
        var wheelhouses: [(found: FoundEntry, files: [LockedFile])] = []
        var locations: [SHA256Digest: String] = [:]
        for item in resolution.items {
            switch item {
            case .kept(let entry): entries.append(entry)
            case .derived: break
            case .found(let found):
                var files: [LockedFile] = []
                var tensors: [LockedTensor] = []
                for file in found.files {
                    switch next.next() {
                    case .success(let proved)?:
                        files.append(proved.locked(file, shards: found.facts.shards(ofIndex: file.path)))
                        tensors += proved.tensors
                        locations[proved.digests.sha256] = file.location
                    case .failure(let problem)?: problems.append(problem.located(at: found.entry.location))
                    case nil: break
                    }
                }
                if found.entry.kind == .wheels { wheelhouses.append((found, files)) }
                entries.append(
                    LockedEntry(
                        name: found.entry.name, kind: found.entry.kind, asked: found.entry.asked,
                        origin: found.origin, license: found.license, facts: found.lockFacts,
                        files: files, tensors: tensors))
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        let survey = try await WheelSurvey.read(wheelhouses, again: rehash, progress)
        entries = entries.map { survey.adding(to: $0) }
        var converter = Converter(
            caches: resolution.caches, directory: Path.parent(resolution.manifest.path), index: index,
            rehash: rehash, sharesTensors: sharesTensors, progress: progress)
        converter.makes = converts
        converter.environment = environment
        var derived = DerivedEntries(converter: converter, sources: entries)
        let asked = resolution.items.compactMap {
            item -> (entry: Entry, request: ConversionRequest, previous: LockedEntry?)? in
            guard case .derived(let entry, let request, let previous) = item else { return nil }
            return (entry, request, previous)
        }
        try await derived.calibrate(asked, measured: resolution.measured)
        try await derived.divide(resolution.manifest.bundle.fit, among: asked)
        for case .derived(let entry, let request, let previous) in resolution.items {
            do {
                try await derived.add(entry, request, previous: previous)
            } catch let error as Diagnostics {
                problems += error.all.map { $0.located(at: entry.location) }
                derived.stopMaking()
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        manifest = resolution.manifest
        caches = resolution.caches
        self.locations = locations.merging(derived.locations) { first, _ in first }
        let all = Dictionary((entries + derived.entries).map { (ExactName($0.name), $0) }) { one, _ in one }
        self.entries = resolution.manifest.entries.compactMap { all[$0.name] }
        conversions = derived.outcomes
        unmade = derived.unmade
        unmadeSizes = derived.unmadeSizes
        findings = broken + derived.findings + survey.findings(of: wheelhouses.map(\.found.entry))
    }

    /// Hashes every file that the index does not know, and compares each with what is known of it.
    /// - Returns: for every claim what came out, or what is wrong; and the files that break their own format.
    package static func prove(
        _ claims: [Claim], toShare: Bool, index: DigestIndex?, rehash: Bool, stage: String,
        _ progress: @escaping ProgressHandler
    ) async throws -> (results: [Result<Proved, Diagnostic>], broken: [Diagnostic]) {
        var broken: [Diagnostic] = []
        var jobs = claims.map { claim in
            let (tensors, problem) = tensors(of: claim.file, claim.found, toShare: toShare)
            if let problem { broken.append(problem) }
            return Job(claim: claim, tensors: tensors, known: nil)
        }
        if let index, !rehash {
            for (position, known) in index.known(of: jobs.map(\.file.status)).enumerated() {
                jobs[position].known = known
            }
        }
        let prepared = jobs
        progress(
            .began(
                stage: stage, files: jobs.count, bytes: jobs.reduce(0) { $0 &+ $1.file.status.size }))
        let results = try await Parallel.map(
            prepared, largestFirst: \.file.status.size
        ) { job, buffer in
            defer { progress(.finished(file: job.file.path.text)) }
            return try VerifiedInputs.prove(job, index, &buffer, progress)
        }
        index?.save()
        progress(.ended)
        return (results, broken)
    }

    /// The tensors of a file that are worth a digest; none where the file cannot be read as one of tensors,
    /// which for a file that is only carried is *not* an error, but is said where its name promises some.
    /// - Parameter toShare: whether those of other formats than safetensors count too.
    private static func tensors(
        of file: CachedFile, _ found: FoundEntry?, toShare: Bool
    ) -> (tensors: [TensorExtent], problem: Diagnostic?) {
        guard toShare || file.path.hasSuffix(".safetensors") else { return ([], nil) }
        switch found?.tensorFiles[file.path] ?? reading(of: file) {
        case nil, .opaque?: return ([], nil)
        case .malformed(let format, let error)?:
            return ([], found.flatMap { broken(file, format, error, $0) })
        case .tensors(let file)?: return (tensors(in: file), nil)
        }
    }

    private static func reading(of file: CachedFile) -> TensorFile.Reading? {
        // Of another file that has the path for a moment nothing is believed.
        guard let handle = try? FileHandle.reading(file.location), (try? handle.status()) == file.status
        else { return nil }
        return try? TensorFile.read(name: file.path.text, fileSize: file.status.size) { range in
            try handle.bytes(range)
        }
    }

    private static func broken(
        _ file: CachedFile, _ format: TensorFile.Format, _ error: FormatError, _ found: FoundEntry
    ) -> Diagnostic? {
        let code = format.brokenCode
        // Of a model's safetensors it was said when the model was looked at.
        let isKnown = found.findings.contains { $0.code == code }
        guard !isKnown, ModelFormat.isWeightLike(file.path) else { return nil }
        return Diagnostic(
            .warning, code: code, "\(found.entry.name): \(file.path) is broken: \(error)",
            at: found.entry.location,
            notes: ["its bytes are packed as they are, and shared only as a whole"],
            fix: "download it again, or leave it out with the entry's exclude"
        ).allowed(by: found.entry)
    }

    private static func tensors(in found: TensorFile) -> [TensorExtent] {
        // Safetensors are compared tensor by tensor; of the others only what a segment is worth counts.
        if found.format == .safetensors { return found.extents }
        return found.extents.filter { $0.bytes.count >= TensorPlacing.smallestSegment }
    }

    /// What came out of a file.
    package struct Proved: Sendable {
        /// The digests, read now or remembered by the index.
        let digests: ContentDigests
        /// The length of what was hashed, in bytes.
        let size: Int
        /// The strongest witness, with which the digests agree; `none` where there is none.
        let proof: Proof
        /// The tensors with their digests, in the order of their bytes; none where they were not wanted.
        let tensors: [LockedTensor]

        /// The record for a lock, at its natural path; `shards` are the files that it names if it is an index.
        func locked(_ file: CachedFile, shards: [RelativePath]?) -> LockedFile {
            LockedFile(
                path: file.path, size: size, sha256: digests.sha256, proof: proof, placement: .natural,
                shards: shards)
        }
    }

    private static func prove(
        _ job: Job, _ index: DigestIndex?, _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> Result<Proved, Diagnostic> {
        let file = job.file
        let wantsGit = file.evidence.contains { if case .gitBlob = $0 { true } else { false } }
        let wantsXet = file.isKnownByXetAlone
        var digests: ContentDigests
        let size: Int
        let extents: [ExtentDigest]
        let ranges = job.tensors.map(\.bytes)
        if let known = job.known, known.digests.gitBlob != nil || !wantsGit,
            known.digests.xet != nil || !wantsXet,
            ranges.isEmpty || known.extents?.map(\.bytes) == ranges
        {
            digests = known.digests
            extents = known.extents ?? []
            size = file.status.size
            progress(.advanced(bytes: size))
        } else {
            var now = currentTime()
            var isPointer = false
            var tensorHasher = ExtentHasher(ranges)
            var xetHasher = wantsXet ? XetFileHasher() : nil
            let read: FileReader.Result
            do {
                if let content = job.claim.found?.contents[file.path] {
                    now = content.readAt
                    read = try content.hashed(gitBlob: wantsGit)
                    isPointer = LFSPointer.matches(content.bytes.span)
                    try tensorHasher.update(content.bytes.span)
                    xetHasher?.update(content.bytes.span)
                    progress(.advanced(bytes: content.bytes.count))
                } else {
                    read = try FileReader.read(file.location, gitBlob: wantsGit, buffer: &buffer) { bytes in
                        isPointer = isPointer || LFSPointer.matches(bytes)
                        try tensorHasher.update(bytes)
                        xetHasher?.update(bytes)
                        progress(.advanced(bytes: bytes.count))
                    }
                }
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                return .failure(
                    Diagnostic(
                        code: .unreadable, "\(job.entry): \(file.path) could not be read",
                        notes: ["\(error)"], verdict: .undecided))
            }
            // What is known of its tensors was read before.
            guard read.status == file.status else {
                return .failure(
                    Diagnostic(
                        code: .unreadable, "\(job.entry): \(file.path) changed while it was locked",
                        notes: ["at \(file.location)"], fix: "lock again when nothing writes to it",
                        verdict: .undecided))
            }
            if isPointer, read.status.size < LFSPointer.sizeLimit {
                return .failure(pointer(job))
            }
            digests = read.digests
            digests.xet = xetHasher?.finish()
            extents = tensorHasher.finish()
            size = read.status.size
            index?.remember(
                digests, extents: ranges.isEmpty ? nil : extents, of: read.status,
                at: job.claim.finalLocation ?? file.location,
                now: now)
        }
        if let problem = EvidenceComparison(job.claim, digests, size: size).problem {
            return .failure(problem)
        }
        let tensors = zip(job.tensors, extents).map { tensor, extent in
            LockedTensor(
                file: file.path, name: tensor.name, dtype: tensor.dtype, shape: tensor.shape,
                bytes: extent.bytes, sha256: extent.sha256)
        }
        return .success(
            Proved(
                digests: digests, size: size, proof: file.evidence.first.map(Proof.init) ?? .none,
                tensors: tensors))
    }

    private static func pointer(_ job: Job) -> Diagnostic {
        Diagnostic(
            code: .lfsPointer,
            "\(job.entry): \(job.file.path) is a Git LFS pointer, not the content that it stands for",
            notes: ["at \(job.file.location)"],
            fix: "fetch the content (git lfs pull)\(job.claim.download)")
    }
}

extension TensorFile.Format {
    /// The code of the finding that a file of this format breaks it.
    fileprivate var brokenCode: FindingCode {
        switch self {
        case .safetensors: .safetensorsBroken
        case .gguf: .ggufBroken
        case .pytorch: .pytorchBroken
        case .npz: .npzBroken
        case .zip: .zipBroken
        }
    }
}
