import Formats

/// What an ONNX model (`onnx.proto`, IR version 13) asks for that ONNX Runtime does not have itself: operators of other
/// domains, which come from a library that has to be registered, programs compiled for a device, and files elsewhere.
struct ONNXReview {
    /// Domains whose operators ONNX and ONNX Runtime 1.32 define.
    private static let domains = NameSet(
        """
        ai.onnx ai.onnx.ml ai.onnx.training ai.onnx.preview ai.onnx.pself.training com.microsoft
        com.microsoft.nchwc com.microsoft.dml com.ms.internal.nhwc
        """)

    private struct Operator: Hashable {
        let domain: ExactName
        let name: ExactName
    }

    private var used: [Operator] = []
    private var seen: Set<Operator> = []
    private var defined: Set<Operator> = []
    private var places: [String] = []
    private var isCompiled = false

    /// One sentence about each thing, in the order of the file; to be read after the model was.
    var messages: [String] {
        var messages: [String] = []
        if isCompiled { messages.append("it holds a program that was compiled for a device (EPContext)") }
        let foreign = used.filter { item in
            !defined.contains(item) && !item.domain.text.isEmpty
                && !Self.domains.contains(item.domain.text)
        }
        for item in foreign {
            let domain = item.domain.text.shortAndPlain
            let name = item.name.text.shortAndPlain
            messages.append(
                "its operator \(name) is of the domain \(domain), which ONNX Runtime does not have")
        }
        return messages + places.map { "its data is in a file elsewhere: \($0.shortAndPlain)" }
    }

    /// Reads a ModelProto.
    mutating func model<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, size: Int, _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var hasGraph = false
        try reader.message(0..<size, read) { reader, field throws(ReadingStop<Failure>) in
            switch field.number {
            case 7:
                hasGraph = true
                try self.graph(&reader, field.content, read)
            case 20:
                try reader.message(field.content, read) { reader, field throws(ReadingStop<Failure>) in
                    if field.number <= 2 { try self.graph(&reader, field.content, read) }
                }
            case 25: try self.function(&reader, field.content, read)
            default: break
            }
        }
        guard hasGraph else { throw reader.malformed("it has no graph", 0) }
    }

    private mutating func graph<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            switch field.number {
            case 1: try self.node(&reader, field.content, read)
            case 5: try self.tensor(&reader, field.content, read)
            case 15: try self.sparse(&reader, field.content, read)
            default: break
            }
        }
    }

    private mutating func function<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var (name, domain) = ("", "")
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            switch field.number {
            case 1: name = try reader.text(field, read)
            case 7: try self.node(&reader, field.content, read)
            case 10: domain = try reader.text(field, read)
            case 11: try self.attribute(&reader, field.content, read)
            default: break
            }
        }
        defined.insert(Operator(domain: ExactName(domain), name: ExactName(name)))
    }

    private mutating func node<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var (name, domain) = ("", "")
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            switch field.number {
            case 4: name = try reader.text(field, read)
            case 5: try self.attribute(&reader, field.content, read)
            case 7: domain = try reader.text(field, read)
            default: break
            }
        }
        if name.hasSameBytes(as: "EPContext") { isCompiled = true }
        let item = Operator(domain: ExactName(domain), name: ExactName(name))
        if seen.insert(item).inserted { used.append(item) }
    }

    private mutating func attribute<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            switch field.number {
            case 5, 10: try self.tensor(&reader, field.content, read)
            case 6, 11: try self.graph(&reader, field.content, read)
            case 22, 23: try self.sparse(&reader, field.content, read)
            default: break
            }
        }
    }

    private mutating func sparse<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            if field.number <= 2 { try self.tensor(&reader, field.content, read) }
        }
    }

    private mutating func tensor<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var places: [String] = []
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            guard field.number == 13 else { return }
            var (key, value) = ("", "")
            try reader.message(field.content, read) { reader, field throws(ReadingStop<Failure>) in
                if field.number == 1 { key = try reader.text(field, read) }
                if field.number == 2 { value = try reader.text(field, read) }
            }
            if key.hasSameBytes(as: "location"), Self.isElsewhere(value) { places.append(value) }
        }
        for place in places
        where self.places.count < 8 && !self.places.containsExactly(place) {
            self.places.append(place)
        }
    }

    /// Whether a path leads out of the model's directory, on any system. A colon names a drive if it follows one letter, and the
    /// scheme of a URL at the end of the first part; elsewhere it is a part of a name, as tensors have it.
    private static func isElsewhere(_ path: String) -> Bool {
        let parts = path.utf8.split(omittingEmptySubsequences: false) { $0 == 0x2F || $0 == 0x5C }
        return path.utf8.isEmpty || parts.first?.isEmpty == true
            || parts.contains { $0.isText("..") }
            || path.utf8.dropFirst().first == 0x3A
            || parts.count > 1 && parts.first?.last == 0x3A
            || path.utf8.contains(0)
    }
}
