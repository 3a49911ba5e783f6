import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

/// A manifest as text with a lock that fits to it, which goes through its own text, as in CI.
struct RuleSample {
    /// An entry's facts as the lock has them, and its files with their sizes.
    struct Content {
        var facts = "{}"
        var files: [(path: RelativePath, size: Int)] = [("model.safetensors", 10)]
    }

    let manifest: Manifest
    let lock: Lock

    /// - Parameters:
    ///   - text: what stands below `[bundle]`'s usual keys.
    ///   - contents: what the entries hold, by name.
    init(_ text: String, bundle: String = "name = \"sample-bundle\"", _ contents: [String: Content] = [:])
        throws
    {
        let source = "schema = 1\n[bundle]\n\(bundle)\n\(text)"
        manifest = try Manifest.parse(Array(source.utf8), path: "pack.toml")
        let entries = try manifest.entries.map { entry in
            let content = contents[entry.name] ?? Content()
            let facts = try JSON.parse(Array(content.facts.utf8).span).members ?? []
            let files = try content.files.map {
                try Samples.file($0.path, content: "\(entry.name)/\($0.path)", size: $0.size)
            }
            return LockedEntry(
                name: entry.name, kind: entry.kind, asked: entry.asked, origin: .path, license: nil,
                facts: facts,
                files: files.sorted { $0.path < $1.path }, tensors: [])
        }
        let placed = try Samples.lock(manifest.bundle, entries)
        lock = try Lock.parse(placed.bytes, path: "pack.lock")
    }

    /// What `check` finds.
    func findings() throws -> [Diagnostic] { try Check.findings(manifest, lock, stale: []) }

    /// The findings as "severity code".
    func codes() throws -> [String] { try findings().map { "\($0.severity.rawValue) \($0.code)" } }
}

/// The lines of a model entry.
func model(_ name: String = "m", _ more: String = "") -> String {
    "[[model]]\nname = \"\(name)\"\nsource = \"path:x\"\n\(more)\n"
}
