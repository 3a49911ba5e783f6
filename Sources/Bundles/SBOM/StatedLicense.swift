import Manifests

/// What somebody states of a licence, in the words of SPDX as far as it has some.
package enum StatedLicense: Equatable {
    /// One licence of the SPDX License List.
    case identifier(String)
    /// Several licences, as an expression of SPDX (annex "SPDX license expressions" of the specification 3.0.1);
    /// those that are not in the list are references.
    case expression(String)
    /// A name that SPDX does not have.
    case name(String)

    /// - Parameter text: an identifier of SPDX or of the Hub in any case, an expression, or several of them joined
    ///   by commas, as those of a model card that has a list: they hold together.
    /// - Returns: `nil` where the text states nothing: "other", "unknown".
    init?(_ text: String) {
        if ["", "other", "unknown"].contains(text.lowercased()) { return nil }
        if let id = SPDXIdentifiers.spelling(of: text) {
            self = .identifier(id)
        } else if let expression = ExpressionReader(text).expression {
            self = .expression(expression)
        } else {
            self = .name(text)
        }
    }

    /// The expression of SPDX; a name that it does not have becomes a reference, which is only defined by that name.
    var expression: String {
        switch self {
        case .identifier(let text), .expression(let text): text
        case .name(let name): Self.reference(to: name)
        }
    }

    /// "LicenseRef-" and the name, of whose characters letters, digits, "." and "-" are allowed.
    static func reference(to name: String) -> String {
        let letters = name.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."): byte
            default: UInt8(ascii: "-")
            }
        }
        return "LicenseRef-" + String(decoding: letters, as: UTF8.self)
    }
}

/// Reads expressions of two licences and more: operands, "AND", "OR", commas, parentheses.
private struct ExpressionReader {
    private var words: ArraySlice<String>
    private var result: [String] = []
    private var known = 0
    private var depth = 0

    init(_ text: String) {
        var words = [""]
        for scalar in text.unicodeScalars {
            switch scalar {
            case " ", "\t": words.append("")
            case "(", ")", ",": words += [String(scalar), ""]
            default: words[words.count - 1].unicodeScalars.append(scalar)
            }
        }
        self.words = words.filter { !$0.isEmpty }[...]
    }

    /// The expression as SPDX writes it; `nil` if the text is not one, or names no licence of SPDX's list.
    var expression: String? {
        var reader = self
        guard reader.series(), reader.words.isEmpty, reader.known > 0 else { return nil }
        return reader.result.reduce(into: "") { text, word in
            let isTight = text.isEmpty || text.utf8.last == UInt8(ascii: "(") || word == ")"
            text += (isTight ? "" : " ") + word
        }
    }

    private mutating func series() -> Bool {
        guard operand() else { return false }
        while let word = words.first {
            switch word.lowercased() {
            case "and", ",": result.append("AND")
            case "or": result.append("OR")
            default: return word == ")"
            }
            words = words.dropFirst()
            guard operand() else { return false }
        }
        return true
    }

    private mutating func operand() -> Bool {
        guard let word = words.popFirst() else { return false }
        if word == "(" {
            depth += 1
            defer { depth -= 1 }
            result.append(word)
            guard depth <= 16, series(), words.popFirst() == ")" else { return false }
            result.append(")")
            return true
        }
        guard ![")", ",", "and", "or", "with"].contains(word.lowercased()) else { return false }
        if let id = SPDXIdentifiers.spelling(of: word) {
            known += 1
            result.append(id)
        } else {
            result.append(StatedLicense.reference(to: word))
        }
        return true
    }
}
