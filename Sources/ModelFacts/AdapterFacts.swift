import Conversion
import Formats

/// What an adapter is, as its configuration and its weights state it.
package struct AdapterFacts: Equatable, Sendable {
    /// The model that it is put on.
    package let base: String?
    /// PEFT's name for its task.
    package let task: String?
    /// The greatest rank of a pair of matrices, by the configuration and by the weights; `nil` if neither states one.
    package let rank: Int?
    /// The names of the modules that it changes or holds as a whole, each once, sorted by their bytes; `nil` if that
    /// cannot be seen.
    package let targets: [String]?

    /// Nothing, for what is not an adapter.
    package static let none = AdapterFacts(nil, [])

    /// - Parameters:
    ///   - config: `adapter_config.json`; `nil` if there is none.
    ///   - tensors: the tensors of the weights, as far as there are safetensors headers.
    init(_ config: JSON?, _ tensors: [CheckpointTensor]) {
        base = config?["base_model_name_or_path"]?.string
        task = config?["task_type"]?.string
        guard let config, config["peft_type"]?.string?.uppercased() == "LORA" else {
            (rank, targets) = (nil, nil)
            return
        }
        let patterns = (config["rank_pattern"]?.members ?? []).compactMap(\.value.integer)
        var ranks = [config["r"]?.integer ?? 8] + patterns
        var names: Set<ExactName> = []
        // Matrices for parameters that are no modules hold those of all experts.
        let hasParameters = !(config["target_parameters"]?.array ?? []).isEmpty
        for tensor in tensors {
            let parts = tensor.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if let place = parts.firstIndex(where: { ["lora_A", "lora_embedding_A"].contains($0) }) {
                if place > 0 { names.insert(ExactName(parts[place - 1])) }
                if !hasParameters, let rows = tensor.shape.first { ranks.append(rows) }
            } else if !parts.contains(where: { $0.utf8.starts(with: "lora_".utf8) }), parts.count > 1 {
                let isBase = parts.dropLast().last?.hasSameBytes(as: "base_layer") == true
                names.insert(ExactName(parts[max(0, parts.count - (isBase ? 3 : 2))]))
            }
        }
        rank = ranks.max()
        let stated = config["target_modules"]?.strings
        let saved = (config["modules_to_save"]?.strings ?? []) + (config["target_parameters"]?.strings ?? [])
        if names.isEmpty {
            targets = stated.map { Set(exactly: $0 + saved).sortedTexts }
        } else {
            targets = names.union(saved.map { ExactName($0) }).sortedTexts
        }
    }

    /// The facts that a lock records.
    var lockFields: [JSON.Member] {
        [
            base.map { JSON.Member("adapter_base", .string($0)) },
            rank.map { JSON.Member("adapter_rank", .integer($0)) },
            targets.map { JSON.Member("adapter_targets", .array($0.map(JSON.string))) },
            task.map { JSON.Member("adapter_task", .string($0)) },
        ].compactMap(\.self)
    }
}
