package import Caches
import Formats
package import Manifests
import Storage

extension Caches {
    /// The files of a model that a person names: a source such as `hf:org/name`, a directory, or the snapshot's
    /// directory of a hub cache, whose links lead out of it into the cache.
    ///
    /// - Throws: if there is no such model. Problems of single files are in the snapshot.
    package func model(_ text: String) throws(Diagnostics) -> Snapshot {
        let source: Source
        do throws(SourceError) {
            source = try Source.parse(text)
        } catch {
            return try directory(text, error)
        }
        if case .path(let path) = source { return try directory(path, nil) }
        return try snapshot(for: source, pinned: nil, manifestDirectory: ".")
    }

    /// - Parameter error: why the text is no source; `nil` where it is one.
    private func directory(_ text: String, _ error: SourceError?) throws(Diagnostics) -> Snapshot {
        guard let path = try? Directory.realPath(text) else {
            throw Diagnostics(missing(text, error))
        }
        if (try? FileStatus.existing(path))??.kind == .file {
            throw Diagnostics(
                Diagnostic(
                    code: .directoryMissing, "\(FileWalk.shown(text)) is a file, and a model is a directory",
                    fix: text.utf8.ends(with: ".gguf")
                        ? "knapsack quantize \(ShellWord.quoted(text)) Q8_0 makes another type of a GGUF model, here Q8_0"
                        : "name the directory that has config.json", verdict: .undecided))
        }
        if let found = LocalDirectory.hubSource(of: path),
            case .hub(let repository, let commit)? = try? Source.parse(found)
        {
            let root = Path.parent(Path.parent(Path.parent(path)))
            return try HubCache(root: root).snapshot(repository, ref: commit, commit: commit)
        }
        return try LocalDirectory(text, relativeTo: ".").snapshot()
    }

    private func missing(_ text: String, _ error: SourceError?) -> Diagnostic {
        let isScheme = Source.Scheme.allCases.contains { text.utf8.starts(with: "\($0.rawValue):".utf8) }
        if let error, isScheme { return .source(text, error) }
        // The end of a long path says most.
        let isPlain = text.utf8.count <= 4096 && text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        let shown = isPlain ? "\"\(text)\"" : quoted(text)
        return Diagnostic(
            code: .directoryMissing, "there is no directory \(shown)",
            notes: ["a model is a directory, or a source such as hf:org/name"],
            fix: probable(text, error).map { "did you mean \($0)?" }
                ?? "name the directory, or download the model first", verdict: .undecided)
    }

    /// What was probably meant: a source, or a directory beside the one that is not there.
    private func probable(_ text: String, _ error: SourceError?) -> String? {
        // The same directory in another form is not there either.
        if let source = error?.suggestion, !source.utf8.starts(with: "path:".utf8) { return source }
        let path = Path.normalized(text)
        let parent = Path.parent(path)
        let names = ((try? Directory.names(in: parent)) ?? []).filter {
            FileStatus.isDirectory(Path.join(parent, $0))
        }
        guard let name = Suggestion.nearest(to: Path.name(path), among: names.sortedByBytes()) else {
            return nil
        }
        return ShellWord.quoted(parent == "." ? "./\(name)" : Path.join(parent, name))
    }
}
