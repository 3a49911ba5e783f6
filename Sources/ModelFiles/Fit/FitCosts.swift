import Conversion
package import Fitting
import Formats
package import Manifests
package import Storage
import Synchronization
package import Tensors

/// The costs of all candidates of a model's tensors, measured once and remembered by the tensors' digests.
package struct FitCosts: Sendable {
    /// The name of the index among what Knapsack keeps.
    package static let indexName = "costs.sqlite"
    /// Goes up whenever a kernel, or how errors are summed, changes.
    private static let version = 1

    private let source: any TensorSource
    private let imatrix: ImatrixFile?
    private let index: ValueIndex?
    private let threads: Int
    private let progress: ProgressHandler

    /// Prepares; nothing is read.
    /// - Parameter index: where costs are remembered; `nil` measures all of them.
    package init(
        _ source: any TensorSource, imatrix: ImatrixFile?, index: ValueIndex?, threads: Int,
        progress: @escaping ProgressHandler
    ) {
        self.source = source
        self.imatrix = imatrix
        self.index = index
        self.threads = max(1, threads)
        self.progress = progress
    }

    /// What types cost each of the tensors, in their order.
    /// - Parameter types: for each tensor those to measure, each once; a tensor's own type costs nothing.
    /// - Throws: ``Diagnostics`` where the source has a number that is none, or cannot be read.
    package func measure(
        _ tensors: [FitTensor], types wanted: [[GGMLType]]
    ) async throws -> [[GGMLType: MeasuredCost]] {
        let wanted = zip(tensors, wanted).map { tensor, types in types.filter { $0 != tensor.tensor.type } }
        let open = tensors.indices.filter { !wanted[$0].isEmpty }
        let weights = try open.map { try importance(of: tensors[$0]) }
        let digests = try await digests(of: open)
        var requests: [CostRequest] = []
        var places: [Int] = []
        var found: [Int: [GGMLType: MeasuredCost]] = [:]
        for (place, tensor) in open.enumerated() {
            let types = wanted[tensor]
            let keys = types.map { Self.key(digests[place], weights[place].digest, $0) }
            let texts = index?.texts(for: keys) ?? []
            var known: [GGMLType: MeasuredCost] = [:]
            for (type, text) in zip(types, texts) {
                if let cost = text.flatMap(MeasuredCost.init(text:)) { known[type] = cost }
            }
            found[tensor] = known
            let missing = types.filter { known[$0] == nil }
            guard !missing.isEmpty else { continue }
            places.append(place)
            requests.append(
                CostRequest(
                    tensor: tensor, types: missing, importance: weights[place].values,
                    usage: weights[place].usage))
        }
        if !requests.isEmpty {
            let measured = MeasuredTensors()
            let (sent, order) = (requests, places)
            try await CostMeasurement(source: source, requests: requests).run(
                threads: threads, progress: progress
            ) { number, costs in
                measured.add(number, costs)
                // Of a file that was changed meanwhile the digests are those of other bytes.
                guard (try? source.checkUnchanged()) != nil else { return }
                let (digest, weight) = (digests[order[number]], weights[order[number]].digest)
                // Each tensor is remembered at once, so that nothing is lost where the work ends early.
                index?.remember(
                    zip(sent[number].types, costs).map { (Self.key(digest, weight, $0), $1.text) })
            }
            for (number, costs) in measured.all {
                for (type, cost) in zip(requests[number].types, costs) {
                    found[requests[number].tensor, default: [:]][type] = cost
                }
            }
        }
        return tensors.indices.map { number in
            var costs = found[number] ?? [:]
            costs[tensors[number].tensor.type] = MeasuredCost(error: 0, energy: 0)
            return costs
        }
    }

    private static func key(_ digest: SHA256Digest, _ weights: String, _ type: GGMLType) -> String {
        "cost \(version) \(digest) \(weights) \(type.name)"
    }

    // MARK: Importance

    private struct Weights: Sendable {
        var values: [Float] = []
        var usage: [Double] = []
        /// "-" where all columns count the same.
        var digest = "-"
    }

    private func importance(of tensor: FitTensor) throws -> Weights {
        guard let imatrix, let entry = tensor.importance else { return Weights() }
        var weights = Weights(values: try imatrix.values(of: entry), usage: try imatrix.usage(of: entry))
        try Self.check(weights, of: entry)
        var hasher = try ContentHasher()
        for value in weights.values { try hasher.update(littleEndian(UInt64(value.bitPattern)).span) }
        for value in weights.usage { try hasher.update(littleEndian(value.bitPattern).span) }
        weights.digest = try hasher.finish().sha256.hex
        return weights
    }

    /// Refuses importance by which an error would be nothing, whatever the type: the smallest would be the best.
    private static func check(_ weights: Weights, of entry: Imatrix.Entry) throws(Diagnostics) {
        let columns = weights.values.count / max(1, weights.usage.count)
        let counts = weights.values.indices.contains { index in
            weights.values[index] > 0
                && (weights.usage.isEmpty || weights.usage[index / max(1, columns)] > 0)
        }
        let negative = weights.values.firstIndex { $0 < 0 }
        if counts, negative == nil { return }
        let found =
            negative.map { "the value \(weights.values[$0]) for column \($0)" } ?? "no value above 0"
        throw Diagnostics(
            Diagnostic(
                code: .imatrixUnusable,
                "the importance matrix has \(found) of \(entry.name.quotedForMessage), which tells nothing of errors",
                fix: "measure it again; --exclude-weights leaves a tensor's values out"))
    }

    // MARK: Digests

    /// The digests of tensors: of what is remembered of their files, else computed.
    func digests(of wanted: [Int]) async throws -> [SHA256Digest] {
        let identities = wanted.map { source.identity(of: $0).map { "tensor \($0)" } }
        let none = [String?](repeating: nil, count: wanted.count)
        let texts = index?.texts(for: identities.map { $0 ?? "" }) ?? none
        var result = texts.enumerated().map { number, text in
            identities[number] == nil ? nil : text.flatMap { SHA256Digest(hex: $0) }
        }
        let missing = result.indices.filter { result[$0] == nil }
        if !missing.isEmpty {
            let computed = try await TensorDigests(source: source, tensors: missing.map { wanted[$0] }).run(
                threads: threads, progress: progress)
            for (place, digest) in zip(missing, computed) { result[place] = digest }
            index?.remember(
                missing.compactMap { place in
                    identities[place].flatMap { identity in result[place].map { (identity, $0.hex) } }
                })
        }
        return result.compactMap(\.self)
    }
}

/// The costs that were measured, by the requests' places.
private final class MeasuredTensors: Sendable {
    private let costs = Mutex<[Int: [MeasuredCost]]>([:])

    func add(_ number: Int, _ costs: [MeasuredCost]) { self.costs.withLock { $0[number] = costs } }

    var all: [Int: [MeasuredCost]] { costs.withLock { $0 } }
}

/// The eight bytes of a number, the lowest first.
func littleEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
}
