import Conversion
import Formats
import Manifests

extension [ForeignFinding] {
    /// The findings for people: each value that is not followed by itself, unknown keys together, a finding a file.
    /// - Parameter name: the model or entry, with which they begin.
    func diagnostics(for name: String) -> [Diagnostic] {
        var all: [Diagnostic] = []
        var files: [String] = []
        for finding in self where !files.contains(where: { $0.hasSameBytes(as: finding.file) }) {
            files.append(finding.file)
        }
        for file in files {
            let own = filter { $0.file.hasSameBytes(as: file) }
            for finding in own where finding.weight != .unknown {
                all.append(
                    Diagnostic(
                        finding.weight == .note ? .note : .warning, code: .configValueDiffers,
                        "\(name): \(finding.sentence)"))
            }
            let unknown = own.filter { $0.weight == .unknown }.map(\.key)
            guard !unknown.isEmpty else { continue }
            let more = unknown.count > Self.told ? ["… and \(unknown.count - Self.told) more"] : []
            all.append(
                Diagnostic(
                    code: .configKeyUnknown,
                    "\(name): \(file) has \(Counted.text(unknown.count, "key")) that nothing is known of, and that "
                        + "the GGUF does not follow",
                    notes: unknown.prefix(Self.told).map(JSON.string).map(\.compactText) + more,
                    fix:
                        "see in the model's card or code what they do; if they change what it computes, do not use the GGUF"
                ))
        }
        return all
    }

    /// The most keys that are named.
    private static let told = 20
}
