/// The path of a file below some directory, cache, bundle or archive, with "/" between its components.
///
/// Its rules are checked once, when it is made: no empty component, no "." and "..", not absolute, no NUL nor another
/// control character, no U+FFFD, which is what a name that is not valid UTF-8 is shown with, and not too long. Two paths are equal
/// where their bytes are, as for the kernel, and it is what maps of files are keyed by.
package struct RelativePath: ByteCompared, ExpressibleByStringLiteral {
    /// The path as text.
    package let text: String

    /// Takes a path that comes from outside.
    /// - Returns: `nil` for one of which ``problem(_:)`` has something to say.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard RelativePath.problem(text) == nil else { return nil }
        self.text = text
    }

    /// Takes a path that was put together out of components that were checked before: the caller vouches for it.
    package init(checked text: String) {
        assert(RelativePath.formProblem(text) == nil, "an unchecked path: \(text)")
        self.text = text
    }

    /// Takes a path that is written in the program itself.
    package init(stringLiteral text: StaticString) { self.init(checked: text.description) }

    private static let slash = UInt8(ascii: "/")
    /// The most bytes of a path that comes from outside: Linux opens no longer one (`PATH_MAX`).
    package static let longest = 4095

    /// Why a text is not a relative path, as a clause that goes on after it; `nil` where it is one.
    package static func problem(_ text: String) -> String? {
        text.utf8.count > longest ? "is longer than \(longest) bytes" : formProblem(text)
    }

    private static func formProblem(_ text: String) -> String? {
        let bytes = text.utf8Span.span
        guard bytes.count > 0 else { return "is empty" }
        if bytes[0] == slash { return "is absolute" }
        var start = 0
        var dots = 0
        func component(upTo end: Int) -> String? {
            if start == end { return "has an empty part" }
            let isOfDots = dots == end - start && dots <= 2
            return isOfDots ? "has a part \"\(String(repeating: ".", count: dots))\"" : nil
        }
        for index in bytes.indices {
            switch bytes[index] {
            case slash:
                if let problem = component(upTo: index) { return problem }
                start = index + 1
                dots = 0
            case UInt8(ascii: "."): dots += 1
            case 0..<0x20, 0x7F: return "has a control character"
            case 0xEF where index + 2 < bytes.count && bytes[index + 1] == 0xBF && bytes[index + 2] == 0xBD:
                return "is not valid UTF-8"
            default: break
            }
        }
        return component(upTo: bytes.count)
    }
}

extension RelativePath {
    /// The components, of which there is at least one. They are cut by bytes, as the kernel does it: in a Swift string
    /// a slash and a combining mark after it are one character.
    package var components: [String] { Path.parts(text).map(String.init) }

    /// The last component.
    package var name: String { Path.name(text) }

    /// All but the last component; `nil` for a path of one.
    package var parent: RelativePath? {
        guard let end = text.utf8.lastIndex(of: RelativePath.slash) else { return nil }
        return RelativePath(checked: String(text[..<end]))
    }

    /// The paths of all directories that this is in, the nearest first.
    package var ancestors: some Sequence<RelativePath> { sequence(first: self, next: \.parent).dropFirst() }

    /// What stands behind the last dot of the last component, as it is written; `nil` if there is no dot.
    package var pathExtension: String? {
        let name = name.utf8
        return name.lastIndex(of: UInt8(ascii: ".")).flatMap { String(name[name.index(after: $0)...]) }
    }

    /// The path without an ending of its bytes; `nil` where it does not end so, or where nothing that is a path is left.
    package func removing(suffix: String) -> RelativePath? {
        guard hasSuffix(suffix) else { return nil }
        return RelativePath(Substring(text.utf8.dropLast(suffix.utf8.count)))
    }

    /// Whether it is below a directory.
    package func isInside(_ directory: RelativePath) -> Bool {
        text.utf8.count > directory.text.utf8.count + 1 && hasPrefix(directory.text)
            && text.utf8.dropFirst(directory.text.utf8.count).first == RelativePath.slash
    }

    /// The path of a file of which this is the directory.
    package func appending(_ path: RelativePath) -> RelativePath {
        RelativePath(checked: "\(text)/\(path.text)")
    }

    /// The path of a file in the same directory, or below it.
    package func beside(_ path: RelativePath) -> RelativePath { parent?.appending(path) ?? path }

    /// The path of what has a name in this directory.
    /// - Returns: `nil` where the name is not one valid component.
    package func appending(component name: String) -> RelativePath? {
        guard !name.utf8.contains(RelativePath.slash), let name = RelativePath(name) else { return nil }
        return appending(name)
    }

    /// The path below a directory that may be absolute, or none where the directory is empty.
    package func joined(to directory: String) -> String { Path.join(directory, text) }
}
