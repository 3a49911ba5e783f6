import Caches
import Formats
import Manifests
import Storage

/// A file or directory that a command reads: a path, or a source with a file of it, such as `hf:org/name@main:config.json`.
enum SourceFile {
    /// The path that a text means.
    ///
    /// A source without a file means its directory in the cache, or the model in it if that is a single GGUF file.
    /// - Throws: where a source is not in its cache, or does not have the file.
    static func path(of text: String, _ caches: Caches) throws -> String {
        let (sourceText, file) = parts(text)
        let source: Source
        do throws(SourceError) {
            source = try Source.parse(sourceText)
        } catch {
            // A path, unless it begins as a source does.
            guard isSource(text) else { return text }
            throw Diagnostics(.source(sourceText, error))
        }
        if case .path(let directory) = source { return directory }
        let snapshot = try caches.snapshot(for: source, pinned: nil, manifestDirectory: ".")
        guard let file else { return single(in: snapshot) ?? snapshot.directory }
        guard let path = RelativePath(file), snapshot.files.contains(where: { $0.path == path }) else {
            throw Diagnostics(missing(file, sourceText, snapshot))
        }
        return path.joined(to: snapshot.directory)
    }

    /// Whether a text begins as the sources of a cache do.
    static func isSource(_ text: String) -> Bool {
        Source.Scheme.allCases.contains { text.utf8.starts(with: "\($0.rawValue):".utf8) }
    }

    /// The source and the file behind the second colon: neither handles nor revisions have one.
    private static func parts(_ text: String) -> (source: String, file: String?) {
        guard isSource(text), !text.utf8.starts(with: "path:".utf8) else { return (text, nil) }
        if text.utf8.starts(with: "oci:".utf8) { return registryParts(text) }
        let colon = UInt8(ascii: ":")
        let parts = text.utf8.split(separator: colon, maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 3 else { return (text, nil) }
        return ("\(parts[0]):\(parts[1])", parts[2])
    }

    /// Names of artifacts have colons: a file is behind the last one before which there is a name.
    private static func registryParts(_ text: String) -> (source: String, file: String?) {
        if (try? Source.parse(text)) != nil { return (text, nil) }
        for index in text.utf8.indices.reversed() where text.utf8[index] == UInt8(ascii: ":") {
            let name = String(Substring(text.utf8[..<index]))
            guard (try? Source.parse(name)) != nil else { continue }
            return (name, String(Substring(text.utf8[text.utf8.index(after: index)...])))
        }
        return (text, nil)
    }

    /// The model of a snapshot whose only weights are a GGUF file, or the first of several.
    private static func single(in snapshot: Snapshot) -> String? {
        let others = ["safetensors", "bin", "pt", "pth"]
        let kinds = Set(snapshot.files.compactMap(\.path.pathExtension))
        guard kinds.isDisjoint(with: others) else { return nil }
        let models = snapshot.files.map(\.path).filter { $0.hasSuffix(".gguf") }
        let firsts = models.filter { $0.name.contains("-00001-of-") }
        guard let first = models.count == 1 ? models.first : firsts.count == 1 ? firsts.first : nil else {
            return nil
        }
        return first.joined(to: snapshot.directory)
    }

    private static func missing(_ file: String, _ source: String, _ snapshot: Snapshot) -> Diagnostic {
        let paths = snapshot.files.map(\.path.text)
        let refused = snapshot.found.filter { $0.paths.containsExactly(file) }
        let more = paths.count > 10 ? ["… and \(paths.count - 10) more"] : []
        return Diagnostic(
            code: .fileNotFound, "\(source) has no file \(quoted(file)) in the cache",
            notes: refused.map(\.diagnostic.message) + paths.prefix(10).map(FileWalk.shown) + more,
            fix: Suggestion.nearest(to: file, among: paths).map { "did you mean \(quoted($0))?" },
            verdict: .undecided)
    }
}
