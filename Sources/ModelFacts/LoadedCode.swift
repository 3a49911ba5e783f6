package import Formats
import Manifests
import Scanning

/// A place where a model's configuration asks for Python code to be run when the model is loaded.
package struct LoadedCode: Hashable, Sendable {
    /// The path of the configuration.
    package let file: String
    /// The key that asks for it: one of ``CodeKey``, "type", "_class_name", "class_name", or "unreadable" for a file that
    /// could not be read.
    package let key: String
    /// What is run, as "module.Class" or, in another repository, "organization/name--module.Class"; `nil` where the
    /// key alone states it.
    package let value: String?

    /// The most places that a lock records of an entry; real models have about ten.
    package static let most = 64

    /// Whether a library runs it without being asked to trust code, in one of its versions.
    package var runsUnasked: Bool {
        ["target", "cls", "type", "class_name"].contains(key)
            || CodeKey.all.contains { $0.runsUnasked && $0.key.hasSameBytes(as: key) }
    }

    /// The repository of the Hub that the code is taken from, where it is not the model's own.
    package var repository: String? {
        if key.hasUTF8Suffix("_implementation") || key.hasUTF8Suffix("_implementation_internal") {
            return kernel
        }
        guard let value, let end = value.firstRange(of: "--")?.lowerBound else { return nil }
        let name = String(value[..<end])
        return HubRepository.problem(inID: name) == nil ? name : nil
    }

    /// The repository of a kernel: `org/name` of `paged|org/name@revision:function`.
    private var kernel: String? {
        guard let last = value?.utf8.split(separator: UInt8(ascii: "|")).last else { return nil }
        let name = String(
            decoding: last.prefix { $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: ":") }, as: UTF8.self)
        return HubRepository.problem(inID: name) == nil ? name : nil
    }

    /// The record in a lock.
    package var json: JSON {
        var members = [JSON.Member("file", .string(file)), JSON.Member("key", .string(key))]
        if let value { members.append(JSON.Member("value", .string(value))) }
        return .object(members)
    }

    /// Names the configuration, the key in it, and what is run.
    package init(file: String, key: String, value: String? = nil) {
        self.file = file
        self.key = key
        self.value = value
    }

    /// Reads the record of a lock; `nil` if it is not one.
    package init?(_ json: JSON) {
        guard let file = json["file"]?.string, let key = json["key"]?.string else { return nil }
        self.init(file: file, key: key, value: json["value"]?.string)
    }

    /// Whether a file's name is one of a configuration that a library reads code's names from.
    static func isConfiguration(_ path: RelativePath) -> Bool {
        let name = ModelPath(path).file
        return name.hasSuffix(".json")
            && (name.text.contains("config")
                || (["modules.json", "model_index.json", "modular_model_index.json"] as [ExactName]).contains(
                    name))
    }

    /// All places in one configuration, sorted.
    ///
    /// Keys of ``CodeKey`` count wherever they are; classes of modules outside of the library are sentence-transformers'
    /// (`modules.json`) and diffusers' (`model_index.json`).
    package static func all(in json: JSON, file: String) -> [LoadedCode] {
        let name = ModelPath(file).file
        var found: Set<LoadedCode> = []
        search(json) { object, key, value in
            for known in CodeKey.all
            where known.key.hasSameBytes(as: key) && known.files.contains(name.text)
                && known.counts(object)
            {
                for text in known.values(value) {
                    found.insert(LoadedCode(file: file, key: key, value: text))
                }
            }
        }
        switch name {
        case "modules.json":
            for module in json.array ?? [] {
                guard let type = module["type"]?.string, !CodeKey.isSentenceTransformers(type) else {
                    continue
                }
                found.insert(LoadedCode(file: file, key: "type", value: type))
            }
        case "model_index.json", "modular_model_index.json": found.formUnion(diffusers(json, file))
        default: break
        }
        for message in KerasDescription.messages(json) {
            found.insert(LoadedCode(file: file, key: "class_name", value: message))
        }
        return sorted(found)
    }

    /// What a YAML document names for Hydra, NeMo or latent-diffusion to call; `nil` for one that cannot be read.
    static func all(inYAML bytes: [UInt8], file: String) -> [LoadedCode]? {
        guard let json = YAMLDocument.json(bytes) else { return nil }
        let targets = NamedTargets.all(in: json).map { LoadedCode(file: file, key: $0.key, value: $0.value) }
        return sorted(Set(targets + all(in: json, file: file)))
    }

    private static func sorted(_ found: Set<LoadedCode>) -> [LoadedCode] {
        found.sorted { $0.order.precedesByBytes($1.order) }
    }

    /// Classes of a pipeline are lists of a module and a class; those of libraries come from an installed package, and
    /// a pipeline's own is a list only where its module is in the repository.
    private static func diffusers(_ json: JSON, _ file: String) -> [LoadedCode] {
        (json.members ?? []).compactMap { member in
            // A modular pipeline has a description of where it comes from as a third element, and may have the class
            // there alone (`modular_pipeline.py`, `_dict_to_component_spec`).
            guard let parts = member.value.array, parts.count == 2 || parts.count == 3 else { return nil }
            let hint = parts.count == 3 ? parts[2]["type_hint"]?.array ?? [] : []
            let pair = parts[0].string == nil && hint.count == 2 ? hint : Array(parts.prefix(2))
            guard let library = pair[0].string, let name = pair[1].string else { return nil }
            if member.key != "_class_name", DiffusersLibraries.contains(library) { return nil }
            return LoadedCode(file: file, key: "_class_name", value: "\(library).\(name)")
        }
    }

    private var order: String { "\(file)\u{0}\(key)\u{0}\(value ?? "")" }

    /// Hands over every member, however deep; how deep a document may nest was limited when it was parsed.
    private static func search(_ json: JSON, _ found: (JSON, String, JSON) -> Void) {
        for member in json.members ?? [] {
            found(json, member.key, member.value)
            search(member.value, found)
        }
        for element in json.array ?? [] { search(element, found) }
    }
}
