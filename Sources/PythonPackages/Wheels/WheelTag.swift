/// What a wheel runs on (PEP 425): one Python, one binary interface, one platform. Lowercase.
package struct WheelTag: Hashable, Sendable, CustomStringConvertible {
    /// The Python, such as "py3" or "cp312".
    package let interpreter: String
    /// The binary interface, such as "none", "abi3" or "cp312".
    package let abi: String
    /// The platform, such as "any" or "manylinux_2_17_x86_64".
    package let platform: String

    /// Makes a tag.
    package init(interpreter: String, abi: String, platform: String) {
        self.interpreter = interpreter.lowercased()
        self.abi = abi.lowercased()
        self.platform = platform.lowercased()
    }

    /// The three parts with "-" between them.
    package var description: String { "\(interpreter)-\(abi)-\(platform)" }

    /// The most tags that one compressed set may stand for.
    package static let limit = 10_000

    /// Reads a compressed set such as "py2.py3-none-any" (PEP 425, "Compressed Tag Sets"), without doubles;
    /// `nil` if it is not one, or where it stands for more than ``limit``.
    package static func set(_ text: String) -> [WheelTag]? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.split(separator: ".", omittingEmptySubsequences: false).map(String.init) }
        guard parts.count == 3, !parts.contains(where: { $0.contains("") }) else { return nil }
        let (pairs, overflow) = parts[0].count.multipliedReportingOverflow(by: parts[1].count)
        let (count, more) = pairs.multipliedReportingOverflow(by: parts[2].count)
        guard !overflow, !more, count <= limit else { return nil }
        func isIdentifier(_ text: String) -> Bool {
            text.unicodeScalars.enumerated().allSatisfy { index, scalar in
                scalar == "_"
                    || (index == 0 ? scalar.properties.isXIDStart : scalar.properties.isXIDContinue)
            }
        }
        guard parts[0].allSatisfy(isIdentifier) else { return nil }
        var seen: Set<WheelTag> = []
        var tags: [WheelTag] = []
        for interpreter in parts[0] {
            for abi in parts[1] {
                for platform in parts[2] {
                    let tag = WheelTag(interpreter: interpreter, abi: abi, platform: platform)
                    if seen.insert(tag).inserted { tags.append(tag) }
                }
            }
        }
        return tags
    }
}

/// The tags that an environment takes, each with its place: 0 is the best.
package struct SupportedTags: Sendable {
    /// The tags, best first.
    package let tags: [WheelTag]
    private let ranks: [WheelTag: Int]

    /// The tags of CPython with its lock on an environment's platform, in the order of PyPA's `packaging` 26:
    /// its own binary interface, the stable one of it and of older ones down to 3.2, then pure Python.
    package init(_ environment: PythonEnvironment) {
        let minor = Int(environment.minor)
        let platforms = environment.platform.tags
        var tags: [WheelTag] = []
        func add(_ interpreter: String, _ abi: String) {
            for platform in platforms {
                tags.append(WheelTag(interpreter: interpreter, abi: abi, platform: platform))
            }
        }
        let own = "cp3\(minor)"
        add(own, minor < 8 ? own + "m" : own)
        if minor >= 2 { add(own, "abi3") }
        add(own, "none")
        for older in stride(from: minor - 1, through: 2, by: -1) { add("cp3\(older)", "abi3") }
        let pure = ["py3\(minor)", "py3"] + stride(from: minor - 1, through: 0, by: -1).map { "py3\($0)" }
        for python in pure { add(python, "none") }
        for python in [own] + pure {
            tags.append(WheelTag(interpreter: python, abi: "none", platform: "any"))
        }
        self.tags = tags
        ranks = Dictionary(zip(tags, tags.indices)) { first, _ in first }
    }

    /// The place of the best of a wheel's tags; `nil` where none is taken.
    package func rank(_ tags: some Sequence<WheelTag>) -> Int? {
        tags.lazy.compactMap { ranks[$0] }.min()
    }
}
