import Formats

/// What a SavedModel of TensorFlow's or a graph by itself (`saved_model.proto`, `graph.proto`, `function.proto`) computes
/// with: every operator that is not known to compute and nothing else.
struct SavedModelReview {
    private static let known = NameSet(harmless)

    private var foreign: [String] = []
    private var seen: Set<ExactName> = []
    private var functions: Set<ExactName> = []
    /// Whether something was read that has an operator's name where a node of a graph has it.
    private(set) var hasNode = false

    /// One sentence about each operator, in the order of the file; to be read after the model was.
    var messages: [String] {
        foreign.filter { !functions.contains($0) }.map {
            "its graph has the operator \($0.shortAndPlain), which is not known to do nothing but compute"
        }
    }

    /// Reads a SavedModel.
    mutating func model<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, size: Int, _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var hasGraph = false
        try reader.message(0..<size, read) { reader, field throws(ReadingStop<Failure>) in
            guard field.number == 2 else { return }
            try reader.message(field.content, read) { reader, field throws(ReadingStop<Failure>) in
                guard field.number == 2 else { return }
                hasGraph = true
                try self.graph(&reader, field.content, read)
            }
        }
        guard hasGraph else { throw reader.malformed("it has no graph", 0) }
    }

    /// Reads the message that fills a range as a `GraphDef`, which is what a frozen graph's file holds.
    mutating func graph<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            if field.number == 1 { try self.node(&reader, field.content, read) }
            guard field.number == 2 else { return }
            try reader.message(field.content, read) { reader, field throws(ReadingStop<Failure>) in
                guard field.number == 1 else { return }
                try reader.message(field.content, read) { reader, field throws(ReadingStop<Failure>) in
                    if field.number == 1 { try self.signature(&reader, field.content, read) }
                    if field.number == 3 { try self.node(&reader, field.content, read) }
                }
            }
        }
    }

    /// A graph may call a function by its name in an operator's place.
    private mutating func signature<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var name = ""
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            if field.number == 1 { name = try reader.text(field, read) }
        }
        // TensorFlow looks for a function first, so that its nodes are what counts.
        if !Self.known.contains(name) { functions.insert(name) }
    }

    private mutating func node<Failure>(
        _ reader: inout RangedProtobufReader<Failure>, _ range: Range<Int>,
        _ read: RangedProtobufReader<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        var name = ""
        try reader.message(range, read) { reader, field throws(ReadingStop<Failure>) in
            if field.number == 2 { name = try reader.text(field, read) }
        }
        if !name.isEmpty { hasNode = true }
        guard !Self.known.contains(name), seen.insert(name).inserted else { return }
        foreign.append(name)
    }
}
