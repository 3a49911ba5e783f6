package import Formats

/// The files by which the kaggle command creates what a bundle becomes. They follow from the lock alone, are stored
/// at the top of the bundle, and Kaggle keeps them for itself.
package struct UploadMetadata {
    /// One file.
    package struct File: Equatable {
        /// Its path in the bundle.
        package let name: RelativePath
        /// Its content.
        package let text: String
    }

    /// The files, sorted by name.
    package let files: [File]

    /// Writes the metadata that a bundle with these settings is uploaded by.
    package init(_ bundle: BundleSettings) {
        if let model = bundle.model {
            let metadata = ModelMetadata(bundle, model)
            files = [
                File(name: ModelMetadata.instanceName, text: metadata.instance),
                File(name: ModelMetadata.name, text: metadata.model),
            ]
        } else {
            files = [File(name: DatasetMetadata.name, text: DatasetMetadata(bundle).text)]
        }
    }

    /// The names of all such files, of whatever kind of bundle.
    package static let names = [DatasetMetadata.name, ModelMetadata.instanceName, ModelMetadata.name]
}

/// `model-metadata.json` and `model-instance-metadata.json`, by which the kaggle command creates a model and a
/// variation of it.
struct ModelMetadata {
    /// The name of the file that describes the model (`MODEL_METADATA_FILE` of the kaggle command).
    static let name: RelativePath = "model-metadata.json"
    /// The name of the file that describes the variation (`MODEL_INSTANCE_METADATA_FILE` of the kaggle command).
    static let instanceName: RelativePath = "model-instance-metadata.json"

    private let bundle: BundleSettings
    private let settings: BundleSettings.Model

    /// Takes the settings that both files are written from; `settings` are those of the same bundle's model.
    init(_ bundle: BundleSettings, _ settings: BundleSettings.Model) {
        self.bundle = bundle
        self.settings = settings
    }

    /// The members that the kaggle command reads (kaggle 2.2.5, `model_create_new`), two spaces a level.
    var model: String {
        var members: [JSON.Member] = []
        if let owner = bundle.owner { members.append(JSON.Member("ownerSlug", .string(owner))) }
        members += [
            JSON.Member("title", .string(bundle.title)),
            JSON.Member("slug", .string(bundle.name)),
            JSON.Member("subtitle", .string(bundle.subtitle ?? "")),
            JSON.Member("isPrivate", .bool(true)),
            JSON.Member("description", .string(description)),
            JSON.Member("publishTime", .string("")),
            JSON.Member("provenanceSources", .string("")),
        ]
        return JSON.object(members).prettyText + "\n"
    }

    /// The members that the kaggle command reads (kaggle 2.2.5, `model_instance_create`); its own template
    /// writes `baseModelInstanceId`, which nothing reads.
    var instance: String {
        var members: [JSON.Member] = []
        if let owner = bundle.owner { members.append(JSON.Member("ownerSlug", .string(owner))) }
        let isExternal = settings.base.map(Self.isAddress) ?? false
        let type = settings.base.map { _ in isExternal ? "ExternalVariant" : "KaggleVariant" }
        members += [
            JSON.Member("modelSlug", .string(bundle.name)),
            JSON.Member("instanceSlug", .string(settings.variation)),
            JSON.Member("framework", .string(settings.framework)),
            JSON.Member("overview", .string(Self.plain(bundle.title))),
            JSON.Member("usage", .string(usage)),
            JSON.Member("licenseName", .string(bundle.license)),
            JSON.Member("fineTunable", .bool(false)),
            JSON.Member("trainingData", .array([])),
            JSON.Member("modelInstanceType", .string(type ?? "Unspecified")),
            JSON.Member("baseModelInstance", .string(isExternal ? "" : settings.base ?? "")),
            JSON.Member("externalBaseModelUrl", .string(isExternal ? settings.base ?? "" : "")),
        ]
        return JSON.object(members).prettyText + "\n"
    }

    // The command sends both texts through an HTML sanitizer, so that they have none of "<", ">" and "&".

    private var description: String {
        """
        # Model Summary

        \(Self.plain(bundle.title)), packed by Knapsack for notebooks without internet. README.md names every model \
        with its source, revision and licence, SHA256SUMS proves every file.
        """
    }

    private var usage: String {
        """
        ```python
        import sys
        sys.path.insert(0, "${PATH}")
        import knapsack
        knapsack.activate()  # before importing transformers or kagglehub
        ```
        """
    }

    private static func plain(_ text: String) -> String {
        String(text.map { "<>&".contains($0) ? " " : $0 })
    }

    private static func isAddress(_ text: String) -> Bool {
        text.hasPrefix("https://") || text.hasPrefix("http://")
    }

    /// Whether a text states what a model was made from: a handle without a version, or an address.
    static func isBase(_ text: String) -> Bool {
        if isAddress(text) { return !text.contains(" ") }
        guard case .kaggle(let handle)? = try? Source.parse("kaggle:\(text)") else { return false }
        return handle.version == nil
    }
}
