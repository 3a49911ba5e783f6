import Formats
import Manifests

/// The calls that make something on Kaggle (kagglesdk 0.1.38, `blob_api_service.py`, `dataset_api_service.py`,
/// `model_api_service.py`).
extension KaggleCall {
    private static func text(_ name: String, _ value: String) -> JSON.Member {
        JSON.Member(name, .string(value))
    }

    /// Begins the upload of one file.
    /// - Parameter name: the file's name without directories, which it will have.
    static func startUpload(_ kind: KaggleHandle.Kind, name: String, size: Int) -> KaggleCall {
        KaggleCall(
            "blobs.BlobApiService", "StartBlobUpload",
            [
                text("type", kind == .model ? "MODEL" : "DATASET"), text("name", name),
                JSON.Member("contentLength", .integer(size)),
                // The content decides, and its time is nobody's business.
                JSON.Member("lastModifiedEpochSeconds", .integer(0)),
            ])
    }

    /// Asks how far Kaggle is with the newest version of a data set.
    static func datasetStatus(_ handle: KaggleHandle) -> KaggleCall {
        KaggleCall(datasets, "GetDatasetStatus", base(handle))
    }

    /// Asks for the user's own data sets with a text in them.
    static func ownDatasets(_ text: String) -> KaggleCall {
        KaggleCall(
            datasets, "ListDatasets",
            [
                self.text("group", "DATASET_SELECTION_GROUP_MY"), self.text("search", text),
                JSON.Member("pageSize", .integer(100)),
            ])
    }

    /// Makes a data set with its first version.
    static func createDataset(_ bundle: BundleSettings, owner: String, isPublic: Bool, _ tree: KaggleTree)
        -> KaggleCall
    {
        KaggleCall(
            datasets, "CreateDataset",
            [
                text("ownerSlug", owner), text("slug", bundle.name), text("title", bundle.title),
                text("licenseName", bundle.license), JSON.Member("isPrivate", .bool(!isPublic)),
            ] + described(bundle) + tree.members)
    }

    /// Makes another version of a data set, of these files and no others.
    static func createDatasetVersion(
        _ handle: KaggleHandle, _ bundle: BundleSettings, message: String, _ tree: KaggleTree
    ) -> KaggleCall {
        let body =
            [text("versionNotes", message), JSON.Member("deleteOldVersions", false)] + described(bundle)
            + tree.members
        return KaggleCall(
            datasets, "CreateDatasetVersion", base(handle) + [JSON.Member("body", .object(body))])
    }

    private static func described(_ bundle: BundleSettings) -> [JSON.Member] {
        (bundle.subtitle.map { [text("subtitle", $0)] } ?? [])
            + [JSON.Member("categoryIds", .array(bundle.keywords.map(JSON.string)))]
    }

    /// Makes a model without variations.
    /// - Parameter metadata: what `model-metadata.json` states.
    static func createModel(_ metadata: JSON, isPublic: Bool) -> KaggleCall {
        let names = ["ownerSlug", "slug", "title", "subtitle", "description", "provenanceSources"]
        return KaggleCall(
            models, "CreateModel",
            names.compactMap { name in metadata[name].map { JSON.Member(name, $0) } }
                + [JSON.Member("isPrivate", .bool(!isPublic))])
    }

    /// Makes a variation of a model with its first version.
    /// - Parameter metadata: what `model-instance-metadata.json` states.
    static func createVariation(_ handle: KaggleHandle, _ metadata: JSON, _ tree: KaggleTree) -> KaggleCall {
        let names = [
            "instanceSlug", "overview", "usage", "licenseName", "fineTunable", "trainingData",
            "baseModelInstance",
            "externalBaseModelUrl",
        ]
        var body = names.compactMap { name in metadata[name].map { JSON.Member(name, $0) } }
        body += base(handle).filter { $0.key.hasSameBytes(as: "framework") }
        let types = ["KaggleVariant": "KAGGLE_VARIANT", "ExternalVariant": "EXTERNAL_VARIANT"]
        let type = metadata["modelInstanceType"]?.string.flatMap { types[$0] } ?? "UNSPECIFIED"
        body.append(text("modelInstanceType", "MODEL_INSTANCE_TYPE_\(type)"))
        return KaggleCall(
            models, "CreateModelInstance",
            Array(base(handle).prefix(2)) + [JSON.Member("body", .object(body + tree.members))])
    }

    /// Makes another version of a variation, of these files and no others.
    static func createVariationVersion(
        _ handle: KaggleHandle, message: String, _ tree: KaggleTree
    ) -> KaggleCall {
        KaggleCall(
            models, "CreateModelInstanceVersion",
            base(handle) + [JSON.Member("body", .object([text("versionNotes", message)] + tree.members))])
    }
}

/// The files of a version as Kaggle takes them: a token for each, in the directories that they are in.
struct KaggleTree {
    /// `files` and `directories` of the root.
    let members: [JSON.Member]

    private struct Folder {
        var tokens: [String] = []
        var folders: [RelativePath: Folder] = [:]

        mutating func add(_ token: String, _ path: ArraySlice<String>) {
            guard path.count > 1, let first = path.first else { return tokens.append(token) }
            folders[RelativePath(checked: first), default: Folder()].add(token, path.dropFirst())
        }

        var members: [JSON.Member] {
            let inner = folders.sorted { $0.key < $1.key }.map { name, folder in
                JSON.object([JSON.Member("name", .string(name.text))] + folder.members)
            }
            return [
                JSON.Member("files", .array(tokens.map { .object([JSON.Member("token", .string($0))]) })),
                JSON.Member("directories", .array(inner)),
            ]
        }
    }

    /// Puts files into their directories, in the order in which they are given.
    init(_ files: [(path: RelativePath, token: String)]) {
        var root = Folder()
        for file in files { root.add(file.token, file.path.components.map { String($0) }[...]) }
        members = root.members
    }
}
