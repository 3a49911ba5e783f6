import Formats

/// Collects the matrices of experts, which a checkpoint has one by one and GGUF as one tensor a block.
///
/// A stack is written when its block's last matrix is met.
struct ExpertStacks: Sendable {
    private let count: Int
    private let parts: [String]
    private var blocks: [Int: [ExactName: TensorValue]] = [:]
    /// The path between a block and an expert's number, as `mlp.experts`.
    private let path: String

    /// - Parameters:
    ///   - count: of experts in a block.
    ///   - parts: the names of an expert's matrices in the order in which they are written, as `w1`; one that is
    ///     empty for what has no parts.
    ///   - path: what stands between a block's number and an expert's, as `mlp.experts`.
    init(count: Int, parts: [String], path: String) {
        self.count = count
        self.parts = parts
        self.path = path
    }

    /// Takes a matrix of an expert.
    /// - Returns: the name and value of each stack that is whole now, a name as `model.layers.3.mlp.experts.w1.weight`;
    ///   `nil` where the tensor is none of an expert.
    mutating func add(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [(name: String, value: TensorValue)]? {
        guard name.containsUTF8(".\(path).") else { return nil }
        guard let block = TensorNames.block(of: name) else { throw ConversionError.missingTensor(name) }
        blocks[block, default: [:]][name] = value
        guard let own = blocks[block], own.count >= count * parts.count else { return [] }
        let prefix = String(
            decoding: name.utf8.prefix(name.utf8.count - suffix(of: name).utf8.count), as: UTF8.self)
        var stacks: [(name: String, value: TensorValue)] = []
        for part in parts.map({ $0.isEmpty ? "" : ".\($0)" }) {
            var values: [TensorValue] = []
            for expert in 0..<count {
                let name = "\(prefix)\(path).\(expert)\(part).weight"
                guard let value = own[name] else { throw ConversionError.missingTensor(name) }
                values.append(value)
            }
            guard let stack = TensorValue.stacked(values) else {
                throw ConversionError(
                    .tensorShape, "the experts of block \(block) differ in the shape of \(path)\(part)",
                    fix: "check that config.json belongs to these weights")
            }
            stacks.append(("\(prefix)\(path)\(part).weight", stack))
        }
        blocks[block] = nil
        return stacks
    }

    /// What becomes of any tensor of a family that has such stacks: the stacks that are whole now, or the tensor itself.
    mutating func converted(
        _ name: String, _ value: TensorValue, _ names: TensorNames, _ architecture: String
    ) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        for own in try add(name, value) ?? [(name, value)] {
            converted.append(try names.renamed(own.name, own.value, architecture))
        }
        return converted
    }

    private func suffix(of name: String) -> String {
        var rest = name
        while !rest.isEmpty, !rest.hasUTF8Prefix("\(path).") {
            rest = String(decoding: rest.utf8.dropFirst(), as: UTF8.self)
        }
        return rest
    }

    /// Looks at what is left.
    /// - Throws: where a stack is not whole.
    func finish() throws(ConversionError) {
        guard let (block, own) = blocks.min(by: { $0.key < $1.key }) else { return }
        let name = own.keys.min()?.text ?? ""
        let prefix = String(
            decoding: name.utf8.prefix(name.utf8.count - suffix(of: name).utf8.count), as: UTF8.self)
        var missing: [String] = []
        for expert in 0..<count {
            for part in parts.map({ $0.isEmpty ? "" : ".\($0)" }) {
                let name = "\(prefix)\(path).\(expert)\(part).weight"
                if own[name] == nil { missing.append(name) }
            }
        }
        guard !missing.isEmpty else { throw .unknownTensor(name, "block \(block)") }
        throw .missingTensors(missing)
    }
}
