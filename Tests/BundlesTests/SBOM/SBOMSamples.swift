import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// Entries of every kind and origin, with what makes documents go wrong: odd names, licences of all sorts, base models
/// that are there and that are not, conversions.
enum SBOMSamples {
    static let commit = "f7cdaae55eb1ca643980443cab0d2fb2da0a8b99"

    static func entries() throws -> [LockedEntry] {
        [
            try entry(
                "base", origin: hub("hf:org/Base_Model"), license: ("apache-2.0", .modelCard),
                facts: [
                    .init("dtypes", ["BF16"]), .init("model_type", "qwen2"), .init("parameters", 1234),
                    .init("pipeline_tag", "text-generation"),
                ], files: [try Samples.file("model.safetensors", content: "base")]),
            try entry(
                "adapter", origin: hub("hf:me/adapter"), license: ("llama3.1", .modelCard),
                facts: [.init("base_models", ["org/Base_Model", "org/Base_Model"])],
                files: [
                    try Samples.file("adapter_config.json", content: "config"),
                    try Samples.file("adapter_model.safetensors", content: "adapter"),
                ]),
            try entry(
                "cast", from: "base", merging: ["adapter"], license: ("apache-2.0", .modelCard),
                files: [
                    try Samples.file("model.safetensors", content: "cast", proof: .conversion),
                    try Samples.file("merges.txt", content: "merges"),
                ]),
            try entry(
                "tuned", origin: try kaggle("kaggle:owner/model/transformers/tuned/3"),
                license: ("other", .manifest),
                facts: [.init("base_models", ["elsewhere/large", "a model without a name"])],
                files: [try Samples.file("odd name #1 100%/ü\"\\.bin", content: "odd", proof: .none)]),
            try entry(
                "texts", kind: .dataset, origin: hub("hf-dataset:org/texts"),
                license: ("mit OR (apache-2.0 AND my-own)", .manifest),
                files: [try Samples.file("train.parquet", content: "train")]),
            try entry(
                "wheels", kind: .wheels, origin: .path, license: nil,
                facts: [
                    .init(
                        "wheels",
                        [
                            "files": [
                                [
                                    "path": "dotted_name-2-py3-none-any.whl", "name": "Dotted.Name",
                                    "version": "2.0",
                                ]
                            ]
                        ]
                    )
                ],
                files: [
                    try Samples.file("dotted_name-2-py3-none-any.whl", content: "dotted", proof: .none),
                    try Samples.file("My_Package-1.0+cu118-py3-none-any.whl", content: "wheel", proof: .none),
                    try Samples.file("notes.txt", content: "notes", proof: .none),
                ]),
            try entry(
                "empty", kind: .files, origin: .path, license: ("cc-by-4.0, mit", .modelCard), files: []),
        ]
    }

    static func lock() throws -> Lock { try Samples.lock(Samples.bundle, try entries()) }

    /// The same, where the bundle does not have these entries.
    static func lock(without names: [String]) throws -> Lock {
        let entries = try entries().map { entry in
            guard names.contains(entry.name) else { return entry }
            let asked = entry.asked
            return LockedEntry(
                name: entry.name, kind: entry.kind,
                asked: Asked(
                    content: asked.content, include: asked.include, exclude: asked.exclude,
                    license: asked.license, isPacked: false),
                origin: entry.origin, license: entry.license, facts: entry.facts, files: entry.files,
                tensors: entry.tensors)
        }
        return try Samples.lock(Samples.bundle, entries)
    }

    static func json(_ lock: Lock, _ format: BillOfMaterials.Format) throws -> JSON {
        let text = try BillOfMaterials(lock).text(format)
        return try JSON.parse(Array(text.utf8).span)
    }

    private static func hub(_ text: String) -> Origin {
        guard case .hub(let repository, _)? = try? Source.parse(text) else { return .path }
        return .hub(repository, ref: "main", commit: commit)
    }

    private static func kaggle(_ text: String) throws -> Origin {
        guard case .kaggle(let handle) = try Source.parse(text) else { return .path }
        return .kaggle(handle)
    }

    private static func entry(
        _ name: String, kind: Entry.Kind = .model, origin: Origin, license: (String, LockedLicense.Witness)?,
        facts: [JSON.Member] = [], files: [LockedFile]
    ) throws -> LockedEntry {
        LockedEntry(
            name: name, kind: kind,
            asked: Asked(source: "path:\(name)", include: nil, exclude: [], license: nil),
            origin: origin, license: license.map { LockedLicense(id: $0.0, from: $0.1) }, facts: facts,
            files: files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }, tensors: [])
    }

    private static func entry(
        _ name: String, from: String, merging: [String], license: (String, LockedLicense.Witness),
        files: [LockedFile]
    ) throws -> LockedEntry {
        let request = try #require(
            ConversionRequest(
                from: from, value: { $0 == "dtype" ? "f16" : nil }, list: { $0 == "merge" ? merging : nil }))
        let conversion = LockedConversion(
            converter: 1, inputs: try ContentHasher.sha256([1, 2, 3].span),
            parameters: [.init("dtype", "f16"), .init("merge", .array(merging.map(JSON.string)))])
        return LockedEntry(
            name: name, kind: .model,
            asked: Asked(content: .conversion(request), include: nil, exclude: [], license: nil),
            origin: .conversion(conversion), license: LockedLicense(id: license.0, from: license.1),
            facts: [],
            files: files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }, tensors: [])
    }
}
