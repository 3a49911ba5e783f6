/// What a pickle states, as values that refer to one another by their places, so that neither cycles nor depth can
/// harm whoever holds them. Nothing that a pickle names is ever called.
struct PickleTree {
    /// A value's place in ``PickleTree/values``.
    typealias Reference = Int32

    /// One value.
    enum Value {
        /// Python's `None`; also the place of a container while it grows.
        case none
        /// `True` or `False`.
        case boolean(Bool)
        /// A whole number of up to 64 bits.
        case integer(Int)
        /// A text, or a string of Python 2.
        case text(String)
        /// Bytes, floats, numbers past 64 bits, sets, and what else no tensor's description holds.
        case opaque
        /// The members in their order.
        case list([Reference])
        /// The members in their order, which nothing can add to.
        case tuple([Reference])
        /// Keys and values in turns.
        case dictionary([Reference])
        /// A class or function by its name: the place in ``PickleTree/globals``.
        case global(Int32)
        /// What a call of something would make.
        case call(Reference, arguments: Reference)
        /// What the writer of the pickle stored elsewhere, by the name it gave it.
        case persistent(Reference)
    }

    /// A class or function that the pickle names.
    struct Global: Hashable {
        /// The module's name, with dots, as the pickle has it.
        let module: String
        /// The name in the module, with dots where it is inside of another class.
        let name: String

        /// Both with a dot between, as `torch._utils._rebuild_tensor_v2`.
        var path: String { "\(module).\(name)" }
    }

    /// All values; those that containers hold are in here too.
    var values: [Value] = []
    /// The classes and functions that are named, in the order in which they occur.
    var globals: [Global] = []
    /// The value that the pickle is of.
    var root: Reference = 0

    /// The value at a place; a reference is always one that the machine made.
    subscript(reference: Reference) -> Value { values[Int(reference)] }

    /// The class or function that a value is, or `nil`.
    func global(_ reference: Reference) -> Global? {
        if case .global(let index) = self[reference] { globals[Int(index)] } else { nil }
    }

    /// The members of a tuple or list, or `nil`.
    func sequence(_ reference: Reference) -> [Reference]? {
        switch self[reference] {
        case .tuple(let items), .list(let items): items
        default: nil
        }
    }

    /// The whole number that a value is, or `nil`.
    func integer(_ reference: Reference) -> Int? {
        if case .integer(let number) = self[reference] { number } else { nil }
    }

    /// The text that a value is, or `nil`.
    func text(_ reference: Reference) -> String? {
        if case .text(let text) = self[reference] { text } else { nil }
    }

    /// The tuple of whole numbers that a value is, or `nil`.
    func integers(_ reference: Reference) -> [Int]? {
        guard let items = sequence(reference) else { return nil }
        var numbers: [Int] = []
        for item in items {
            guard let number = integer(item) else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
