import Formats

/// A model or a set of data that a model was made from, as `general.base_model.0.*` and `general.dataset.0.*` say it.
package struct ModelSource: Sendable, Equatable {
    /// What is known: names of keys, as `repo_url`, with their texts, in the order of a file's keys.
    package private(set) var texts: [(key: String, text: String)] = []

    /// All keys in the order of a file's.
    static let keys = [
        "name", "author", "version", "organization", "description", "url", "doi", "uuid", "repo_url",
    ]

    /// Nothing is known.
    init() {}

    /// Takes what an object states.
    /// - Parameter text: the text that a value is; `nil` if it is not one.
    init<E: Error>(_ object: JSON, text: (_ key: String, JSON) throws(E) -> String?) throws(E) {
        for key in Self.keys {
            if let value = object[key], let text = try text(key, value) { texts.append((key, text)) }
        }
    }

    /// Takes what an identifier states: `organization/name` of the Hub, or an address.
    init(_ identifier: String, parameters: Int) {
        let scalars = Array(identifier.unicodeScalars)
        let isAddress = ["http://", "https://", "ssh://"].contains { identifier.hasUTF8Prefix($0) }
        if isAddress, Self.hubIdentifier(of: scalars) == nil {
            texts = [("repo_url", identifier)]
            return
        }
        let name = ModelName(Self.hubIdentifier(of: scalars) ?? scalars, parameters: parameters)
        texts = [("name", name.title)]
        if let version = name.version { texts.append(("version", version)) }
        if let title = name.organizationTitle { texts.append(("organization", title)) }
        if isAddress {
            texts.append(("repo_url", identifier))
        } else if let organization = name.organization {
            texts.append(("repo_url", "https://huggingface.co/\(organization)/\(name.name)"))
        }
    }

    /// The `organization/name` at the end of a model's address on the Hub.
    private static func hubIdentifier(of address: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        let start = ["http://", "https://"].first { address.starts(with: $0.unicodeScalars) }
        guard let start else { return nil }
        var rest = address.dropFirst(start.unicodeScalars.count)
        // Any character may stand for the point, as in the reference's regular expression.
        let host = "huggingface.co/".unicodeScalars
        guard rest.count > host.count,
            zip(rest, host).allSatisfy({ $0 == $1 || ($1 == "." && $0 != "\n") }),
            rest.contains(subsequence: "huggingface.co".unicodeScalars)
        else { return nil }
        rest = rest.dropFirst(host.count)
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty ? Array(rest) : nil
    }

    /// Whether both say the same.
    package static func == (left: ModelSource, right: ModelSource) -> Bool {
        left.texts.elementsEqual(right.texts, by: ==)
    }
}

extension Collection where Element: Equatable {
    /// Whether the elements of `other` stand somewhere in this, one after the other.
    fileprivate func contains(subsequence other: some Collection<Element>) -> Bool {
        indices.contains { self[$0...].starts(with: other) } || other.isEmpty
    }
}
