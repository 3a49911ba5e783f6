import Formats

/// `dataset-metadata.json`, by which the kaggle command creates a dataset.
struct DatasetMetadata {
    /// The file's name at the top of the bundle, which the kaggle command looks for (`DATASET_METADATA_FILE`).
    static let name: RelativePath = "dataset-metadata.json"

    private let bundle: BundleSettings

    /// Takes the settings that the metadata are written from.
    init(_ bundle: BundleSettings) { self.bundle = bundle }

    /// The members that the kaggle command reads (kaggle 2.2.5, `dataset_create_new`), two spaces a level.
    var text: String {
        var members: [JSON.Member] = [JSON.Member("title", .string(bundle.title))]
        if let owner = bundle.owner { members.append(JSON.Member("id", .string("\(owner)/\(bundle.name)"))) }
        if let subtitle = bundle.subtitle { members.append(JSON.Member("subtitle", .string(subtitle))) }
        members.append(JSON.Member("licenses", [["name": .string(bundle.license)]]))
        if !bundle.keywords.isEmpty {
            members.append(JSON.Member("keywords", .array(bundle.keywords.map(JSON.string))))
        }
        return JSON.object(members).prettyText + "\n"
    }
}
