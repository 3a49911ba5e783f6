import Formats

/// The stack and the memo of Python's pickle machine (`pickletools`), restricted to building values: calls stay
/// what they are, and no opcode can reach anything outside.
///
/// Memory: bounded by the number of instructions, each of which makes at most one value.
struct PickleMachine {
    /// The most instructions that are followed: some 40 describe a tensor.
    static let maximumInstructions = 8_000_000
    /// The most values that wait at a time.
    static let maximumDepth = 2_000_000
    /// The most open marks at a time.
    static let maximumMarks = 10_000

    /// What was built so far.
    private(set) var tree = PickleTree()
    /// The first byte of the instruction that is followed, for errors.
    var position = 0
    private var stack: [PickleTree.Reference] = []
    private var marks: [Int] = []
    private var memo: [UInt32: PickleTree.Reference] = [:]
    private var places: [PickleTree.Global: Int32] = [:]

    /// An error at the instruction that is followed.
    func error(_ message: String) -> FormatError { FormatError(message, at: position) }

    // MARK: The stack

    /// Makes a value, and puts it on the stack.
    mutating func push(_ value: PickleTree.Value) throws(FormatError) {
        tree.values.append(value)
        try push(reference: PickleTree.Reference(tree.values.count - 1))
    }

    private mutating func push(reference: PickleTree.Reference) throws(FormatError) {
        guard stack.count < Self.maximumDepth else {
            throw error("the pickle has more than \(Self.maximumDepth) values waiting")
        }
        stack.append(reference)
    }

    /// Takes the value on top of the stack.
    /// - Throws: where nothing is there above the last mark.
    mutating func pop() throws(FormatError) -> PickleTree.Reference {
        guard stack.count > marks.last ?? 0, let last = stack.popLast() else {
            throw error("the pickle takes a value that is not there")
        }
        return last
    }

    private func top() throws(FormatError) -> PickleTree.Reference {
        guard stack.count > marks.last ?? 0, let last = stack.last else {
            throw error("the pickle takes a value that is not there")
        }
        return last
    }

    /// Puts a mark on the stack (`MARK`).
    mutating func mark() throws(FormatError) {
        guard marks.count < Self.maximumMarks else {
            throw error("the pickle is nested deeper than \(Self.maximumMarks)")
        }
        marks.append(stack.count)
    }

    /// Takes all values since the last mark.
    mutating func popMark() throws(FormatError) -> [PickleTree.Reference] {
        guard let start = marks.popLast() else { throw error("the pickle takes a mark that is not there") }
        let items = Array(stack[start...])
        stack.removeSubrange(start...)
        return items
    }

    /// Takes off a value, or the mark where that is on top.
    mutating func discard() throws(FormatError) {
        if let start = marks.last, start == stack.count {
            marks.removeLast()
        } else {
            _ = try pop()
        }
    }

    /// Puts the value on top there again (`DUP`): the same value, not a copy.
    mutating func duplicate() throws(FormatError) { try push(reference: top()) }

    // MARK: The memo

    /// Names the value on top (`PUT`, `BINPUT`, `LONG_BINPUT`); it stays there.
    mutating func remember(_ key: UInt32) throws(FormatError) { memo[key] = try top() }

    /// Gives the value on top the next number (`MEMOIZE`).
    mutating func rememberNext() throws(FormatError) { try remember(UInt32(memo.count)) }

    /// Puts a value that was named on the stack (`GET`, `BINGET`, `LONG_BINGET`).
    mutating func recall(_ key: UInt32) throws(FormatError) {
        guard let reference = memo[key] else {
            throw error("the pickle refers to its value \(key), which is not there")
        }
        try push(reference: reference)
    }

    // MARK: Containers and calls

    /// Makes a tuple of the last values, at most three (`TUPLE1` to `TUPLE3`).
    mutating func tuple(_ count: Int) throws(FormatError) {
        var items: [PickleTree.Reference] = []
        for _ in 0..<count { items.append(try pop()) }
        try push(.tuple(items.reversed()))
    }

    /// Makes a dictionary of keys and values in turns.
    /// - Throws: where the last key has no value.
    mutating func dictionary(_ items: [PickleTree.Reference]) throws(FormatError) {
        guard items.count.isMultiple(of: 2) else { throw error("a dictionary has a key without a value") }
        try push(.dictionary(items))
    }

    /// Adds to the list on top of the stack. What a call would make takes everything and keeps nothing.
    mutating func append(_ items: [PickleTree.Reference]) throws(FormatError) {
        let target = Int(try top())
        switch tree.values[target] {
        case .list(var list):
            // Without this the list would be copied each time.
            tree.values[target] = .none
            list += items
            tree.values[target] = .list(list)
        case .call, .opaque: break
        default: throw error("the pickle appends to something that is not a list")
        }
    }

    /// Adds keys and values to the dictionary on top of the stack.
    mutating func set(_ items: [PickleTree.Reference]) throws(FormatError) {
        guard items.count.isMultiple(of: 2) else { throw error("a dictionary has a key without a value") }
        let target = Int(try top())
        switch tree.values[target] {
        case .dictionary(var members):
            tree.values[target] = .none
            members += items
            tree.values[target] = .dictionary(members)
        case .call, .opaque: break
        default: throw error("the pickle sets members of something that is not a dictionary")
        }
    }

    /// Adds to a set, of which nothing is kept.
    mutating func add() throws(FormatError) {
        _ = try popMark()
        _ = try top()
    }

    /// Names a class or function (`GLOBAL`); a name that was seen has its first place.
    mutating func global(module: String, name: String) throws(FormatError) {
        let global = PickleTree.Global(module: module, name: name)
        let index = places[global] ?? Int32(tree.globals.count)
        if index == tree.globals.count {
            tree.globals.append(global)
            places[global] = index
        }
        try push(.global(index))
    }

    /// The same with the names of module and object on the stack (`STACK_GLOBAL`).
    mutating func stackGlobal() throws(FormatError) {
        let (name, module) = (try pop(), try pop())
        guard let module = tree.text(module), let name = tree.text(name) else {
            throw error("the pickle names a class or function by something that is not a text")
        }
        try global(module: module, name: name)
    }

    /// A call, which is kept as one; but an ordered dictionary is a dictionary, and a size a tuple.
    mutating func call() throws(FormatError) {
        let (arguments, callee) = (try pop(), try pop())
        let items = tree.sequence(arguments)
        switch (tree.global(callee)?.path, items?.count) {
        case ("collections.OrderedDict", 0):
            try push(.dictionary([]))
        case ("collections.OrderedDict", 1):
            // The pairs as the protocols before 2 write them.
            var members: [PickleTree.Reference] = []
            for pair in items.flatMap({ tree.sequence($0[0]) }) ?? [] {
                guard let parts = tree.sequence(pair), parts.count == 2 else {
                    throw error("a dictionary is made from things that are not pairs")
                }
                members += parts
            }
            try push(.dictionary(members))
        case ("torch.Size", 1):
            guard let items, let sizes = tree.sequence(items[0]) else { throw error("a size is not a tuple") }
            try push(.tuple(sizes))
        default: try push(.call(callee, arguments: arguments))
        }
    }

    /// A call with keywords (`NEWOBJ_EX`), which are left out.
    mutating func callWithKeywords() throws(FormatError) {
        _ = try pop()
        try call()
    }

    /// A call whose parts are behind a mark, the callee first.
    mutating func callMarked() throws(FormatError) {
        let parts = try popMark()
        guard let callee = parts.first else { throw error("a call has no callee") }
        try push(.tuple(Array(parts.dropFirst())))
        let arguments = try pop()
        try push(.call(callee, arguments: arguments))
    }

    /// The end: the value that the pickle is of has to be the only one left.
    mutating func finish() throws(FormatError) -> PickleTree {
        tree.root = try pop()
        guard stack.isEmpty, marks.isEmpty else {
            throw error("the pickle ends with values that nothing took")
        }
        return tree
    }
}
