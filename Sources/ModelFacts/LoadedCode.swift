package import Formats
import Manifests

/// A place where a model's configuration asks for Python code to be run when the model is loaded.
package struct LoadedCode: Hashable, Sendable {
    /// The path of the configuration.
    package let file: String
    /// The key that asks for it: "auto_map", "trust_remote_code", "custom_pipelines", "type" or "_class_name".
    package let key: String
    /// What is run, as "module.Class" or, in another repository, "organization/name--module.Class"; `nil` where the
    /// key alone says it.
    package let value: String?

    /// The most places that a lock records of an entry; real models have about ten.
    package static let most = 64

    /// The repository of the Hub that the code is taken from, where it is not the model's own.
    package var repository: String? {
        guard let value, let end = value.firstRange(of: "--")?.lowerBound else { return nil }
        let name = String(value[..<end])
        return HubRepository.problem(inID: name) == nil ? name : nil
    }

    /// The record in a lock.
    package var json: JSON {
        var members = [JSON.Member("file", .string(file)), JSON.Member("key", .string(key))]
        if let value { members.append(JSON.Member("value", .string(value))) }
        return .object(members)
    }

    package init(file: String, key: String, value: String? = nil) {
        self.file = file
        self.key = key
        self.value = value
    }

    /// Reads the record of a lock; `nil` where it is none.
    package init?(_ json: JSON) {
        guard let file = json["file"]?.string, let key = json["key"]?.string else { return nil }
        self.init(file: file, key: key, value: json["value"]?.string)
    }

    /// Whether a file's name is one of a configuration that a library reads code's names from.
    static func isConfiguration(_ path: String) -> Bool {
        let name = ModelPath(path).file
        return name.hasSuffix(".json")
            && (name.contains("config") || ["modules.json", "model_index.json"].contains(name))
    }

    /// All places in one configuration, sorted.
    ///
    /// `auto_map`, `trust_remote_code` and `custom_pipelines` are transformers', wherever they are; classes of
    /// modules outside of the library are sentence-transformers' (`modules.json`) and diffusers' (`model_index.json`).
    package static func all(in json: JSON, file: String) -> [LoadedCode] {
        var found: Set<LoadedCode> = []
        search(json) { key, value in
            switch key {
            case "auto_map":
                for text in texts(in: value) { found.insert(LoadedCode(file: file, key: key, value: text)) }
            case "trust_remote_code" where value.bool == true: found.insert(LoadedCode(file: file, key: key))
            case "custom_pipelines":
                for pipeline in value.members ?? [] {
                    let implementation = pipeline.value["impl"]?.string ?? pipeline.key
                    found.insert(LoadedCode(file: file, key: key, value: implementation))
                }
            default: break
            }
        }
        switch ModelPath(file).file {
        case "modules.json":
            for module in json.array ?? [] {
                guard let type = module["type"]?.string, !type.hasPrefix("sentence_transformers.") else {
                    continue
                }
                found.insert(LoadedCode(file: file, key: "type", value: type))
            }
        case "model_index.json": found.formUnion(diffusers(json, file))
        default: break
        }
        return found.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }

    /// Classes of a pipeline are lists of a module and a class; those of libraries come from an installed package, and
    /// a pipeline's own is a list only where its module lies in the repository.
    private static func diffusers(_ json: JSON, _ file: String) -> [LoadedCode] {
        let libraries: Set<String> = [
            "diffusers", "transformers", "onnxruntime.training", "optimum", "peft", "k_diffusion",
            "stable_diffusion", "flax", "sentencepiece",
        ]
        return (json.members ?? []).compactMap { member in
            guard let parts = member.value.strings, parts.count == 2 else { return nil }
            if member.key != "_class_name" {
                guard !libraries.contains(parts[0]) else { return nil }
                // Modules of diffusers' own pipelines are named without the package.
                let isOwn = ["deepfloyd_if", "stable_diffusion", "stable_diffusion_safe", "paint_by_example"]
                guard !isOwn.contains(parts[0]) else { return nil }
            }
            return LoadedCode(file: file, key: "_class_name", value: parts.joined(separator: "."))
        }
    }

    private var order: [UInt8] { Array("\(file)\u{0}\(key)\u{0}\(value ?? "")".utf8) }

    /// Hands over every member, however deep; how deep a document may nest was limited when it was parsed.
    private static func search(_ json: JSON, _ found: (String, JSON) -> Void) {
        for member in json.members ?? [] {
            found(member.key, member.value)
            search(member.value, found)
        }
        for element in json.array ?? [] { search(element, found) }
    }

    private static func texts(in json: JSON) -> [String] {
        if let text = json.string { return [text] }
        return (json.members?.map(\.value) ?? json.array ?? []).flatMap(texts)
    }
}
