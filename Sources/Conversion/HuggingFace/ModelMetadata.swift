import Formats
package import Tensors

/// The metadata of a GGUF file to write: items in the order in which their keys came first.
///
/// Setting a key again changes the value and keeps the place, and empty strings and arrays are not written, as in
/// gguf-py's `gguf_writer.py`.
package struct ModelMetadata: Sendable, Equatable {
    /// One key and value.
    package struct Item: Sendable, Equatable {
        /// The key, as `llama.block_count`.
        package let key: String
        /// The value.
        package var value: GGUFContent
    }

    /// GGUF's name for the architecture, with which its own keys begin.
    package let architecture: String
    /// All items, `general.architecture` first.
    package private(set) var items: [Item] = []
    private var places: [ExactName: Int] = [:]

    /// Starts with `general.architecture`.
    package init(architecture: String) {
        self.architecture = architecture
        self["general.architecture"] = .string(architecture)
    }

    /// The value of a key; setting `nil` takes it away.
    package subscript(key: String) -> GGUFContent? {
        get { places[key].map { items[$0].value } }
        set {
            guard let newValue else {
                if let place = places.removeValue(forKey: ExactName(key)) {
                    items.remove(at: place)
                    for (key, other) in places where other > place { places[key] = other - 1 }
                }
                return
            }
            if newValue.isEmpty { return }
            if let place = places[key] {
                items[place].value = newValue
            } else {
                places[key] = items.count
                items.append(Item(key: key, value: newValue))
            }
        }
    }

    /// Sets a key of the architecture's own: `block_count` becomes `llama.block_count`.
    package mutating func set(_ key: String, _ value: GGUFContent) {
        self["\(architecture).\(key)"] = value
    }

    /// The items as the header of a file has them.
    package func writer() -> GGUFHeaderWriter {
        var writer = GGUFHeaderWriter(padsWithoutTensors: false)
        for item in items { writer.add(item.key, item.value) }
        return writer
    }
}

extension GGUFContent {
    /// Whether it is a string or an array of nothing.
    fileprivate var isEmpty: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .byteString(let bytes): bytes.isEmpty
        case .strings(let values): values.isEmpty
        case .byteStrings(let values): values.isEmpty
        case .uint8s(let values): values.isEmpty
        case .int8s(let values): values.isEmpty
        case .uint16s(let values): values.isEmpty
        case .int16s(let values): values.isEmpty
        case .uint32s(let values): values.isEmpty
        case .int32s(let values): values.isEmpty
        case .uint64s(let values): values.isEmpty
        case .int64s(let values): values.isEmpty
        case .float32s(let values): values.isEmpty
        case .float64s(let values): values.isEmpty
        case .bools(let values): values.isEmpty
        default: false
        }
    }
}
