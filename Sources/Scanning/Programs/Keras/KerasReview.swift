import Formats

/// Reads the description of a Keras model - `config.json`, the attributes `model_config` and `training_config` of an HDF5
/// file, presets - and reports what it names that Keras does not have itself.
///
/// Every object with a `class_name` counts, wherever it is, and every member of a name that is there twice. Source: the
/// deserialization of keras 3.8 to 3.15 (`saving/serialization_lib.py`), keras 2.15 and tf_keras 2.21.
struct KerasReview {
    /// What was found, each once, in the order of the document.
    private(set) var messages: [String] = []
    private var seen: Set<ExactName> = []

    /// Objects that stand for plain values.
    private static let values = NameSet(
        "__tensor__ __keras_tensor__ __bytes__ __ellipsis__ __slice__ __tuple__ TensorShape")
    private static let vocabularies = NameSet("StringLookup IntegerLookup TextVectorization IndexLookup")
    private static let numberTypes = NameSet(
        """
        bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 bfloat16 complex64 complex128
        """)

    /// Reads a document or a part of it.
    mutating func visit(_ json: JSON) {
        if let members = json.members {
            for name in json.all("class_name") { review(name, json) }
            for member in members {
                if member.key.hasSameBytes(as: "__lambda__") {
                    add("it has a lambda, whose code is executed")
                }
                visit(member.value)
            }
        }
        for element in json.array ?? [] { visit(element) }
    }

    private mutating func review(_ name: JSON, _ json: JSON) {
        guard let name = name.string else { return add("a class_name is not a text") }
        let shown = name.shortAndPlain
        if Self.values.contains(name) { return }
        if name.hasSameBytes(as: "__numpy__") {
            let types = json.all("config").flatMap { $0.all("dtype") }
            let isPlain =
                !types.isEmpty && types.allSatisfy { $0.string.map(Self.numberTypes.contains) ?? false }
            if !isPlain { add("it has an array of NumPy's of a type that is not of numbers") }
            return
        }
        if name.hasSameBytes(as: "function") { return function(json) }
        if name.hasSameBytes(as: "Lambda") { return add("it has a Lambda layer, whose code is executed") }
        if name.hasSameBytes(as: "__lambda__") { return add("it has a lambda, whose code is executed") }
        if name.hasSameBytes(as: "TFOpLambda") || name.hasSameBytes(as: "SlicingOpLambda") {
            return operation(json)
        }
        let modules = texts(json, "module"), registered = texts(json, "registered_name")
        for module in modules {
            guard let package = KerasNames.package(ofClass: name, module: module) else {
                // Without a module a name may stand for a class of a companion's, which states it itself.
                if module == nil, let owner = companion(name, registered) {
                    if KerasNames.package(ofClass: name, module: owner) != nil { continue }
                }
                add(
                    module.map {
                        "it names the class \(shown) of \($0.shortAndPlain), which Keras does not have"
                    }
                        ?? "it names the class \(shown), which Keras does not have")
                continue
            }
            for other in registered {
                guard let other, !KerasNames.isRegistered(other, name, package: package) else { continue }
                add("it names the class \(shown), registered as \(other.shortAndPlain), which is another")
            }
        }
        if Self.vocabularies.contains(name) {
            for config in json.all("config")
            where config.all("vocabulary").contains(where: { $0.string != nil }) {
                add("its \(shown) reads a file by its path")
            }
        }
        if name.hasUTF8Suffix("Tokenizer") {
            for config in json.all("config")
            where config.all("proto").contains(where: {
                $0.string.map { $0.utf8.count <= Self.longestPath } ?? false
            }) {
                add("its \(shown) reads a file by its path")
            }
        }
    }

    /// keras_nlp up to 0.14 and keras_hub take a text in the place of SentencePiece's model for a path unless it is
    /// longer, and then for the model in base64.
    private static let longestPath = 2_048

    private func companion(_ name: String, _ registered: [String?]) -> String? {
        guard registered.count == 1, let text = registered.first ?? nil else { return nil }
        let parts = text.utf8.split(separator: 0x3E, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].isText(name) else { return nil }
        return String(parts[0])
    }

    private mutating func function(_ json: JSON) {
        for config in json.all("config").isEmpty ? [.null] : json.all("config") {
            guard let name = config.string else {
                add("it has a function, whose code is executed")
                continue
            }
            for module in texts(json, "module") where !KerasNames.isFunction(name, module: module) {
                add(
                    "it names the function \(name.shortAndPlain)\(module.map { " of \($0.shortAndPlain)" } ?? ""), "
                        + "which Keras does not have")
            }
            for other in texts(json, "registered_name") {
                guard let other, !other.hasSameBytes(as: name) else { continue }
                add(
                    "it names the function \(name.shortAndPlain), registered as \(other.shortAndPlain), which is another"
                )
            }
        }
    }

    /// A call of TensorFlow's that is a layer: by its public name, of which those that compute are known.
    private mutating func operation(_ json: JSON) {
        for config in json.all("config") {
            for function in config.all("function") {
                guard let name = function.string, Self.isComputation(name) else {
                    add("it calls \((function.string ?? function.compactText).shortAndPlain) of TensorFlow's")
                    continue
                }
            }
        }
    }

    private static let computations = NameSet(
        """
        abs add add_n argmax argmin argsort boolean_mask broadcast_to cast clip_by_norm clip_by_value complex concat
        cond constant convert_to_tensor cos cumsum divide einsum equal exp expand_dims eye fill floor gather gather_nd
        greater greater_equal identity less less_equal linspace logical_and logical_not logical_or matmul maximum
        meshgrid minimum multiply negative norm not_equal one_hot ones ones_like pad pow range rank repeat reshape
        reverse roll round rsqrt scatter_nd sequence_mask shape sigmoid sign sin size slice sort split sqrt square
        squeeze stack stop_gradient strided_slice subtract tan tanh tensordot tile transpose truediv unstack where
        zeros zeros_like reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod
        reduce_sum image.resize image.rgb_to_grayscale image.per_image_standardization
        """)

    private static func isComputation(_ name: String) -> Bool {
        let plain =
            name.hasUTF8Prefix("compat.v1.") ? String(decoding: name.utf8.dropFirst(10), as: UTF8.self) : name
        if computations.contains(plain) { return true }
        let parts = plain.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        return parts.count == 2
            && ["math", "nn", "linalg", "signal", "__operators__", "bitwise"].contains {
                parts[0].isText($0)
            }
    }

    /// The texts of a member, `nil` for null and where it is not there; what is no text is a name that nothing has.
    private func texts(_ json: JSON, _ key: String) -> [String?] {
        let values = json.all(key)
        if values.isEmpty { return [nil] }
        return values.map { $0 == .null ? nil : $0.string ?? "\u{0}" }
    }

    private mutating func add(_ message: String) {
        if seen.insert(message).inserted { messages.append(message) }
    }
}
