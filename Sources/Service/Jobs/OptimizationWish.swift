import Formats
import Manifests

/// What an optimization makes of which model: the body of `POST /api/optimizations`, checked.
struct OptimizationWish {
    /// What is made.
    enum Product: Equatable {
        /// GGUF of a type.
        case type(String)
        /// GGUF of the types that lose least within so many bytes.
        case fit(Int)
        /// Safetensors of another type.
        case cast(String)
        /// Safetensors with weights that are zero.
        case pruned(String)
    }

    /// What is made.
    let product: Product
    /// The model, at a commit or a version.
    let original: OptimizationOriginal
    /// Who has the result, of models that somebody uploaded; `nil` for those of the caches.
    let keeper: OptimizationKeeper?
    /// The GGUF file that is read; `nil` where the model is safetensors.
    let file: RelativePath?
    /// Whether tensors that are quantized already may be quantized again.
    let requantizes: Bool

    /// The members that the body may have.
    static let keys = [
        "model", "revision", "file", "type", "bits", "dtype", "prune", "max_size", "allow_requantize",
    ]
    private static let choices = ["type", "bits", "dtype", "prune", "max_size"]
    /// What is meant by a number of bits: what is taken most often.
    private static let types = [4: "Q4_K_M", 8: "Q8_0", 16: "F16"]

    /// Checks a body, and looks the model up in the caches and in the catalogue.
    /// - Parameter holder: who asks, and sees the model.
    init(
        _ body: RequestDocument, _ settings: CommandWorker.Settings, _ holder: AccessToken?
    ) throws(ModelRefusal) {
        let given = OptimizationWish.choices.filter { body.has($0) }
        guard given.count == 1 else {
            throw ModelRefusal(
                400, "exactly one has to be there of \(OptimizationWish.choices.joined(separator: ", "))")
        }
        guard let id = try body.text("model") else { throw ModelRefusal(400, "model is missing") }
        requantizes = try body.truth("allow_requantize") ?? false
        product = try OptimizationWish.product(body)
        let found = try OptimizationOriginal.find(id, try body.text("revision"), settings, holder)
        original = found.original
        keeper = try original.owner.map { owner throws(ModelRefusal) in
            try OptimizationKeeper(owner: owner, holder)
        }
        file = try OptimizationWish.file(try body.text("file"), in: found.files)
        switch product {
        case .cast, .pruned:
            guard file == nil else {
                throw ModelRefusal(400, "dtype and prune are for safetensors, and the model is a GGUF file")
            }
        case .type(let type):
            // What is found out is the type of the weights before they were quantized.
            guard file == nil || !type.lowercased().hasSameBytes(as: "auto") else {
                throw ModelRefusal(400, "auto is for safetensors, and the model is a GGUF file: name a type")
            }
        case .fit: break
        }
    }

    private static func product(_ body: RequestDocument) throws(ModelRefusal) -> Product {
        if let bits = try body.number("bits", 1...64) {
            guard let type = types[bits] else { throw ModelRefusal(400, "bits is 4, 8 or 16") }
            return .type(type)
        }
        if let text = try body.text("max_size") {
            guard let size = ByteSize.parse(text), size > 0 else {
                throw ModelRefusal(400, "max_size is a size, such as 4.2 GB or 900 MiB")
            }
            return .fit(size)
        }
        for (key, option) in [("type", "gguf"), ("dtype", "dtype"), ("prune", "prune")] {
            guard let text = try body.text(key) else { continue }
            guard !text.lowercased().hasSameBytes(as: "fit") else {
                throw ModelRefusal(400, "what fits is made for a size: name it as max_size")
            }
            let value = { (name: String) -> String? in name.hasSameBytes(as: option) ? text : nil }
            guard ConversionRequest(from: "model", value: value, list: { _ in nil }) != nil else {
                throw ModelRefusal(400, "\(key) has a value that is not known: \(text.withVisibleScalars)")
            }
            switch key {
            case "type": return .type(text)
            case "dtype": return .cast(text)
            default: return .pruned(text)
            }
        }
        throw ModelRefusal(400, "nothing states what to make")
    }

    /// The GGUF file that is meant; `nil` where the weights are safetensors and none is named.
    private static func file(
        _ name: String?, in files: [RelativePath]
    ) throws(ModelRefusal) -> RelativePath? {
        let models = files.filter { $0.hasSuffix(".gguf") }
        if let name {
            guard let file = models.first(where: { $0.text.hasSameBytes(as: name) }) else {
                throw ModelRefusal(404, "the model has no GGUF file of this name")
            }
            return file
        }
        if files.contains(where: { $0.hasSuffix(".safetensors") }) { return nil }
        let firsts = models.count == 1 ? models : models.filter { $0.name.containsUTF8("-00001-of-") }
        guard let first = firsts.first, firsts.count == 1 else {
            throw ModelRefusal(
                400,
                models.isEmpty
                    ? "the model has neither safetensors nor GGUF"
                    : "the model has several GGUF files: name one as file")
        }
        return first
    }

    /// The request that is kept.
    var document: JSON {
        let (key, value): (String, JSON) =
            switch product {
            case .type(let type): ("type", .string(type))
            case .fit(let size): ("max_size", .integer(size))
            case .cast(let type): ("dtype", .string(type))
            case .pruned(let sparsity): ("prune", .string(sparsity))
            }
        return .object(
            original.members + [
                JSON.Member("file", file.map { .string($0.text) } ?? .null), JSON.Member(key, value),
                JSON.Member("allow_requantize", .bool(requantizes)),
            ] + (keeper.map { [$0.member] } ?? []))
    }

    /// Reads a request that was kept; `nil` where it is none.
    init?(kept document: JSON) {
        guard let original = OptimizationOriginal(kept: document) else { return nil }
        self.original = original
        keeper = OptimizationKeeper(kept: document)
        file = document["file"]?.string.flatMap { RelativePath($0) }
        requantizes = document["allow_requantize"]?.bool ?? false
        if let type = document["type"]?.string {
            product = .type(type)
        } else if let size = document["max_size"]?.integer {
            product = .fit(size)
        } else if let type = document["dtype"]?.string {
            product = .cast(type)
        } else if let sparsity = document["prune"]?.string {
            product = .pruned(sparsity)
        } else {
            return nil
        }
    }

    /// What the product is called: its type, for names of files.
    var label: String {
        switch product {
        case .type(let type): type
        case .fit: "fit"
        case .cast(let type): type
        case .pruned(let sparsity):
            "sparse-" + String(decoding: sparsity.utf8.map { $0 == 0x3A ? 0x2D : $0 }, as: UTF8.self)
        }
    }
}
