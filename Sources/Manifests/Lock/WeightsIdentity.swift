import Formats
package import Storage

/// Which weights an entry's safetensors files hold, whatever the files are called, however the tensors are
/// spread over them and in whichever order they are stored.
package struct WeightsIdentity: Equatable, Sendable {
    /// The SHA-256 of one line for each tensor, `["name","dtype",[shape],"sha256"]` and a line feed, lines
    /// sorted by their bytes, equal ones once. Two entries have one identity exactly if their tensors have
    /// the same names, types, shapes and bytes.
    package let sha256: SHA256Digest
    /// The number of lines.
    package let tensors: Int
}

extension LockedEntry {
    /// The identity of the entry's safetensors weights; `nil` where it has none.
    package var weights: WeightsIdentity? {
        var lines = tensors.compactMap(\.line)
        lines.sort { $0.precedesByBytes($1) }
        guard !lines.isEmpty, var hasher = try? ContentHasher() else { return nil }
        var count = 0
        for (index, line) in lines.enumerated() where index == 0 || !lines[index - 1].hasSameBytes(as: line) {
            guard (try? hasher.update(Array(line.utf8).span)) != nil else { return nil }
            count += 1
        }
        guard let digest = try? hasher.finish().sha256 else { return nil }
        return WeightsIdentity(sha256: digest, tensors: count)
    }
}

extension LockedTensor {
    /// Whether it is in a safetensors file: of other formats a lock has only the tensors that are worth
    /// sharing.
    var isOfSafetensors: Bool { file.hasSuffix(".safetensors") }

    /// What the identity counts of this tensor; `nil` for other formats.
    fileprivate var line: String? {
        guard isOfSafetensors, let dtype, let shape else { return nil }
        let fields = [JSON.string(name), .string(dtype), .array(shape.map(JSON.integer))]
        return "\(JSON.array(fields).compactText.dropLast()),\"\(sha256.hex)\"]\n"
    }
}
