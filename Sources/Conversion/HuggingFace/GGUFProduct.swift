import Formats

/// Which GGUF is made of a Hugging Face model, by the names of both of llama.cpp's programs.
package enum GGUFProduct: Hashable, Sendable {
    /// What convert_hf_to_gguf.py makes with `--outtype`; `nil` for `auto`.
    case converted(OutputType?)
    /// What llama-quantize makes of a type's name out of the converter's file.
    case quantized(QuantizationType, via: OutputType?)

    /// The types that a converter's file may have to be quantized from.
    package static let intermediates: [OutputType] = [.f32, .f16, .bf16]

    /// Finds what a name means: in small letters, as the converter writes them, one of its types, and every other
    /// one a type of the quantizer. Where it is said by way of which type, it is always the quantizer's.
    /// - Parameter via: the type of the file between; `nil` for the one that keeps what the checkpoint has best.
    /// - Throws: if there is no such type.
    package init(named text: String, via: OutputType? = nil) throws(QuantizationError) {
        if via == nil {
            if text.hasSameBytes(as: "auto") {
                self = .converted(nil)
                return
            }
            if let type = OutputType.allCases.first(where: { $0.rawValue.hasSameBytes(as: text) }) {
                self = .converted(type)
                return
            }
        }
        guard !text.hasSameBytes(as: "auto") else {
            throw QuantizationError(
                "a type of the file between is given, and none to quantize to",
                hint: "name one such as Q4_K_M, or leave the type of the file between out")
        }
        let type: QuantizationType
        do throws(QuantizationError) {
            type = try QuantizationType(named: text)
        } catch {
            let plain = OutputType.allCases.map(\.rawValue) + ["auto", "fit"]
            guard via == nil, let hint = error.hint, hint.utf8.starts(with: "allowed are ".utf8) else {
                throw error
            }
            throw QuantizationError(
                error.message, hint: "\(hint); in small letters \(plain.joined(separator: ", "))")
        }
        guard !type.isCopy else {
            throw QuantizationError(
                "COPY is not a type to make", hint: "leave the type out to keep what there is")
        }
        self = .quantized(type, via: via)
    }

    /// Whether it is of a type that adapters and projectors may have: a plain one, or Q8_0.
    package var isOfPlainNumbers: Bool {
        switch self {
        case .converted(let type): ![OutputType.tq10, .tq20].contains(type)
        case .quantized: false
        }
    }

    /// The name, as ``init(named:via:)`` takes it.
    package var name: String {
        switch self {
        case .converted(let type): type?.rawValue ?? "auto"
        case .quantized(let type, _): type.name
        }
    }

    /// The type of the file between; `nil` if there is none, or it is found out.
    package var via: OutputType? {
        if case .quantized(_, let via) = self { via } else { nil }
    }
}
