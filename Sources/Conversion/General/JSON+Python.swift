import Formats

/// What Python takes values for when they are written into a GGUF.
extension JSON {
    /// The text: a string, a number as Python writes it, and "" for what Python takes for nothing, which is not
    /// written; `nil` for `null` and for all else.
    var pythonText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): number == 0 ? "" : String(number)
        case .number(let number): number == 0 ? "" : "\(number)"
        case .bool(false), .array([]), .object([]): ""
        case .null, .bool, .array, .object: nil
        }
    }

    /// The number of 32 bits: `true` is 1.
    var pythonInt32: Int32? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let number): Int32(exactly: number)
        case .number(let number): Int32(exactly: number)
        default: nil
        }
    }

    /// The nearest number of 32 bits; `nil` also where a finite one would become infinite.
    var pythonFloat: Float? {
        let number: Double
        switch self {
        case .bool(let value): number = value ? 1 : 0
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        default: return nil
        }
        let float = Float(number)
        return float.isInfinite && number.isFinite ? nil : float
    }
}
