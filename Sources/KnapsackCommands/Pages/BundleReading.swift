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
        let scratch: PartialDirectory?
    }

    /// The document.
    /// - Parameter bases: directories or archives that were named.
    func document(bases: [String], progress: @escaping ProgressHandler) async throws -> BundleDocument {
        let plan = try Plan(lock)
        let named = try BaseSet(bases, for: lock, scratch: measuring?.scratch?.path)
        var baseLocks = try named.locks()
        for base in manifest?.readBases ?? [] { baseLocks[base.sha256] = base.lock }
        let bundle = content.map { PlacedFiles($0, bases: named) }
        var unknown: [String] = []
        var errors: [ConversionCost] = []
        if let measuring {
            let files = EntryFiles(
                lock: lock, bundle: bundle, caches: measuring.caches,
                directory: bundle == nil ? Path.parent(path) : nil, index: measuring.index)
            for entry in lock.packed where entry.asked.conversion != nil {
                do {
                    errors.append(try await files.cost(of: entry, progress: progress))
                } catch ReadFailure.cancelled {
                    throw ReadFailure.cancelled
                } catch let problem as Diagnostics {
                    unknown += problem.all.map { problem in
                        "The error of \(entry.name): \(problem.message)"
                            + (problem.fix.map { "; \($0)" } ?? "") + "."
                    }
                } catch {
                    unknown.append("The error of \(entry.name): \(error).")
                }
            }
            measuring.index?.save()
        }
        return BundleDocument(
            plan, subject: subject, lockDigest: try ContentHasher.sha256(lock.bytes.span),
            policy: manifest?.policy,
            headers: bundle.map(headers) ?? [:], findings: try damage + findings(plan),
            baseLocks: baseLocks, signature: signature, errors: errors, unknown: unknown,
            isMeasured: measuring != nil, version: Knapsack.version)
    }

    /// The bundle's stored files; `nil` where a lock or a manifest was named, or they cannot be read.
    private var content: (any BundleContent)? {
        switch subject {
        case .lock, .manifest: return nil
        case .directory: return try? DirectoryContent(path)
        case .archive:
            guard let format, format != .tarZstd || measuring != nil else { return nil }
            // In a compressed archive only what is compared is worth unpacking.
            let compared = lock.packed.compactMap(\.asked.conversion).map(\.from)
            let entries = lock.packed.filter { entry in
                format != .tarZstd || entry.asked.conversion != nil
                    || compared.contains { $0.hasSameBytes(as: entry.name) }
            }
            return try? ArchiveBase(
                path, format: format, wanted: PlacedFiles.stored(of: entries, where: WeightFiles.isWanted),
                lock: lock,
                compressed: measuring?.scratch.map { .inFiles(Path.join($0.path, "bundle")) } ?? .leftOut)
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

    /// Tensors of files of which the lock has none; what cannot be read has none.
    private func headers(_ bundle: PlacedFiles) -> [ExactName: [RelativePath: [TensorRecord]]] {
        let files = EntryFiles(lock: lock, bundle: bundle, caches: nil, directory: nil)
        var result: [ExactName: [RelativePath: [TensorRecord]]] = [:]
        for entry in lock.packed where entry.tensors.isEmpty {
            var found: [RelativePath: [TensorRecord]] = [:]
            for file in entry.files where WeightFiles.hasTensors(file.path) {
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
