import CYAML

/// libyaml's parser, from which nodes are made. What is unsafe about YAML is here.
@safe struct YAMLParser: ~Copyable {
    // SAFETY: made in init, freed in deinit and in nobody else's hands: the value cannot be copied. The parser reads
    // `text`, which is the buffer's own, until then.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var anchors: [[UInt8]: (node: YAMLNode, size: Int)] = [:]
    private var depth = 0
    /// The nodes so far, those that aliases stand for included.
    private var count = 0
    private var repetitionsLeft = YAMLNode.mostRepeated

    /// What libyaml found; the texts are copies.
    private enum Event {
        case scalar(YAMLScalarNode, anchor: [UInt8]?)
        case alias([UInt8], line: Int)
        case sequenceStart(tag: String, anchor: [UInt8]?)
        case mappingStart(tag: String, anchor: [UInt8]?)
        case collectionEnd
        case documentStart(line: Int)
        case streamEnd
        case other
    }

    private init(_ bytes: [UInt8]) throws(YAMLError) {
        unsafe text = .allocate(capacity: bytes.count)
        _ = unsafe text.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(problem: "memory is used up", line: nil)
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The one document of a text; `nil` if there is none, which is *not* an error.
    static func document(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        var parser = try YAMLParser(bytes)
        guard try parser.nextDocument() != nil else { return nil }
        let root = try parser.node(try parser.next())
        if let line = try parser.nextDocument() {
            throw YAMLError(problem: "there is a second document", line: line)
        }
        return root
    }

    /// Goes to the start of the next document, and returns its line; `nil` at the end.
    private mutating func nextDocument() throws(YAMLError) -> Int? {
        while true {
            switch try next() {
            case .documentStart(let line): return line
            case .streamEnd: return nil
            default: continue
            }
        }
    }

    private mutating func node(_ event: Event) throws(YAMLError) -> YAMLNode {
        let before = count
        count += 1
        switch event {
        case .scalar(let scalar, let anchor): return register(.scalar(scalar), anchor, before)
        case .alias(let anchor, let line):
            guard let (node, size) = anchors[anchor] else {
                throw YAMLError(problem: "found undefined alias", line: line)
            }
            repetitionsLeft -= size
            guard repetitionsLeft >= 0 else {
                throw YAMLError(problem: "it repeats itself by too many aliases", line: line)
            }
            count += size
            return node
        case .sequenceStart(let tag, let anchor):
            return register(.sequence(try elements(), tag: tag), anchor, before)
        case .mappingStart(let tag, let anchor):
            let elements = try elements()
            let pairs = stride(from: 0, to: elements.count - 1, by: 2).map {
                YAMLPair(key: elements[$0], value: elements[$0 + 1])
            }
            return register(.mapping(pairs, tag: tag), anchor, before)
        case .collectionEnd, .documentStart, .streamEnd, .other:
            throw YAMLError(problem: "a value is missing", line: nil)
        }
    }

    /// The nodes up to the end of the collection: elements, or keys and values by turns.
    private mutating func elements() throws(YAMLError) -> [YAMLNode] {
        guard depth < YAMLNode.maximumDepth else {
            throw YAMLError(problem: "it nests too deeply", line: YAMLParser.line(unsafe parser.pointee.mark))
        }
        depth += 1
        defer { depth -= 1 }
        var nodes: [YAMLNode] = []
        while true {
            let event = try next()
            if case .collectionEnd = event { return nodes }
            nodes.append(try node(event))
        }
    }

    private mutating func register(_ node: YAMLNode, _ anchor: [UInt8]?, _ before: Int) -> YAMLNode {
        if let anchor { anchors[anchor] = (node, count - before) }
        return node
    }

    private mutating func next() throws(YAMLError) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return try unsafe YAMLParser.event(event)
    }

    private func problem() -> YAMLError {
        let words = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "it cannot be read"
        let isText =
            unsafe parser.pointee.error != YAML_READER_ERROR && parser.pointee.error != YAML_MEMORY_ERROR
        return YAMLError(
            problem: words, line: isText ? unsafe YAMLParser.line(parser.pointee.problem_mark) : nil)
    }

    /// Copies an event.
    private static func event(_ event: yaml_event_t) throws(YAMLError) -> Event {
        let line = unsafe line(event.start_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT: return try unsafe scalar(event.data.scalar, line)
        case YAML_ALIAS_EVENT: return unsafe .alias(bytes(event.data.alias.anchor) ?? [], line: line)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return try unsafe .sequenceStart(
                tag: start.implicit != 0 ? "" : tag(start.tag, line), anchor: bytes(start.anchor))
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return try unsafe .mappingStart(
                tag: start.implicit != 0 ? "" : tag(start.tag, line), anchor: bytes(start.anchor))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart(line: line)
        case YAML_STREAM_END_EVENT: return .streamEnd
        default: return .other
        }
    }

    private static func scalar(
        _ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar, _ line: Int
    ) throws(YAMLError) -> Event {
        // A scalar may hold NUL; libyaml has seen that it is UTF-8.
        let content = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let tag = try unsafe scalar.quoted_implicit == 1 ? YAMLScalarNode.textTag : tag(scalar.tag, line)
        let node = unsafe YAMLScalarNode(
            text: String(decoding: content, as: UTF8.self), tag: tag,
            isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, line: line)
        return unsafe .scalar(node, anchor: bytes(scalar.anchor))
    }

    private static func line(_ mark: yaml_mark_t) -> Int { Int(clamping: mark.line) &+ 1 }

    private static func tag(
        _ pointer: UnsafeMutablePointer<yaml_char_t>?, _ line: Int
    ) throws(YAMLError) -> String {
        let bytes = unsafe bytes(pointer) ?? []
        // A handle of a few letters may stand for any text, which each node of that tag would hold.
        guard bytes.count <= YAMLNode.longestTag else {
            throw YAMLError(problem: "a tag is too long", line: line)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func bytes(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> [UInt8]? {
        guard let pointer = unsafe pointer else { return nil }
        var bytes: [UInt8] = []
        var index = 0
        while unsafe pointer[index] != 0 {
            unsafe bytes.append(pointer[index])
            index += 1
        }
        return bytes
    }
}

extension YAMLNode {
    /// How deep collections may be in each other: whoever goes through nodes recurses.
    static let maximumDepth = 128
    /// The most nodes that aliases may stand for, all together: they take no memory, but time.
    static let mostRepeated = 100_000
    /// The most bytes of a tag.
    static let longestTag = 256

    /// Reads the one document of a text, as PyYAML's parser does; `nil` if there is none, which is *not* an error.
    /// - Throws: where libyaml takes it for no YAML, where an alias stands for nothing, for a second document, and where
    ///   it nests too deeply or aliases stand for too much.
    package static func parse(_ text: [UInt8]) throws(YAMLError) -> YAMLNode? {
        try YAMLParser.document(text)
    }
}
