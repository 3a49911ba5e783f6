import Bundles
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

    /// The document.
    /// - Parameters:
    ///   - bases: directories or archives that were named.
    ///   - measures: whether conversions are compared with what they were made from.
    func document(
        bases: [String], measures: Bool, progress: @escaping ProgressHandler
    ) async throws -> BundleDocument {
        let plan = try Plan(lock)
        var baseLocks = try BaseSet(bases, for: lock).locks()
        for base in manifest?.readBases ?? [] { baseLocks[base.sha256] = base.lock }
        var unknown: [String] = []
        var errors: [ConversionCost] = []
        if measures {
            for entry in lock.packed where entry.asked.conversion != nil {
                do {
                    errors.append(try await error(of: entry, progress: progress))
                } catch let problem as Diagnostics {
                    unknown += problem.all.map { "The error of \(entry.name): \($0.message)." }
                }
            }
        }
        return BundleDocument(
            plan, subject: subject, lockDigest: try ContentHasher.sha256(lock.bytes.span),
            policy: manifest?.policy,
            headers: subject == .directory ? headers() : [:], findings: try damage + findings(plan),
            baseLocks: baseLocks, signature: signature, errors: errors, unknown: unknown,
            version: Knapsack.version)
    }

    private func findings(_ plan: Plan) throws -> [Diagnostic] {
        if let manifest {
            return try Check.findings(manifest, lock, stale: Freshness.findings(manifest, lock), plan: plan)
        }
        return Check.packed(lock, plan, path: Lock.bundledName.text)
            + lock.entries.flatMap { Check.completeness($0) }
    }

    // MARK: A bundle's directory

    /// Tensors of stored files of which the lock has none; what cannot be read has none.
    private func headers() -> [ExactName: [RelativePath: [TensorRecord]]] {
        guard let directory = try? DirectoryContent(path) else { return [:] }
        var result: [ExactName: [RelativePath: [TensorRecord]]] = [:]
        for entry in lock.packed where entry.tensors.isEmpty {
            var found: [RelativePath: [TensorRecord]] = [:]
            var places: [ExactName: RelativePath] = [:]
            let files = entry.files.compactMap { file -> (RelativePath, String)? in
                guard BundleReading.hasTensors(file.path), let stored = entry.place(of: file),
                    // A link, or something of another size, is not what the lock states.
                    (try? directory.size(of: stored)) == file.size
                else { return nil }
                return (file.path, stored.joined(to: directory.path))
            }
            for (path, place) in files { places[ExactName(place)] = path }
            for (path, place) in files where found[path] == nil {
                guard let model = try? TensorModel(path: place) else { continue }
                for tensor in model.tensors {
                    // The files of a split are read together.
                    guard let file = places[ExactName(model.paths[tensor.file])] else { continue }
                    found[file, default: []].append(TensorRecord(tensor))
                }
            }
            if !found.isEmpty { result[ExactName(entry.name)] = found }
        }
        return result
    }

    private static func hasTensors(_ path: RelativePath) -> Bool {
        ["safetensors", "gguf", "bin", "pt", "pth"].contains(path.pathExtension ?? "")
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

    // MARK: Errors

    /// Compares what was made with what it was made from.
    private func error(
        of entry: LockedEntry, progress: @escaping ProgressHandler
    ) async throws -> ConversionCost {
        guard let request = entry.asked.conversion, let source = lock.entry(named: request.from) else {
            throw problem("the lock does not have what it was made from")
        }
        guard subject == .directory else {
            throw problem("models are compared in a bundle's directory alone")
        }
        guard request.merged.isEmpty else {
            throw problem("adapters were merged, so that a difference is not an error alone")
        }
        let original = try TensorModel(path: whole(source))
        let other = try TensorModel(path: whole(entry))
        let comparison = try await ModelComparison.compare(of: original, with: other, progress: progress)
        return ConversionCost(
            entry: entry.name, original: source.name, comparison,
            source: "measured on both models in the bundle")
    }

    /// The path of a model whose weights are stored whole: its only file with tensors, or of several, which have to be under
    /// their names, the first or their directory.
    private func whole(_ entry: LockedEntry) throws -> String {
        guard entry.isPacked else { throw problem("\(entry.name) is not in the bundle") }
        let directory = try DirectoryContent(path)
        let weights = entry.files.filter { BundleReading.hasTensors($0.path) }
        let files = weights.count == 1 ? weights : entry.files.filter { $0.shards != nil } + weights
        var places: [RelativePath] = []
        for file in files {
            guard let place = entry.place(of: file), (try? directory.size(of: place)) == file.size,
                files.count == 1 || file.placement == .natural
            else { throw problem("the weights of \(entry.name) are not stored whole under their names") }
            places.append(place)
        }
        if let first = places.first, places.count == 1 || first.pathExtension == "gguf" {
            return first.joined(to: directory.path)
        }
        return Path.join(directory.path, "\(entry.kind.folder)/\(entry.name)")
    }

    private func problem(_ message: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .unreadable, message, verdict: .undecided))
    }
}

extension LockedEntry {
    /// Where a file is stored whole in the bundle itself; `nil` for one in segments or in a base.
    fileprivate func place(of file: LockedFile) -> RelativePath? {
        switch file.placement {
        case .natural: naturalPath(of: file)
        case .at(let path): path
        case .segments, .base: nil
        }
    }
}

extension ConversionCost {
    /// Sums up a comparison by layers, in their order, then what is in none, in that of the original.
    init(entry: String, original: String, _ comparison: ModelComparison, source: String) {
        var layers: [LayerName: (tensors: Int, difference: NumberDifference)] = [:]
        var single: [Layer] = []
        for result in comparison.results {
            if let layer = LayerName(tensor: result.name) {
                layers[layer, default: (0, NumberDifference())].tensors += 1
                layers[layer]?.difference.add(result.difference)
            } else {
                single.append(Layer(name: result.name, tensors: 1, relative: result.difference.relative))
            }
        }
        let sums = layers.sorted { $0.key < $1.key }.map {
            Layer(name: $0.key.text, tensors: $0.value.tensors, relative: $0.value.difference.relative)
        }
        self.init(
            entry: entry, original: original,
            total: Layer(
                name: "", tensors: comparison.results.count, relative: comparison.total.relative),
            layers: sums + single,
            source: source,
            notCompared: comparison.onlyInOriginal.count + comparison.onlyInOther.count
                + comparison.unlike.count)
    }
}
