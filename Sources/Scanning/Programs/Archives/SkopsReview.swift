import Formats

/// `schema.json` of a skops file (skops 0.16, `skops/io`): a tree whose nodes name a loader and a class.
///
/// Known are the loaders that build data, with classes that the pickle scanner knows as harmless. A loader that calls what
/// the file names - a method, an operator, a partial, a reduction - is a finding, and so is one that is new.
struct SkopsReview {
    /// Loaders that build what their name states, whatever the class.
    private static let loaders = NameSet(
        """
        DictNode DefaultDictNode ListNode SetNode TupleNode BytesNode BytearrayNode SliceNode ObjectNode JsonNode
        NdArrayNode MaskedArrayNode RandomStateNode RandomGeneratorNode DTypeNode SparseMatrixNode TreeNode LossNode
        TypeNode FunctionNode CachedNode _DictWithDeprecatedKeysNode
        """)
    /// Classes besides those of the pickle scanner.
    private static let classes = NameSet(
        """
        builtins.dict builtins.list builtins.set builtins.tuple builtins.bytes builtins.bytearray builtins.slice
        builtins.str builtins.int builtins.float builtins.bool builtins.NoneType builtins.complex builtins.type
        collections.OrderedDict collections.defaultdict numpy.ndarray numpy.ma.MaskedArray numpy.dtype
        numpy.random.RandomState numpy.random.Generator numpy.random._generator.Generator
        numpy.random.mtrand.RandomState sklearn.tree._tree.Tree sklearn.utils._bunch.Bunch
        """)

    /// What is not known to be harmless, in the order of the file, each once; without a full stop.
    private(set) var messages: [String] = []
    private var seen: Set<ExactName> = []

    /// Reviews a node and all below it; the JSON reader bounds how deep that is.
    mutating func visit(_ json: JSON) {
        let loaders = json.all("__loader__")
        for loader in loaders {
            guard let name = loader.string, Self.loaders.contains(name) else {
                add("its loader \(text(loader)) is not known to build only data")
                continue
            }
        }
        let (modules, names) = (json.all("__module__"), json.all("__class__"))
        if !modules.isEmpty || !names.isEmpty || !loaders.isEmpty {
            for module in modules.isEmpty ? [.null] : modules {
                for name in names.isEmpty ? [.null] : names { review(module, name) }
            }
        }
        for member in json.members ?? [] { visit(member.value) }
        for element in json.array ?? [] { visit(element) }
    }

    private mutating func review(_ module: JSON, _ name: JSON) {
        guard let module = module.string, let name = name.string else {
            return add("a node names no class")
        }
        let path = "\(module).\(name)"
        if !isKnown(path) { add("it names \(path.shortAndPlain), which is not known to be harmless") }
    }

    private func isKnown(_ path: String) -> Bool {
        if Self.classes.contains(path) { return true }
        let bytes = Array(path.utf8)
        guard let dot = bytes.lastIndex(of: 0x2E), dot > 0, dot + 1 < bytes.count,
            let module = HarmlessGlobals.all.word(bytes.span, 0, dot),
            let name = HarmlessGlobals.all.word(bytes.span, dot + 1, bytes.count - dot - 1)
        else { return false }
        return HarmlessGlobals.all.entry(module: module, name: name) != nil
    }

    private func text(_ json: JSON) -> String { (json.string ?? json.compactText).shortAndPlain }

    private mutating func add(_ message: String) {
        if seen.insert(message).inserted { messages.append(message) }
    }
}
