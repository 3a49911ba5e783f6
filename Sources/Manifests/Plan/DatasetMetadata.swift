import Formats

/// `dataset-metadata.json`, by which the kaggle command creates a dataset.
struct DatasetMetadata {
    static let name: RelativePath = "dataset-metadata.json"

    private let bundle: BundleSettings

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
