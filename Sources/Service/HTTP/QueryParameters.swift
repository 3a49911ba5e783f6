import Formats

/// Reads parameters of a query, each of which may be given once.
struct QueryParameters {
    /// What was asked for.
    let target: RequestTarget

    /// The text of a parameter, without blanks around it; `nil` where it is not given, or empty.
    func text(_ name: String) throws(ModelRefusal) -> String? {
        try value(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private func value(_ name: String) throws(ModelRefusal) -> String? {
        let values = target.all(name)
        guard values.count < 2 else { throw ModelRefusal(400, "\(name) is given more than once") }
        guard let value = values.first else { return nil }
        guard value.unicodeScalars.count <= 500, !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw ModelRefusal(400, "\(name) is at most 500 characters without control characters")
        }
        return String(decoding: HeaderFields.trimmed(Array(value.utf8)[...]), as: UTF8.self)
    }

    /// A number in its bounds.
    func number(_ name: String, _ range: ClosedRange<Int>) throws(ModelRefusal) -> Int? {
        guard let text = try value(name) else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            throw ModelRefusal(400, "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A truth value.
    func flag(_ name: String) throws(ModelRefusal) -> Bool? {
        switch try value(name) {
        case nil: return nil
        case "true"?: return true
        case "false"?: return false
        default: throw ModelRefusal(400, "\(name) is true or false")
        }
    }

    /// One of some words.
    func word(_ name: String, _ words: [String]) throws(ModelRefusal) -> String? {
        guard let text = try value(name) else { return nil }
        guard words.containsExactly(text) else {
            throw ModelRefusal(400, "\(name) is one of \(words.joined(separator: ", "))")
        }
        return text
    }
}
