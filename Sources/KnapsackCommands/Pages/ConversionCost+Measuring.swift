import Formats
import Manifests
import ModelFiles
import Reports
import Storage
import Tensors

extension LockedEntry {
    /// What the entry was made of, as far as a lock states it; `nil` for what is no conversion.
    /// - Throws: ``Diagnostics`` where the lock lacks an entry that it was made of.
    func madeOf(_ lock: Lock) throws -> (inputs: ConversionInputs, source: LockedEntry)? {
        guard let request = asked.conversion else { return nil }
        let entries = try ([request.from] + request.merged).map { name throws(Diagnostics) in
            guard let entry = lock.entry(named: name) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .lockMalformed, "the lock does not have \(name), which it was made of",
                        fix: "lock again", verdict: .undecided))
            }
            return entry
        }
        let inputs = try ConversionInputs(
            of: entries[0], request, for: name, merging: Array(entries.dropFirst()))
        return (inputs, entries[0])
    }
}

extension EntryFiles {
    /// Compares what was made with the numbers that the conversion was given: of the entry's model, and of each that is beside
    /// it.
    /// - Throws: ``Diagnostics`` that state which file is not to be had and what brings it, or why there is no error.
    func costs(of entry: LockedEntry, progress: @escaping ProgressHandler) async throws -> [ConversionCost] {
        guard let (inputs, source) = try entry.madeOf(lock) else { return [] }
        let read = try inputs.reads(of: source).enumerated().flatMap { place, part in
            let open = try opener(part.entry)
            return try part.paths.map { path in
                ConversionInput(path: path, content: try open(path), adapter: place == 0 ? nil : place - 1)
            }
        }
        let differences = try await inputs.differences(
            of: entry.name, reading: read, made: try opener(entry), progress: progress)
        guard differences.contains(where: { !$0.results.isEmpty }) else {
            throw Diagnostics(
                Diagnostic(
                    code: .unreadable, "none of its tensors could be compared with those of \(source.name)",
                    fix: "run knapsack lock and pack again", verdict: .undecided))
        }
        let original = ([source] + inputs.adapters).map(\.name).joined(separator: " + ")
        return differences.map { ConversionCost(entry: entry.name, original: original, $0) }
    }
}

extension ConversionCost {
    /// Sums up differences by layers, in their order, then what is in none, in that of the conversion.
    fileprivate init(entry: String, original: String, _ compared: ConversionDifference) {
        var layers: [LayerName: (tensors: Int, difference: NumberDifference)] = [:]
        var single: [Layer] = []
        var total = NumberDifference()
        for result in compared.results {
            total.add(result.difference)
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
            entry: entry, file: compared.file?.text, original: original,
            total: Layer(name: "", tensors: compared.results.count, relative: total.relative),
            layers: sums + single, source: "measured on both models",
            notCompared: compared.notCompared)
    }
}
