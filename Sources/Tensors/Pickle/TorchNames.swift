import Formats

/// Finds the tensors in what a pickle states, and names them as `torch.load` would let one reach them.
struct TorchNames {
    /// A tensor's name and what the pickle states of it.
    struct Found {
        /// The keys on the way to it with dots between, less a wrapper around all weights.
        var name: String
        /// Which elements of which storage it is, as the pickle states it.
        let tensor: TorchTensor
    }

    /// The deepest nesting of dictionaries and lists that is followed.
    static let maximumDepth = 32
    /// The most values that are looked at: a pickle can name one list many times.
    static let maximumVisits = 500_000
    /// The most tensors.
    static let maximumCount = 250_000
    /// The names under which training code puts a model's weights beside other things.
    static let wrappers = ["state_dict", "model", "model_state_dict", "module"]

    private let tree: PickleTree
    /// The tensors in the pickle's order.
    private(set) var found: [Found] = []
    /// What would be tensors and has no plain elements.
    private(set) var skipped: [TorchCheckpoint.Skipped] = []
    private var visits = 0
    private var nameLength = 0

    /// Walks through all that the pickle holds.
    /// - Throws: where it is deeper, wider, or longer in its names than a model's.
    init(_ tree: PickleTree) throws(FormatError) {
        self.tree = tree
        try visit(tree.root, path: "", depth: 0)
        unwrap()
    }

    private mutating func visit(
        _ value: PickleTree.Reference, path: String, depth: Int
    ) throws(FormatError) {
        visits += 1
        guard visits <= Self.maximumVisits, depth <= Self.maximumDepth, nameLength < 1 << 27 else {
            throw FormatError("the pickle is nested deeper or wider than that of any model", at: 0)
        }
        switch tree[value] {
        case .dictionary(let items):
            for index in stride(from: 0, to: items.count - 1, by: 2) where isContainer(items[index + 1]) {
                guard let key = name(items[index]) else { continue }
                try visit(items[index + 1], path: join(path, key), depth: depth + 1)
            }
        case .list(let items), .tuple(let items):
            for (index, item) in items.enumerated() where isContainer(item) {
                try visit(item, path: join(path, String(index)), depth: depth + 1)
            }
        case .call: try add(value, path)
        default: break
        }
    }

    private func isContainer(_ value: PickleTree.Reference) -> Bool {
        switch tree[value] {
        case .dictionary, .list, .tuple, .call: true
        default: false
        }
    }

    private func name(_ key: PickleTree.Reference) -> String? {
        tree.text(key) ?? tree.integer(key).map { String($0) }
    }

    private mutating func join(_ path: String, _ key: String) -> String {
        let joined = path.isEmpty ? key : "\(path).\(key)"
        nameLength += joined.utf8.count
        return joined
    }

    private mutating func add(_ value: PickleTree.Reference, _ path: String) throws(FormatError) {
        guard found.count + skipped.count < Self.maximumCount else {
            throw FormatError("the pickle has more than \(Self.maximumCount) tensors", at: 0)
        }
        do throws(TorchProblem) {
            switch try TorchTensor.read(value, in: tree) {
            case .tensor(let tensor): found.append(Found(name: path, tensor: tensor))
            case .unknown(let kind): skipped.append(TorchCheckpoint.Skipped(name: path, kind: kind))
            case .other: break
            }
        } catch {
            throw FormatError("\(path.quoted) is \(error.message)", at: 0)
        }
    }

    /// Takes the wrapper off the weights' names where nothing but one has tensors of a model: `model.a` is `a`
    /// in a checkpoint of a training, which has `optimizer.…` beside it.
    private mutating func unwrap() {
        guard case .dictionary(let items) = tree[tree.root] else { return }
        let keys = stride(from: 0, to: items.count - 1, by: 2).filter { isDictionary(items[$0 + 1]) }
            .compactMap { tree.text(items[$0]) }
        guard !hasTensors(items),
            let wrapper = Self.wrappers.first(where: { keys.contains($0) })
        else { return }
        let prefix = Array("\(wrapper).".utf8)
        let names = found.map {
            $0.name.utf8.starts(with: prefix) ? shortened($0.name, prefix.count) : $0.name
        }
        // A name that another tensor has is worse than a long one.
        guard Set(names.map { ExactName($0) }).count == names.count else { return }
        for (index, name) in names.enumerated() { found[index].name = name }
    }

    private func shortened(_ name: String, _ count: Int) -> String {
        String(decoding: name.utf8.dropFirst(count), as: UTF8.self)
    }

    private func isDictionary(_ value: PickleTree.Reference) -> Bool {
        if case .dictionary = tree[value] { true } else { false }
    }

    /// Whether tensors are right in a dictionary.
    private func hasTensors(_ items: [PickleTree.Reference]) -> Bool {
        items.contains { item in
            if case .tensor = try? TorchTensor.read(item, in: tree) { true } else { false }
        }
    }
}
