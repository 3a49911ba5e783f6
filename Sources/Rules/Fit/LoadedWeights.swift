import Formats
import Manifests
import ModelFacts

/// What of an entry is loaded as a model, and how much memory that takes at least: the weights alone, without
/// activations and cache. From the lock alone.
struct LoadedWeights: Equatable {
    /// The bytes of the smallest and of the largest model that the entry holds; they differ only where it has
    /// several GGUF files to choose from.
    let range: ClosedRange<Int>
    /// The bytes by dtype, where the headers of safetensors files told them.
    let dtypes: [ExactName: Int]
    /// The bytes once every weight has 16 bits; `nil` where the number of weights is not known.
    let widened: Int?
    /// The number of weights, where it is known.
    let parameters: Int?
    /// The bytes of the largest file that is read into memory whole before it goes to a device: one that
    /// torch, flax or tensorflow unpickles or parses. Safetensors and GGUF are mapped. 0 if there is none.
    let largestUnmapped: Int

    /// The bytes once what is stored in 32 bits is loaded in 16.
    var narrowed: Int { range.upperBound - (dtypes["F32"] ?? 0) / 2 }

    /// `nil` for an entry that is no model, has no weights, or holds adapters alone, which weigh little beside
    /// the model that they are put on.
    init?(_ entry: LockedEntry) {
        guard entry.kind == .model else { return nil }
        let formats = entry.fact("formats")?.strings ?? []
        let files = entry.files.map { (path: $0.path, size: $0.size) }
        let weights = files.filter { file in
            let path = ModelPath(file.path)
            return ModelFormat.isWeightLike(file.path) && !path.isAdapter && !path.isTrainingState
        }
        guard !weights.isEmpty else { return nil }
        let facts = entry.fact("weight_bytes")?.members ?? []
        parameters = entry.fact("parameters")?.integer
        widened = parameters.flatMap { count in
            let (product, overflow) = count.multipliedReportingOverflow(by: 2)
            return overflow ? nil : product
        }
        if formats.contains("safetensors"), !facts.isEmpty {
            var dtypes: [ExactName: Int] = [:]
            for fact in facts { dtypes[fact.key] = max(0, fact.value.integer ?? 0) }
            let total = Self.sum(dtypes.values)
            self.dtypes = dtypes
            range = total...total
            largestUnmapped = 0
            return
        }
        dtypes = [:]
        if formats.contains("gguf") {
            let sizes = GGUFWeights.sets(files.filter { ModelPath($0.path).suffix == "gguf" }).map(\.size)
            if let smallest = sizes.min(), let largest = sizes.max() {
                range = smallest...largest
                largestUnmapped = 0
                return
            }
        }
        // Of other formats nothing but sizes is known: the largest set of files, as one model has at least that.
        var sets: [ExactName: Int] = [:]
        for file in weights {
            let path = ModelPath(file.path)
            let name = ExactName("\(path.directory)/\(path.part?.set ?? path.file.text)")
            sets[name] = Self.sum([sets[name] ?? 0, file.size])
        }
        let largest = sets.values.max() ?? 0
        range = largest...largest
        let unmapped = ["bin", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "msgpack", "h5"]
        largestUnmapped =
            weights.filter { unmapped.contains(ModelPath($0.path).suffix) }.map(\.size).max() ?? 0
    }

    private static func sum(_ values: some Sequence<Int>) -> Int {
        values.reduce(0) { total, value in
            let (sum, overflow) = total.addingReportingOverflow(value)
            return overflow ? Int.max : sum
        }
    }
}
