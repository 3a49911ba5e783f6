public import Tensors

/// What to make out of another entry: the parsed form of `from = "…"` and of the keys that say what.
public struct ConversionRequest: Hashable, Sendable {
    /// What is made.
    public enum Product: Hashable, Sendable {
        /// The same safetensors with another floating-point type.
        case cast(CastType)
    }

    /// The name of the entry whose files are converted.
    public let from: String
    /// What is made of them.
    public let product: Product

    /// Makes a request.
    public init(from: String, product: Product) {
        self.from = from
        self.product = product
    }

    /// Reads a request from the keys of a manifest's entry, or of what a lock says was asked.
    /// - Parameter value: gives the text of a key; `nil` where there is none.
    /// - Returns: `nil` where no key, or none that is known, says what to make.
    init?(from: String, value: (String) -> String?) {
        guard let type = value("dtype").flatMap(CastType.init) else { return nil }
        self.init(from: from, product: .cast(type))
    }

    /// The manifest's keys that say what is made, sorted.
    var parameters: [JSON.Member] {
        switch product {
        case .cast(let type): [JSON.Member("dtype", .string(type.rawValue))]
        }
    }

    /// "qwen as f16".
    public var text: String {
        switch product {
        case .cast(let type): "\(from) as \(type.rawValue)"
        }
    }
}
