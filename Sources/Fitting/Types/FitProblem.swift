import Formats
package import Tensors

/// The choice of types for tensors within a number of bytes: a multiple-choice knapsack.
package struct FitProblem: Sendable {
    /// The unit of costs: the relative error of a tensor that weighs 1 is this times ``parts``.
    package static let unit = 1 << 40
    /// A weight of 1 in costs; weights that are no multiples of a part of it are rounded down.
    private static let parts = 8
    /// The greatest relative error that is told from others.
    private static let greatestError = 64.0

    /// One way to take some tensors: all of them get the type.
    package struct Item: Sendable {
        /// The tensors, by their places in the list.
        package let tensors: [Int]
        /// The types that all of them may get.
        package let types: [GGMLType]
        /// What each of the types takes and costs.
        package let options: [ChoiceProblem.Option]
    }

    /// What is chosen, in the order of the first tensors.
    package let items: [Item]
    private let count: Int

    /// States the problem.
    /// - Parameters:
    ///   - tensors: what may become of each.
    ///   - errors: for each tensor the relative errors of types; none where a type cannot hold the numbers.
    ///   - alignment: what a tensor's bytes are filled up to a multiple of.
    ///   - factor: how much all of them count, where several models share a budget.
    package init(
        _ tensors: [FitTensor], errors: [[GGMLType: Double]], alignment: Int, isFused: Bool, factor: Int = 1
    ) {
        count = tensors.count
        items = Self.groups(tensors, isFused: isFused).map { group in
            var types = tensors[group[0]].candidates
            for member in group.dropFirst() {
                types = types.filter { tensors[member].candidates.contains($0) }
            }
            var taken: [GGMLType] = []
            var options: [ChoiceProblem.Option] = []
            for type in types {
                var (size, cost) = (0, 0)
                var isPossible = true
                for member in group {
                    let tensor = tensors[member]
                    guard let error = errors[member][type],
                        let bytes = tensor.tensor.paddedSize(as: type, alignment)
                    else {
                        isPossible = false
                        break
                    }
                    size = size.saturated(adding: bytes)
                    cost = cost.saturated(adding: Self.cost(error, tensor.weight, factor))
                }
                guard isPossible else { continue }
                taken.append(type)
                options.append(ChoiceProblem.Option(size: size, cost: cost))
            }
            return Item(tensors: group, types: taken, options: options)
        }
    }

    /// The cost of a relative error, in whole units.
    /// - Parameter factor: how much the model counts.
    package static func cost(_ error: Double, _ weight: Int, _ factor: Int = 1) -> Int {
        let units = Int128((min(error, greatestError) * Double(unit)).rounded())
        return Int(
            clamping: units * Int128(weight) * Int128(parts) / Int128(RoleWeights.denominator)
                * Int128(factor))
    }

    /// A sum of costs as the weighted relative errors that it stands for.
    package static func error(_ cost: Int) -> Double {
        Double(cost) / Double(unit) / Double(parts)
    }

    /// The options of all items.
    package var options: [[ChoiceProblem.Option]] { items.map(\.options) }

    /// The type of each tensor, by the options that were taken.
    package func types(_ choices: [Int]) -> [GGMLType?] {
        var types = [GGMLType?](repeating: nil, count: count)
        for (item, choice) in zip(items, choices) {
            for tensor in item.tensors { types[tensor] = item.types[choice] }
        }
        return types
    }

    /// Which tensors get one type: one by one, but where fused ones are asked for and have one in common.
    private static func groups(_ tensors: [FitTensor], isFused: Bool) -> [[Int]] {
        guard isFused else { return tensors.indices.map { [$0] } }
        var groups: [[Int]] = []
        var places: [ExactName: Int] = [:]
        for index in tensors.indices {
            guard let key = tensors[index].tensor.name.fusedName else {
                groups.append([index])
                continue
            }
            if let place = places[ExactName(key)] {
                let common = groups[place].reduce(tensors[index].candidates) { common, member in
                    common.filter { tensors[member].candidates.contains($0) }
                }
                if common.isEmpty { groups.append([index]) } else { groups[place].append(index) }
            } else {
                places[ExactName(key)] = groups.count
                groups.append([index])
            }
        }
        return groups
    }
}

extension TensorDescription {
    /// The bytes that the tensor takes in a file, with the zeros behind it; `nil` where it has no size.
    package func paddedSize(as type: GGMLType, _ alignment: Int) -> Int? {
        guard let size = type.byteCount(dimensions: dimensions) else { return nil }
        let (sum, overflow) = size.addingReportingOverflow(alignment - 1)
        return overflow ? nil : sum / alignment * alignment
    }
}

extension String {
    /// What the tensors have in common that are fused with this one; `nil` if there are none.
    fileprivate var fusedName: String? {
        for word in [".attn_q.", ".attn_k.", ".attn_v."] where containsUTF8(word) {
            return replacing(word, with: ".qkv.")
        }
        for word in [".ffn_gate", ".ffn_up"] where containsUTF8(word) {
            return replacing(word, with: ".gate_up")
        }
        return nil
    }
}
