import Formats

/// What a pickle states of one tensor: which elements of which storage it is. Nothing is checked against a storage.
struct TorchTensor {
    /// The type of its elements, by the class of the storage.
    let dtype: DType
    /// The name of the storage in the archive.
    let key: String
    /// The number of elements that the storage is said to have.
    let storageCount: Int
    /// The first element in the storage.
    let offset: Int
    /// The lengths of the dimensions, the outermost first; none for a single number.
    let shape: [Int]
    /// How many elements of the storage apart the elements of a dimension are, as many as in `shape`.
    let strides: [Int]

    /// What a value of a pickle is.
    enum Reading {
        /// A tensor of plain elements.
        case tensor(TorchTensor)
        /// A call that would make a tensor of a kind that has no plain elements here, by the function's name.
        case unknown(String)
        /// Anything that is not a call of a function of PyTorch that makes tensors.
        case other
    }

    /// Tensors in parameters in subclasses: more than there are kinds of wrappings.
    private static let maximumDepth = 4

    /// Reads a value as a tensor.
    static func read(_ value: PickleTree.Reference, in tree: PickleTree) throws(TorchProblem) -> Reading {
        guard case .call(let callee, let arguments) = tree[value], let function = tree.global(callee) else {
            return .other
        }
        return try read(function, arguments, in: tree, depth: 0)
    }

    private static func read(
        _ function: PickleTree.Global, _ arguments: PickleTree.Reference, in tree: PickleTree, depth: Int
    ) throws(TorchProblem) -> Reading {
        guard let items = tree.sequence(arguments) else { return .other }
        switch function.path {
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
            return try tensor(items, type: nil, in: tree)
        case "torch._utils._rebuild_tensor_v3":
            guard items.count > 6, let name = tree.global(items[6]) else {
                throw TorchProblem("a tensor without a type")
            }
            guard let type = TorchTypes.type(name) else { return .unknown(name.path) }
            return try tensor(items, type: type, in: tree)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            guard depth < maximumDepth, let first = items.first,
                case .call(let callee, let inner) = tree[first],
                let function = tree.global(callee)
            else { throw TorchProblem("a parameter that is not a tensor") }
            return try read(function, inner, in: tree, depth: depth + 1)
        case "torch._tensor._rebuild_from_type_v2":
            guard depth < maximumDepth, items.count > 2, let function = tree.global(items[0]) else {
                throw TorchProblem("a tensor of a class that is not named")
            }
            return try read(function, items[2], in: tree, depth: depth + 1)
        case let path
        where path.hasUTF8Prefix("torch._utils._rebuild_") || path == "torch._utils._rebuild_qtensor":
            return .unknown(path)
        default: return .other
        }
    }

    private static func tensor(
        _ items: [PickleTree.Reference], type: DType?, in tree: PickleTree
    ) throws(TorchProblem) -> Reading {
        guard items.count >= 4, case .persistent(let identity) = tree[items[0]],
            let storage = tree.sequence(identity), storage.count >= 5, tree.text(storage[0]) == "storage",
            let kind = tree.global(storage[1]), let key = tree.text(storage[2]),
            let count = tree.integer(storage[4])
        else { throw TorchProblem("a tensor whose storage is not named as torch.save does it") }
        guard let dtype = type ?? TorchTypes.element(of: kind) else { return .unknown(kind.path) }
        guard let offset = tree.integer(items[1]), let shape = tree.integers(items[2]),
            let strides = tree.integers(items[3]), shape.count == strides.count, offset >= 0, count >= 0,
            (shape + strides).allSatisfy({ $0 >= 0 })
        else { throw TorchProblem("a tensor whose shape and strides are not numbers of one dimension each") }
        return .tensor(
            TorchTensor(
                dtype: dtype, key: key, storageCount: count, offset: offset, shape: shape, strides: strides))
    }

    /// The number of elements, and how many elements of the storage are stored from the first to the last; `nil` where
    /// numbers pass 63 bits.
    var extent: (count: Int, span: Int)? {
        if shape.contains(0) { return (0, 0) }
        var (count, span) = (1, 1)
        for (length, stride) in zip(shape, strides) {
            let (product, first) = count.multipliedReportingOverflow(by: length)
            let (step, second) = (length - 1).multipliedReportingOverflow(by: stride)
            let (sum, third) = span.addingReportingOverflow(step)
            if first || second || third { return nil }
            (count, span) = (product, sum)
        }
        return (count, span)
    }
}

/// What is wrong with a tensor, which the one who knows its name states.
struct TorchProblem: Error {
    /// What is wrong, as the rest of a sentence that begins with the tensor's name and "is".
    let message: String

    /// Takes the clause.
    init(_ message: String) { self.message = message }
}
