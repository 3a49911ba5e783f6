import Formats

/// Why the marketplace does not answer as it was asked to.
struct MarketRefusal: Error {
    /// The status.
    let status: Int
    /// One sentence without a full stop.
    let reason: String

    /// Refuses with a reason.
    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// The answer.
    var response: Response { .json(["detail": .string(reason)], status: status) }
}

/// Reads parameters of a query, each of which may be given once.
struct MarketParameters {
    /// What was asked for.
    let target: RequestTarget

    /// The text of a parameter, without blanks around it; `nil` where it is not given, or empty.
    func text(_ name: String) throws(MarketRefusal) -> String? {
        let values = target.all(name)
        guard values.count < 2 else { throw MarketRefusal(400, "\(name) is given more than once") }
        guard let value = values.first else { return nil }
        guard value.utf8.count <= 500, !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw MarketRefusal(400, "\(name) is at most 500 characters without control characters")
        }
        let trimmed = String(decoding: HeaderFields.trimmed(Array(value.utf8)[...]), as: UTF8.self)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// A number in its bounds.
    func number(_ name: String, _ range: ClosedRange<Int>) throws(MarketRefusal) -> Int? {
        guard let text = try text(name) else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            throw MarketRefusal(400, "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A truth value.
    func flag(_ name: String) throws(MarketRefusal) -> Bool? {
        switch try text(name) {
        case nil: return nil
        case "true"?: return true
        case "false"?: return false
        default: throw MarketRefusal(400, "\(name) is true or false")
        }
    }

    /// One of some words.
    func word(_ name: String, _ words: [String]) throws(MarketRefusal) -> String? {
        guard let text = try text(name) else { return nil }
        guard words.containsExactly(text) else {
            throw MarketRefusal(400, "\(name) is one of \(words.joined(separator: ", "))")
        }
        return text
    }
}
