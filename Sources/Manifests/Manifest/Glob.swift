package import Formats

/// A file pattern with the meaning that huggingface_hub gives to `allow_patterns` and `ignore_patterns`.
///
/// That is Python's `fnmatch.fnmatch` on POSIX: `*` is any text, "/" included, `?` any one character,
/// `[seq]` and `[!seq]` one of a set or none of it; everything else stands for itself. A backslash, in the
/// pattern and in the path, is read as "/". A pattern that ends with "/" means everything below. The pattern is for the whole path, case counts,
/// and text is compared by Unicode scalars. Read from CPython 3.11's `fnmatch.translate` and
/// huggingface_hub's `filter_repo_objects`.
package struct Glob: Equatable, Sendable {
    /// The pattern as it was written.
    package let pattern: String
    private let tokens: [Token]

    private enum Token: Equatable {
        case literal(Unicode.Scalar)
        case anyOne
        case anyText
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)

        /// How many comparisons ``takes(_:)`` may need.
        var steps: Int { if case .set(let ranges, _) = self { max(1, ranges.count) } else { 1 } }

        /// Whether the token takes this one scalar.
        func takes(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .literal(let own): own == scalar
            case .anyOne: true
            case .anyText: false
            case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    /// Reads a pattern; every text is one.
    package init(_ pattern: String) {
        self.pattern = pattern
        var scalars = Glob.normalized(pattern)
        if scalars.last == "/" { scalars.append("*") }
        var tokens: [Token] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "*": if tokens.last != .anyText { tokens.append(.anyText) }
            case "?": tokens.append(.anyOne)
            case "[":
                if let end = Glob.endOfSet(scalars, from: index) {
                    tokens.append(Glob.set(Array(scalars[index..<end])))
                    index = end + 1
                } else {
                    tokens.append(.literal("["))
                }
            default: tokens.append(.literal(scalar))
            }
        }
        self.tokens = tokens
    }

    /// Whether the pattern takes this path. Time is at most the product of both lengths.
    package func matches(_ path: String) -> Bool {
        matches(Glob.normalized(path))
    }

    /// The scalars with "/" for every backslash, as huggingface_hub's `_normalize_separators` has it.
    fileprivate static func normalized(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.map { $0 == "\\" ? "/" : $0 }
    }

    fileprivate func matches(_ path: [Unicode.Scalar]) -> Bool {
        var steps = Int.max
        return matches(path, &steps)
    }

    /// A path as patterns are compared with it: made once for many of them.
    package struct Subject: Sendable {
        fileprivate let scalars: [Unicode.Scalar]

        /// Takes a path, or a part of one.
        package init(_ path: String) { scalars = Glob.normalized(path) }
    }

    /// Whether the pattern takes this path, within so many steps, which are counted down.
    /// - Returns: false where they do not suffice: then none is left.
    package func matches(_ path: Subject, steps: inout Int) -> Bool { matches(path.scalars, &steps) }

    private func matches(_ path: [Unicode.Scalar], _ steps: inout Int) -> Bool {
        var token = 0
        var index = 0
        // Where to go on when a later token fails. Only the last "*" has to be tried again: what is stored
        // before it already fits, and as far to the left as it can.
        var retry: (token: Int, index: Int)?
        while true {
            guard steps > 0 else { return false }
            steps -= min(steps, token < tokens.count ? tokens[token].steps : 1)
            if token < tokens.count, tokens[token] == .anyText {
                retry = (token, index)
                token += 1
            } else if token < tokens.count, index < path.count, tokens[token].takes(path[index]) {
                token += 1
                index += 1
            } else if token == tokens.count, index == path.count {
                return true
            } else if let last = retry, last.index < path.count {
                retry = (last.token, last.index + 1)
                token = last.token + 1
                index = last.index + 1
            } else {
                return false
            }
        }
    }

    /// The place of the "]" that ends a set, or `nil` where the "[" before `start` stands for itself.
    private static func endOfSet(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var end = start
        if end < scalars.count, scalars[end] == "!" { end += 1 }
        // A "]" in the first place is a member.
        if end < scalars.count, scalars[end] == "]" { end += 1 }
        return scalars[min(end, scalars.count)...].firstIndex(of: "]")
    }

    /// The set between "[" and "]", with fnmatch's reading of odd ranges: a range that runs backwards is
    /// left out, and whether "!" negates is decided after that.
    private static func set(_ members: [Unicode.Scalar]) -> Token {
        var chunks = chunks(of: members)
        for index in stride(from: chunks.count - 1, to: 0, by: -1) {
            guard let low = chunks[index - 1].last, let high = chunks[index].first, low > high else {
                continue
            }
            chunks[index - 1] = Array(chunks[index - 1].dropLast() + chunks[index].dropFirst())
            chunks.remove(at: index)
        }
        let negated = chunks[0].first == "!"
        if negated { chunks[0].removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        for (index, chunk) in chunks.enumerated() {
            var single = chunk[...]
            if index > 0 {
                // The last of the chunk before and the first of this one are a range. Without a last one
                // ("!" was all of it) the hyphen is a member, and so is the first.
                if let low = chunks[index - 1].last, let high = single.popFirst() {
                    if low <= high { ranges.append(low...high) }
                } else {
                    ranges.append("-"..."-")
                }
            }
            if index < chunks.count - 1 { single = single.dropLast() }
            for scalar in single { ranges.append(scalar...scalar) }
        }
        return .set(ranges, negated: negated)
    }

    /// The members, cut at the hyphens that make ranges: not the first member, and no two hyphens with
    /// less than two members between them. A hyphen in the last place is a member.
    private static func chunks(of members: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var chunks: [[Unicode.Scalar]] = []
        var start = 0
        var search = members.first == "!" ? 2 : 1
        while search < members.count, let hyphen = members[search...].firstIndex(of: "-") {
            chunks.append(Array(members[start..<hyphen]))
            start = hyphen + 1
            search = hyphen + 3
        }
        if start < members.count || chunks.isEmpty {
            chunks.append(Array(members[start...]))
        } else {
            chunks[chunks.count - 1].append("-")
        }
        return chunks
    }
}

extension Glob {
    /// Whether a pattern means the file of this name, and no other: it has no wildcard, no class, and names no directory.
    package static func isLiteral(_ pattern: String) -> Bool {
        !pattern.isEmpty && pattern.utf8.last != UInt8(ascii: "/")
            && pattern.utf8.allSatisfy { !"*?[]".utf8.contains($0) }
    }
}

/// Which files of a snapshot to take: those that some include pattern takes and no exclude pattern.
package struct FileFilter: Equatable, Sendable {
    /// What to take; `nil` takes everything, an empty list nothing.
    package let include: [Glob]?
    /// What to leave out; it wins over `include`.
    package let exclude: [Glob]

    /// Makes a filter.
    package init(include: [Glob]?, exclude: [Glob]) {
        self.include = include
        self.exclude = exclude
    }

    /// Whether a file is taken; the path is seen from the snapshot.
    package func accepts(_ path: RelativePath) -> Bool { accepts(path.text) }

    /// The same of a path that may be refused for its name.
    package func accepts(_ path: String) -> Bool {
        let scalars = Glob.normalized(path)
        if let include, !include.contains(where: { $0.matches(scalars) }) { return false }
        return !exclude.contains { $0.matches(scalars) }
    }
}

extension Entry {
    /// The filter that the entry's `include` and `exclude` are.
    package var filter: FileFilter {
        FileFilter(include: include.map { $0.map(Glob.init) }, exclude: exclude.map(Glob.init))
    }
}
