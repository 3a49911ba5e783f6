import Bundles
import Caches
import Formats
import Locking
import Manifests
import ModelFiles
import Reports
import Rules
import Storage
import Tensors

/// Reads all that a report of a bundle is made from.
struct BundleReading {
    /// The lock, and what was named.
    let lock: Lock
    /// What was named on the command line.
    let subject: BundleDocument.Subject
    /// Its path.
    let path: String
    /// The manifest; `nil` where a lock or a bundle was named.
    var manifest: Manifest?
    /// What a quick look at a bundle found.
    var damage: [Diagnostic] = []

    /// The archive's format; `nil` for what is none.
    var format: ArchiveFormat?
    /// Where errors of conversions are measured; `nil` where they are not.
    var measuring: Measuring?

    /// What measuring takes besides the bundle.
    struct Measuring {
        /// Where models are that are not in the bundle.
        let caches: Caches
        /// Where digests of their files are remembered.
        let index: DigestIndex?
        /// A directory for what cannot be read in an archive where it is.
        let scratch: LazyScratch
    }

    /// The document, and which errors that were to be measured are not known: each is on the page as well.
    /// - Parameter bases: directories or archives that were named.
    func document(
        bases: [String], progress: @escaping ProgressHandler
    ) async throws -> (BundleDocument, unmeasured: [Diagnostic]) {
        let plan = try Plan(lock)
        let named = try BaseSet(bases, for: lock, scratch: measuring?.scratch.path)
        var baseLocks = try named.locks()
        for base in manifest?.readBases ?? [] { baseLocks[base.sha256] = base.lock }
        var bundle: PlacedFiles?
        var obstacle: Diagnostics?
        do throws(Diagnostics) {
            bundle = try content().map { PlacedFiles($0, bases: named) }
        } catch {
            if Task.isCancelled { throw ReadFailure.cancelled }
            obstacle = error
        }
        var measured = MeasuredErrors()
        if let measuring {
            let files = EntryFiles(
                lock: lock, bundle: bundle, caches: measuring.caches,
                directory: bundle == nil ? Path.parent(path) : nil, index: measuring.index)
            // What is in the bundle is not looked for elsewhere because the bundle cannot be read.
            measured = try await .all(files, unless: obstacle, progress: progress)
            measuring.index?.save()
        }
        let places = MachinePlaces(path, bases: bases, measuring)
        let document = BundleDocument(
            plan, subject: subject, lockDigest: try ContentHasher.sha256(lock.bytes.span),
            policy: manifest?.policy,
            headers: bundle.map(headers) ?? [:], findings: try damage + findings(plan),
            baseLocks: baseLocks, signature: signature, errors: measured.costs,
            unknown: measured.reasons.map { "The error of \($0.entry): \(places.without($0.text))." },
            isMeasured: measuring != nil, version: Knapsack.version)
        return (document, measured.problems)
    }

    /// The bundle's stored files; `nil` where a lock or a manifest was named, or looking for them would take unpacking.
    private func content() throws(Diagnostics) -> (any BundleContent)? {
        switch subject {
        case .lock, .manifest: return nil
        case .directory: return try DirectoryContent(path)
        case .archive:
            guard let format, format != .tarZstd || measuring != nil else { return nil }
            // In a compressed archive only what is compared is worth unpacking.
            var wanted =
                format == .tarZstd ? [] : PlacedFiles.stored(of: lock.packed, where: WeightFiles.isWanted)
            guard let scratch = measuring?.scratch else {
                return try ArchiveBase(path, format: format, wanted: wanted, lock: lock, compressed: .leftOut)
            }
            for (entry, paths) in MeasuredErrors.reads(lock) where entry.isPacked {
                let paths = Set(paths)
                wanted.formUnion(PlacedFiles.stored(of: [entry], where: paths.contains))
            }
            return try ArchiveBase(
                path, format: format, wanted: wanted, lock: lock,
                compressed: .inFiles { Path.join(try scratch.path(), "bundle") })
        }
    }

    private func findings(_ plan: Plan) throws -> [Diagnostic] {
        if let manifest {
            return try Check.findings(manifest, lock, stale: Freshness.findings(manifest, lock), plan: plan)
        }
        return Check.packed(lock, plan, path: Lock.bundledName.text)
            + lock.entries.flatMap { Check.completeness($0) }
    }

    // MARK: A bundle's files

    /// Tensors of files of which the lock has none, or not all; what cannot be read has none.
    private func headers(_ bundle: PlacedFiles) -> [ExactName: [RelativePath: [TensorRecord]]] {
        let files = EntryFiles(lock: lock, bundle: bundle, caches: nil, directory: nil)
        var result: [ExactName: [RelativePath: [TensorRecord]]] = [:]
        for entry in lock.packed {
            var found: [RelativePath: [TensorRecord]] = [:]
            let whole = Set(entry.tensors.map(\.file).filter(BundleDocument.locksAllTensors(of:)))
            for file in entry.files where WeightFiles.hasTensors(file.path) && !whole.contains(file.path) {
                guard let model = try? files.model([file.path], of: entry) else { continue }
                found[file.path] = model.tensors.map(TensorRecord.init)
            }
            if !found.isEmpty { result[ExactName(entry.name)] = found }
        }
        return result
    }

    /// Who states to have signed the directory.
    private var signature: String? {
        guard subject == .directory else { return nil }
        let file = ModelSignature.name.joined(to: path)
        guard let status = try? FileStatus.existing(file) else { return nil }
        guard status.kind == .file,
            let bytes = try? FileReader.contents(named: file, limit: ModelSignature.sizeLimit),
            let signer = ModelSignature.unverifiedSigner(bytes)
        else { return "there is a \(ModelSignature.name), which is no signature that is understood" }
        return "by \(signer); not verified, as that takes the key that it should be of"
    }
}
