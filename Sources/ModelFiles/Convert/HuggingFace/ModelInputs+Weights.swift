import Formats
import Manifests
import Storage

extension ModelInputs {
    /// That a directory has no weights to convert, with what it has in their place; `nil` where it has weights.
    /// - Parameters:
    ///   - paths: all files of the directory.
    ///   - name: the model as the user named it.
    static func noWeights(_ paths: [RelativePath], of name: String) -> Diagnostic? {
        guard !hasWeights(paths) else { return nil }
        let below = inner(paths)
        let gguf = paths.filter { $0.hasSuffix(".gguf") }
        let fix =
            if let last = below.last {
                below.count == 1
                    ? "did you mean \(ShellWord.quoted(Path.join(name, last)))?"
                    : "name one of its \(below.count) checkpoints, such as "
                        + ShellWord.quoted(Path.join(name, last))
            } else if let file = gguf.first {
                "it is GGUF already: \(file), of which the command quantize makes another type"
            } else {
                "download the model's safetensors files"
            }
        return Diagnostic(code: .weightsMissing, "\(name): there are no weights to convert", fix: fix)
    }

    /// The directories right below that are models, as a Trainer's `checkpoint-500`, in the order of the numbers in their
    /// names.
    private static func inner(_ paths: [RelativePath]) -> [String] {
        var inside: [RelativePath: [RelativePath]] = [:]
        for path in paths {
            guard let parent = path.parent, parent.parent == nil,
                let own = RelativePath(path.name)
            else { continue }
            inside[parent, default: []].append(own)
        }
        return inside.filter { $0.value.contains("config.json") && hasWeights($0.value) }.keys.sorted {
            ($0.text.utf8.count, $0) < ($1.text.utf8.count, $1)
        }.map(\.text)
    }
}
