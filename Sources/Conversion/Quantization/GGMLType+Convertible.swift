import Formats
package import Tensors

extension GGMLType {
    /// Whether llama.cpp can convert floats to this type, and back: all but integers, 64-bit floats and those
    /// that only exist while a model runs.
    package var isConvertible: Bool {
        switch self {
        case .i8, .i16, .i32, .i64, .f64, .q81, .q8K: false
        default: true
        }
    }

    /// Whether it stores blocks, not single numbers.
    package var isQuantized: Bool { blockLength > 1 }

    /// The type of a name, in any case of letters, that tensors can be converted to.
    /// - Throws: if there is none; the hint states which there are.
    package init(convertibleNamed text: String) throws(QuantizationError) {
        if let type = GGMLType(name: text), type.isConvertible {
            self = type
            return
        }
        let names = GGMLType.allCases.filter(\.isConvertible).map(\.name)
        let problem = GGMLType(name: text) == nil ? "unknown" : "no tensor can be converted to the"
        let near = Suggestion.nearest(to: text, among: names)
        throw QuantizationError(
            "\(problem) tensor type \(text.quotedForMessage)",
            hint: near.map { "did you mean \($0)?" } ?? "allowed are \(names.joined(separator: ", "))")
    }
}
