/// A value of a YAML document as it is written: scalars are text, and nothing is resolved but aliases.
package enum YAMLNode: Equatable, Sendable {
    /// A text, with the tag that it has.
    case scalar(YAMLScalarNode)
    /// A list.
    case sequence([YAMLNode], tag: String)
    /// Keys and values in their order; a key may be there more than once.
    case mapping([YAMLPair], tag: String)

    /// The tag as it is written, with its handle resolved; empty if there is none. A quoted text has that of texts.
    package var tag: String {
        switch self {
        case .scalar(let scalar): scalar.tag
        case .sequence(_, let tag), .mapping(_, let tag): tag
        }
    }

    /// The scalar; `nil` if it is none.
    package var scalar: YAMLScalarNode? {
        if case .scalar(let scalar) = self { scalar } else { nil }
    }

    /// The elements of a sequence; `nil` if it is none.
    package var sequence: [YAMLNode]? {
        if case .sequence(let elements, _) = self { elements } else { nil }
    }

    /// The keys and values of a mapping; `nil` if it is none.
    package var mapping: [YAMLPair]? {
        if case .mapping(let pairs, _) = self { pairs } else { nil }
    }
}

/// A scalar of a YAML document.
package struct YAMLScalarNode: Equatable, Sendable {
    /// Its text, without quotes, escapes and folding.
    package let text: String
    /// Its tag; see ``YAMLNode/tag``.
    package let tag: String
    /// Whether it is written without quotes and not as a block.
    package let isPlain: Bool
    /// The line that it begins in, from 1.
    package let line: Int

    /// The tag of texts, which every quoted scalar has.
    package static let textTag = "tag:yaml.org,2002:str"

    /// The text as a key, and whether it is certain to be a text: `1` and `"1"` are different keys.
    package var key: [UInt8] {
        Array((tag.isEmpty || tag == "!" ? YAMLScalarNode.textTag : tag).utf8) + [0] + Array(text.utf8)
    }
}

/// A key of a mapping with its value.
package struct YAMLPair: Equatable, Sendable {
    /// The key.
    package let key: YAMLNode
    /// The value.
    package let value: YAMLNode
}

/// A YAML document that libyaml cannot read.
package struct YAMLError: Error, Equatable, Sendable {
    /// What is wrong, in libyaml's words.
    package let problem: String
    /// The line of it, from 1; `nil` where the bytes are no text.
    package let line: Int?
}
