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
