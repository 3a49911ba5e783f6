import Formats

/// The JSON object of a request's body, of which only known members are taken.
struct RequestDocument {
    private let document: JSON
    private static let sizeLimit = 1 << 20

    /// Reads the body of a request.
    ///
    /// - Parameters:
    ///   - keys: the members that there may be.
    ///   - isOptional: whether there may be no body, which is then an object without members.
    init(_ request: Request, keys: [String], isOptional: Bool = false) throws(ModelRefusal) {
        let body: [UInt8]
        do throws(RequestBody.Problem) {
            body = try request.body.bytes(limit: RequestDocument.sizeLimit)
        } catch {
            throw ModelRefusal(
                error == .tooLarge ? 413 : 400, "the body of the request is too large or cannot be read")
        }
        let parsed: JSON? = body.isEmpty && isOptional ? .object([]) : try? JSON.parse(body)
        guard let parsed else { throw ModelRefusal(400, "the body has to be a JSON object") }
        try self.init(parsed, keys: keys)
    }

    /// Takes a document that was read.
    private init(_ parsed: JSON, keys: [String]) throws(ModelRefusal) {
        guard let members = parsed.members else { throw ModelRefusal(400, "a JSON object is missing") }
        var seen: Set<ExactName> = []
        for member in members {
            guard keys.containsExactly(member.key) else {
                throw ModelRefusal(
                    400,
                    "\(RequestDocument.shown(member.key)) is not known: there are "
                        + keys.joined(separator: ", "))
            }
            guard seen.insert(member.key).inserted else {
                throw ModelRefusal(400, "\(member.key) is there twice")
            }
        }
        document = .object(members)
    }

    /// The beginning of a name that a client sent.
    private static func shown(_ text: String) -> String {
        String(decoding: text.utf8.prefix(80), as: UTF8.self).withVisibleScalars
    }

    /// Whether a member is there and is not `null`.
    func has(_ key: String) -> Bool {
        if case .null = document[key] ?? .null { false } else { true }
    }

    /// A text of at most 4,096 bytes; `nil` where it is not there or is `null`.
    func text(_ key: String, limit: Int = 4096) throws(ModelRefusal) -> String? {
        guard has(key) else { return nil }
        guard let text = document[key]?.string else { throw ModelRefusal(400, "\(key) has to be a text") }
        guard text.utf8.count <= limit else { throw ModelRefusal(400, "\(key) is too long") }
        return text
    }

    /// Up to 100 texts; none where it is not there or is `null`.
    func texts(_ key: String) throws(ModelRefusal) -> [String] {
        guard has(key) else { return [] }
        guard let texts = document[key]?.strings else {
            throw ModelRefusal(400, "\(key) has to be a list of texts")
        }
        guard texts.count <= 100, texts.allSatisfy({ $0.utf8.count <= 4096 && !$0.utf8.contains(0) }) else {
            throw ModelRefusal(400, "\(key) has too many texts, or one that is too long")
        }
        return texts
    }

    /// A whole number; `nil` where it is not there or is `null`.
    func number(_ key: String, _ range: ClosedRange<Int>) throws(ModelRefusal) -> Int? {
        guard has(key) else { return nil }
        // JSON knows no whole numbers: 4.0 is 4.
        let value = document[key]
        guard let number = value?.integer ?? value?.double.flatMap({ Int(exactly: $0) }),
            range.contains(number)
        else {
            throw ModelRefusal(
                400, "\(key) has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Whether something is so; `nil` where it is not there or is `null`.
    func truth(_ key: String) throws(ModelRefusal) -> Bool? {
        guard has(key) else { return nil }
        guard let value = document[key]?.bool else {
            throw ModelRefusal(400, "\(key) has to be true or false")
        }
        return value
    }

    /// A finite number; `nil` where it is not there or is `null`.
    func fraction(_ key: String, _ range: ClosedRange<Double>) throws(ModelRefusal) -> Double? {
        guard has(key) else { return nil }
        guard let number = document[key]?.double, range.contains(number) else {
            throw ModelRefusal(
                400, "\(key) has to be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
        return number
    }

    /// The objects of a list.
    /// - Parameters:
    ///   - keys: the members that each may have.
    ///   - limit: how many there may be.
    func documents(_ key: String, keys: [String], limit: Int) throws(ModelRefusal) -> [RequestDocument] {
        guard let list = document[key]?.array, list.count <= limit else {
            throw ModelRefusal(400, "\(key) has to be a list of at most \(limit) objects")
        }
        var documents: [RequestDocument] = []
        for item in list { documents.append(try RequestDocument(item, keys: keys)) }
        return documents
    }
}
