import Formats
import Manifests
import ModelFiles
import Reports
import Tensors

extension EntryFiles {
    /// Compares what was made with what it was made from.
    /// - Throws: ``Diagnostics`` that state which file is not to be had and what brings it, or why there is no error.
    func cost(of entry: LockedEntry, progress: @escaping ProgressHandler) async throws -> ConversionCost {
        guard let request = entry.asked.conversion, let source = lock.entry(named: request.from) else {
            throw problem("the lock does not have what it was made from")
        }
        guard request.merged.isEmpty else {
            throw problem("adapters were merged, so that a difference is not an error alone")
        }
        let inputs = try request.recipe(for: entry.name, of: source)
            .selection(of: source.files.map(\.path), for: entry.name).inputs
        let original = try model(inputs, of: source)
        let made = entry.files.filter { $0.proof == .conversion }.map(\.path)
        let other = try model(made, of: entry)
        let comparison = try await ModelComparison.compare(of: original, with: other, progress: progress)
        guard !comparison.results.isEmpty else {
            throw problem("no tensor of \(source.name) could be compared with one of it")
        }
        return ConversionCost(
            entry: entry.name, original: source.name, comparison, source: "measured on both models")
    }

    private func problem(_ message: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .unreadable, message, verdict: .undecided))
    }
}

extension ConversionCost {
    /// Sums up a comparison by layers, in their order, then what is in none, in that of the original.
    fileprivate init(entry: String, original: String, _ comparison: ModelComparison, source: String) {
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
