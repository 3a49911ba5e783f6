package import Formats

/// The files beside an ONNX model that hold the data of its tensors (`onnx.proto`, IR version 13; onnx's
/// documentation "External Data").
///
/// A tensor whose `data_location` is `EXTERNAL` names its file in `external_data`, under the key `location`, relative to the
/// model's directory. Tensors are initializers, and attributes of nodes in graphs and functions, however deep.
package struct ONNXExternalData {
    /// The names as the model has them, each once, sorted by their bytes.
    package private(set) var locations: [String] = []

    private typealias Source<Failure: Error> = (Range<Int>) throws(Failure) -> [UInt8]
    private var seen: Set<[UInt8]> = []

    /// The deepest message that is looked into; graphs in graphs of real models are about ten deep.
    private static let maximumDepth = 64
    /// The most names that are kept.
    private static let most = 100_000

    /// What stopped the reading.
    package enum Stop<Failure: Error>: Error {
        /// The source.
        case read(Failure)
        /// The content.
        case malformed(FormatError)
    }

    /// Reads a model, stepping over the data of tensors.
    /// - Parameters:
    ///   - size: the file's length in bytes.
    ///   - read: returns the bytes of a range inside the file.
    package init<Failure>(
        size: Int, bytes read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Stop<Failure>) {
        var cursor = Cursor<Failure>(size: size)
        try message(.model, 0..<size, 0, &cursor, read)
        locations.sort { $0.precedesByBytes($1) }
    }

    /// The messages that lead to tensors.
    private enum Message {
        case model, training, graph, function, node, attribute, sparse, tensor

        /// The message in a field, by the field's number.
        func field(_ number: UInt64) -> Message? {
            switch (self, number) {
            case (.model, 7), (.training, 1), (.training, 2), (.attribute, 6), (.attribute, 11): .graph
            case (.model, 20): .training
            case (.model, 25): .function
            case (.graph, 1), (.function, 7): .node
            case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparse, 1), (.sparse, 2): .tensor
            case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparse
            case (.node, 5), (.function, 11): .attribute
            default: nil
            }
        }
    }

    private mutating func message<Failure>(
        _ kind: Message, _ range: Range<Int>, _ depth: Int, _ cursor: inout Cursor<Failure>,
        _ read: Source<Failure>
    ) throws(Stop<Failure>) {
        guard depth < Self.maximumDepth else {
            throw .malformed(FormatError("messages are nested too deeply", at: range.lowerBound))
        }
        var position = range.lowerBound
        var isExternal = false
        var location: [UInt8]?
        while position < range.upperBound {
            let field = try cursor.field(&position, range.upperBound, read)
            if case .tensor = kind {
                if field.number == 14 { isExternal = field.value == 1 }
                if field.number == 13, !field.content.isEmpty,
                    let found = try entry(field.content, &cursor, read)
                {
                    location = found
                }
            } else if let next = kind.field(field.number) {
                try message(next, field.content, depth + 1, &cursor, read)
            }
        }
        guard isExternal, let location, locations.count < Self.most, seen.insert(location).inserted else {
            return
        }
        locations.append(String(decoding: location, as: UTF8.self))
    }

    /// The value of an item of `external_data` whose key is "location".
    private func entry<Failure>(
        _ range: Range<Int>, _ cursor: inout Cursor<Failure>, _ read: Source<Failure>
    ) throws(Stop<Failure>) -> [UInt8]? {
        var position = range.lowerBound
        var isLocation = false
        var value: [UInt8] = []
        while position < range.upperBound {
            let field = try cursor.field(&position, range.upperBound, read)
            switch field.number {
            case 1:
                isLocation = try cursor.bytes(field.content, read).isText("location")
            case 2: value = try cursor.bytes(field.content, read)
            default: break
            }
        }
        return isLocation ? value : nil
    }

    /// Reads fields through a window of the file.
    private struct Cursor<Failure: Error> {
        struct Field {
            let number: UInt64
            let content: Range<Int>
            let value: UInt64
        }

        private let size: Int
        private var window: [UInt8] = []
        private var start = 0

        private static var windowLength: Int { 1 << 13 }
        private static var longestText: Int { 4096 }

        init(size: Int) { self.size = size }

        mutating func field(
            _ position: inout Int, _ end: Int, _ read: Source<Failure>
        ) throws(Stop<Failure>) -> Field {
            let offset = position
            let tag = try varint(&position, end, read)
            let number = tag >> 3
            guard number > 0 else { throw .malformed(FormatError("a field has no number", at: offset)) }
            var value: UInt64 = 0
            var content = position..<position
            var length = 0
            switch tag & 7 {
            case 0: value = try varint(&position, end, read)
            case 1: length = 8
            case 2:
                let stated = try varint(&position, end, read)
                guard let count = Int(exactly: stated), count <= end - position else {
                    throw .malformed(FormatError("a field passes the end of its message", at: offset))
                }
                content = position..<position + count
                length = count
            case 5: length = 4
            default: throw .malformed(FormatError("a field is of a kind that is not in use", at: offset))
            }
            guard length <= end - position else {
                throw .malformed(FormatError("a field passes the end of its message", at: offset))
            }
            position += length
            return Field(number: number, content: content, value: value)
        }

        mutating func bytes(_ range: Range<Int>, _ read: Source<Failure>) throws(Stop<Failure>) -> [UInt8] {
            guard range.count <= Self.longestText else {
                throw .malformed(FormatError("a name has more than 4,096 bytes", at: range.lowerBound))
            }
            var result: [UInt8] = []
            for index in range { result.append(try byte(index, read)) }
            return result
        }

        private mutating func varint(
            _ position: inout Int, _ end: Int, _ read: Source<Failure>
        ) throws(Stop<Failure>) -> UInt64 {
            var value: UInt64 = 0
            let offset = position
            for shift in stride(from: UInt64(0), to: 70, by: 7) {
                guard position < end else {
                    throw .malformed(FormatError("a number is cut short", at: offset))
                }
                let byte = try byte(position, read)
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            throw .malformed(FormatError("a number has more than 64 bits", at: offset))
        }

        private mutating func byte(_ index: Int, _ read: Source<Failure>) throws(Stop<Failure>) -> UInt8 {
            if index < start || index >= start + window.count {
                let range = index..<min(size, index + Self.windowLength)
                do throws(Failure) {
                    window = try read(range)
                } catch {
                    throw .read(error)
                }
                start = index
            }
            guard index - start < window.count else {
                throw .malformed(FormatError("the file is cut short", at: index))
            }
            return window[index - start]
        }
    }
}
