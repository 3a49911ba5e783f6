import Caches
import Formats
import Manifests
import ModelFacts
import Storage

/// An adapter that was named in the place of a model.
enum AdapterAlone {
    private static let configName: RelativePath = "adapter_config.json"

    /// A warning where an adapter states that it is for another model than the one that it is put on.
    /// - Parameter name: the adapter as the command line names it.
    static func otherBase(_ adapter: Snapshot, name: String, on model: Snapshot) throws -> Diagnostic? {
        guard let config = adapter.files.first(where: { $0.path == configName }) else { return nil }
        let bytes = try FileReader.contents(of: config.location, limit: 1 << 24)
        guard let stated = (try? JSON.parse(bytes))?["base_model_name_or_path"]?.string else { return nil }
        return AdapterBase.difference(of: name, for: stated, on: model.origin)
    }

    /// What to do instead; `nil` if there is a model to convert.
    /// - Parameter name: the model as the command line names it.
    static func finding(_ snapshot: Snapshot, name: String) throws -> Diagnostic? {
        guard let config = snapshot.files.first(where: { $0.path == configName }),
            !snapshot.files.contains(where: { isOfModel($0.path) })
        else { return nil }
        let bytes = try FileReader.contents(of: config.location, limit: 1 << 24)
        let base = (try? JSON.parse(bytes))?["base_model_name_or_path"]?.string
        let word = ShellWord.quoted(name)
        let isName = base.map { HubRepository.problem(inID: $0) == nil } ?? false
        let fix =
            if isName, let base {
                "knapsack convert \(word) --lora hf:\(base)"
            } else {
                "add --lora with the base model: of it only the configuration is read"
            }
        return Diagnostic(
            code: .configMissing, "\(name) is a LoRA adapter, and no model by itself",
            notes: [
                "with --lora it becomes a GGUF for llama.cpp's --lora; --merge puts it into the weights of its base"
            ], fix: fix, verdict: .undecided)
    }

    /// Whether a file holds weights or the configuration of a model.
    private static func isOfModel(_ path: RelativePath) -> Bool {
        if path == "config.json" { return true }
        guard let kind = path.pathExtension, ["safetensors", "bin", "gguf", "pt", "pth"].contains(kind) else {
            return false
        }
        return path.parent == nil && !path.name.utf8.starts(with: "adapter_".utf8)
    }
}
