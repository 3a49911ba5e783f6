package import Conversion
package import Formats
package import Tensors

/// What to make from another entry: the parsed form of `from = "…"` and of the keys that say what.
package struct ConversionRequest: Hashable, Sendable {
    /// What is made.
    package enum Product: Hashable, Sendable {
        /// The same safetensors with another floating-point type, after LoRA adapters were merged into them: those
        /// of other entries, by their names.
        case cast(CastType, merging: [String])
        /// The same safetensors, in whose matrices weights are zero.
        case pruned(PruneRequest)
        /// A GGUF file.
        case gguf(GGUF)
    }

    /// A GGUF file to make, by the manifest's keys.
    package struct GGUF: Hashable, Sendable {
        /// Which one.
        package let product: GGUFProduct
        /// The importance matrix's path, relative to the manifest.
        package let imatrix: String?
        /// The pre-tokenizer's name, where it is not found.
        package let preTokenizer: String?
        /// The budget, where types are chosen; the product's type is none then.
        package let fit: FitRequest?
        /// Whether the part for pictures or sound is made, too.
        package let hasProjector: Bool

        /// States which file to make.
        package init(
            _ product: GGUFProduct, imatrix: String? = nil, preTokenizer: String? = nil,
            fit: FitRequest? = nil, hasProjector: Bool = false
        ) {
            self.product = product
            self.hasProjector = hasProjector
            self.fit = fit
            self.imatrix = imatrix
            self.preTokenizer = preTokenizer
        }
    }

    /// The name of the entry whose files are converted.
    package let from: String
    /// What is made of them.
    package let product: Product

    /// Makes a request.
    package init(from: String, product: Product) {
        self.from = from
        self.product = product
    }

    /// Reads a request from the keys of a manifest's entry, or of what a lock states was asked.
    /// - Parameters:
    ///   - value: gives the text of a key; `nil` if there is none.
    ///   - list: gives the texts of a key; `nil` if there is none.
    /// - Returns: `nil` where no key, or none that is known, states what to make.
    package init?(from: String, value: (String) -> String?, list: (String) -> [String]?) {
        if let text = value("prune") {
            guard let sparsity = Sparsity(text: text) else { return nil }
            self.init(
                from: from,
                product: .pruned(
                    PruneRequest(
                        sparsity, type: value("dtype").flatMap(CastType.init), imatrix: value("imatrix"),
                        tensors: list("prune-tensors") ?? [])))
            return
        }
        if let type = value("dtype").flatMap(CastType.init) {
            self.init(from: from, product: .cast(type, merging: list("merge") ?? []))
            return
        }
        var via: OutputType?
        if let text = value("via") {
            guard let type = GGUFProduct.intermediates.first(where: { $0.rawValue == text }) else {
                return nil
            }
            via = type
        }
        guard let name = value("gguf") else { return nil }
        let isFit = name.hasSameBytes(as: FitRequest.name)
        // What is chosen takes the place of the type.
        let fit = isFit ? FitRequest(value: value) : nil
        guard isFit == (fit != nil),
            let product = try? GGUFProduct(named: isFit ? "Q8_0" : name, via: via)
        else { return nil }
        self.init(
            from: from,
            product: .gguf(
                GGUF(
                    product, imatrix: value("imatrix"), preTokenizer: value("pre-tokenizer"), fit: fit,
                    hasProjector: value(Self.projectorKey) == "true")))
    }

    /// The manifest's key for a projector.
    package static let projectorKey = "mmproj"

    /// The manifest's keys that say what is made, sorted.
    package var parameters: [JSON.Member] {
        switch product {
        case .cast(let type, let merged):
            [JSON.Member("dtype", .string(type.rawValue))]
                + (merged.isEmpty ? [] : [JSON.Member("merge", .array(merged.map(JSON.string)))])
        case .pruned(let request): request.parameters
        case .gguf(let gguf): gguf.parameters
        }
    }

    /// The names of the entries whose adapters are merged.
    package var merged: [String] {
        if case .cast(_, let merged) = product { merged } else { [] }
    }

    /// "qwen as f16", "qwen + adapter as f16".
    package var text: String {
        switch product {
        case .cast(let type, let merged):
            "\(([from] + merged).joined(separator: " + ")) as \(type.rawValue)"
        case .pruned(let request): "\(from) \(request.text)"
        case .gguf(let gguf): "\(from) as \(gguf.text)"
        }
    }
}

extension ConversionRequest.GGUF {
    /// The manifest's keys, sorted.
    fileprivate var parameters: [JSON.Member] {
        var members = [JSON.Member("gguf", .string(name))]
        if let fit { members += fit.parameters }
        if let imatrix { members.append(JSON.Member("imatrix", .string(imatrix))) }
        if hasProjector { members.append(JSON.Member(ConversionRequest.projectorKey, .string("true"))) }
        if let preTokenizer { members.append(JSON.Member("pre-tokenizer", .string(preTokenizer))) }
        if let via = product.via { members.append(JSON.Member("via", .string(via.rawValue))) }
        return fit == nil ? members : members.sortedByKey
    }

    /// What the manifest's `gguf` states.
    package var name: String { fit == nil ? product.name : FitRequest.name }

    /// "Q4_K_M via bf16, imatrix x.gguf".
    fileprivate var text: String {
        var text =
            name + (fit.map { " \($0.text)" } ?? "") + (product.via.map { " via \($0.rawValue)" } ?? "")
        if let imatrix { text += ", imatrix \(imatrix)" }
        if hasProjector { text += ", with a projector" }
        if let preTokenizer { text += ", pre-tokenizer \(preTokenizer)" }
        return text
    }

    /// The last part of the file's name: `Q4_K_M`, `BF16`; `AUTO` where the type is found out.
    package var suffix: String { name.uppercased() }
}
