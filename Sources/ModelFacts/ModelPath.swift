package import Formats

/// A path in a snapshot, taken apart: what its names tell of a model.
package struct ModelPath {
    /// The part before the last "/"; empty at the top.
    package let directory: String
    /// The part after it.
    package let file: ExactName

    /// Takes a path apart.
    package init(_ path: RelativePath) { self.init(path.text) }

    /// Takes the text of a path apart.
    package init(_ path: String) {
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
            directory = String(path[..<slash])
            file = ExactName(String(path[path.utf8.index(after: slash)...]))
        } else {
            directory = ""
            file = ExactName(path)
        }
    }

    /// The names of the directories from the top.
    package var directories: [Substring] { directory.split(separator: "/") }

    /// What follows the last "." in lowercase; empty if there is none.
    package var suffix: String {
        file.utf8.lastIndex(of: UInt8(ascii: ".")).map {
            file.text[file.utf8.index(after: $0)...].lowercased()
        }
            ?? ""
    }

    /// Whether it is an index of shards: `model.safetensors.index.json`, `model.safetensors.index.fp16.json`.
    package var isIndex: Bool {
        guard file.hasSuffix(".json") else { return false }
        let suffixes = ["safetensors", "bin", "h5", "msgpack"]
        return suffixes.contains { file.text.contains(".\($0).index.") }
    }

    /// Whether it is what a trainer keeps beside the weights to go on later.
    package var isTrainingState: Bool {
        let names = ["training_args", "optimizer", "scheduler", "rng_state", "random_states", "scaler"]
        return names.contains { file.hasPrefix($0) }
    }

    /// Whether it is an adapter's weights (peft), which transformers loads on top of another model.
    package var isAdapter: Bool { file.hasPrefix("adapter_model.") }

    /// Whether transformers, diffusers or sentence-transformers would load it as PyTorch weights.
    package var isTransformersWeights: Bool {
        guard !isAdapter, !isTrainingState else { return false }
        return suffix == "safetensors"
            || (suffix == "bin"
                && (file.hasPrefix("pytorch_model") || file.hasPrefix("diffusion_pytorch_model")))
    }

    /// Whether it has a name that transformers and diffusers alone give to weights: those of `from_pretrained`.
    package var isPretrainedWeights: Bool {
        let stem = file.text.split(separator: ".").first.map { $0.split(separator: "-").first ?? "" } ?? ""
        switch suffix {
        case "safetensors": return ["model", "pytorch_model", "diffusion_pytorch_model"].contains(stem)
        case "bin": return ["pytorch_model", "diffusion_pytorch_model"].contains(stem)
        default: return false
        }
    }

    /// One of several files that belong together: `STEM-00002-of-00004REST`.
    package struct Part {
        /// What all of them have in common, with "*" in place of the number.
        package let set: String
        /// Which one it is.
        package let number: Int
        /// How many there are.
        package let total: Int
        private let stem: Substring
        private let rest: Substring
        private let digits: Int

        fileprivate init?(_ file: String) {
            // Read from the end: "-of-" with five or more digits on both sides.
            let parts = file.split(separator: "-", omittingEmptySubsequences: false)
            guard let of = parts.lastIndex(of: "of"), of >= 2, of + 1 < parts.count else { return nil }
            let before = parts[of - 1]
            let after = parts[of + 1]
            let count = after.prefix { $0.isASCII && $0.isNumber }
            rest = file[count.endIndex...]
            stem = file[..<before.startIndex]
            digits = before.utf8.count
            guard before.utf8.count >= 5, before.utf8.count <= 9, count.utf8.count == before.utf8.count,
                before.allSatisfy({ $0.isASCII && $0.isNumber }), rest.first == ".",
                let number = Int(before), let total = Int(count), (1...99_999).contains(total),
                number <= total
            else { return nil }
            self.number = number
            self.total = total
            set = "\(stem)*-of-\(count)\(rest)"
        }

        /// The file's name of another part of the set.
        package func name(of number: Int) -> String {
            func padded(_ value: Int) -> String {
                let text = String(value)
                return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
            }
            return "\(stem)\(padded(number))-of-\(padded(total))\(rest)"
        }
    }

    /// Which part of a set of weight files it is, or `nil` for a file of its own.
    package var part: Part? {
        let suffixes = ["safetensors", "bin", "gguf", "h5", "msgpack", "pt", "pth"]
        return suffixes.contains(suffix) ? Part(file.text) : nil
    }
}
