import Formats

/// The classes and functions that a pickle may import: those of which calling with whatever arguments and setting
/// whatever state makes data and does nothing else - no file, no process, no network, no code, no attribute of
/// something that outlives the pickle. Using much memory is not counted as harm: every pickle can.
///
/// A name stands here only if it was looked at where it is defined; whole modules never, because a module also
/// has what it imports.
struct HarmlessGlobals: Sendable {
    /// Some names of a module, with why they are harmless.
    struct Family: Sendable {
        /// What they do, without a full stop.
        let reason: String
        /// The module as pickles name it, with dots.
        let module: String
        /// The names, with blanks or line ends between them.
        let names: String

        /// Takes the module, the names as one text, and the reason that all of them share.
        init(_ module: String, _ names: String, _ reason: String) {
            self.reason = reason
            self.module = module
            self.names = names
        }
    }

    /// What the scanner does besides when something is called.
    enum Role: UInt8, Sendable {
        /// Nothing: whatever it is called with, it makes data.
        case plain
        /// Encodes a text: only with the codecs that Python's own pickles name.
        case encode
        /// A NumPy type, whose size joblib's arrays need.
        case dtype
        /// The description of an array whose bytes follow in the file.
        case arrayWrapper
        /// A kind of PyTorch's storages.
        case storage
        /// Calls a class or function that it gets.
        case caller
        /// A class that is named as a key of a dictionary, and whose making might do more.
        case key
    }

    /// One name.
    struct Entry: Sendable {
        /// The module and the name with a dot between them.
        let path: String
        /// What it does, without a full stop.
        let reason: String
        /// What is looked at when it is called.
        let role: Role
        /// Whether a new one is certainly no text.
        let isObject: Bool
        /// The size of an element of a storage in bytes; 0 for all else.
        var elementSize = 0
    }

    /// The one list; made once, when it is first asked for.
    static let all = HarmlessGlobals()

    /// All names; what a ``ScanValue`` of kind `global` holds is a place in it.
    let entries: [Entry]
    private let pairs: [UInt64: Int]
    private let words: WordTable

    private init() {
        var entries: [Entry] = []
        var pairs: [UInt64: Int] = [:]
        var words = WordTable()
        for text in Self.words { _ = words.insert(text) }
        for family in Self.python + Self.numpy + Self.torch + Self.others + Self.scikitLearn {
            let module = words.insert(family.module)
            for name in family.names.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                let path = "\(family.module).\(name)"
                pairs[Self.key(module, words.insert(String(name)))] = entries.count
                entries.append(
                    Entry(
                        path: path, reason: family.reason, role: Self.roles[path] ?? .plain,
                        isObject: family.module.utf8.starts(with: "sklearn.".utf8),
                        elementSize: Self.elementSizes[path] ?? 0))
            }
        }
        self.entries = entries
        self.pairs = pairs
        self.words = words
    }

    /// The number of a word that the list or the scanner knows; `nil` for any other.
    func word(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Int? { words.find(bytes, start, count) }

    /// The number of an entry by the numbers of its words.
    func entry(module: Int, name: Int) -> Int? { pairs[Self.key(module, name)] }

    /// The text of a word.
    func text(ofWord word: Int) -> String { words.text(word) }

    private static func key(_ module: Int, _ name: Int) -> UInt64 {
        UInt64(module) << 32 | UInt64(name)
    }

    /// Words that the scanner itself asks for; their numbers are their places here.
    enum Word {
        /// The codecs that the call of `_codecs.encode` may name.
        static let latin1 = 0, latin1Hyphen = 1, utf8 = 2, utf8Hyphen = 3, ascii = 4
        /// The first item of the identity of a storage of PyTorch's.
        static let storage = 5
        /// The settings of joblib's `NumpyArrayWrapper` that decide how many bytes follow.
        static let shape = 6, dtype = 7, alignment = 8
        /// The word of ``dtypes``' first element; the words of the others follow in the order of the list.
        static let firstDType = 9
    }

    /// In the order of ``Word``; then NumPy's types with their sizes.
    private static let words =
        ["latin1", "latin-1", "utf8", "utf-8", "ascii", "storage", "shape", "dtype"]
        + ["numpy_array_alignment_bytes"] + dtypes.map(\.name)

    /// NumPy's types by kind and size, with the bytes of an element, and whether elements are Python objects.
    static let dtypes: [(name: String, size: Int, hasObjects: Bool)] = [
        ("b1", 1, false), ("i1", 1, false), ("u1", 1, false), ("i2", 2, false), ("u2", 2, false),
        ("f2", 2, false), ("i4", 4, false), ("u4", 4, false), ("f4", 4, false), ("i8", 8, false),
        ("u8", 8, false), ("f8", 8, false), ("f16", 16, false), ("c8", 8, false), ("c16", 16, false),
        ("c32", 32, false), ("M8", 8, false), ("m8", 8, false), ("O8", 8, true),
    ]

    private static let roles: [ExactName: Role] = {
        var roles: [ExactName: Role] = [
            "_codecs.encode": .encode, "numpy.dtype": .dtype,
            "joblib.numpy_pickle.NumpyArrayWrapper": .arrayWrapper,
            "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper": .arrayWrapper,
        ]
        for path in elementSizes.keys { roles[path] = .storage }
        for path in callers { roles[path] = .caller }
        for path in keys { roles[path] = .key }
        return roles
    }()

    private static let callers = [
        "copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__", "copy_reg._reconstructor",
        "copy_reg.__newobj__", "copy_reg.__newobj_ex__", "torch._tensor._rebuild_from_type_v2",
        "numpy.random._pickle.__generator_ctor", "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._pickle.__randomstate_ctor", "collections.defaultdict",
    ]

    private static let keys = [
        "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
        "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    ]

    private static let elementSizes: [ExactName: Int] = [
        "torch.DoubleStorage": 8, "torch.FloatStorage": 4, "torch.HalfStorage": 2, "torch.BFloat16Storage": 2,
        "torch.LongStorage": 8, "torch.IntStorage": 4, "torch.ShortStorage": 2, "torch.CharStorage": 1,
        "torch.ByteStorage": 1, "torch.BoolStorage": 1, "torch.ComplexFloatStorage": 8,
        "torch.ComplexDoubleStorage": 16, "torch.QInt8Storage": 1, "torch.QUInt8Storage": 1,
        "torch.QInt32Storage": 4, "torch.storage.UntypedStorage": 1,
    ]
}
