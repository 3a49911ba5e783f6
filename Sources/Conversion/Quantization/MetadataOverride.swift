/// `--override-kv KEY=TYPE:VALUE`: a metadata item to set.
public struct MetadataOverride: Hashable, Sendable {
    /// A value of the four types that can be said.
    public enum Value: Hashable, Sendable {
        /// Written as an unsigned integer of 32 bits.
        case int(UInt32)
        /// Written as a float of 32 bits.
        case float(Float)
        case bool(Bool), string(String)
    }

    /// The item's name.
    public let key: String
    /// The item's value.
    public let value: Value

    /// Makes an override.
    public init(key: String, value: Value) {
        self.key = key
        self.value = value
    }

    /// Reads `KEY=TYPE:VALUE`, where the type is `int`, `float`, `bool` or `str`.
    public init(_ text: String) throws(QuantizationError) {
        throw QuantizationError("not yet: \(text)")
    }
}
