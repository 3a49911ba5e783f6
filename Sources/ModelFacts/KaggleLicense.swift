import Formats

/// The licence in the metadata files that Kaggle's command writes beside data and models, where somebody downloaded
/// them too (`--metadata`, kaggle 2.2). kagglehub's cache has none.
enum KaggleLicense {
    /// What one of the files states, the first that does; several licences are joined by ", ".
    static func stated(in files: [ModelFile], _ contents: ModelFileReader) -> String? {
        let names: [RelativePath] = [
            "dataset-metadata.json", "model-instance-metadata.json", "datapackage.json",
        ]
        for name in names {
            guard let file = files.first(where: { $0.path == name }),
                let bytes = try? contents.document(file, limit: 1 << 22),
                let json = try? JSON.parse(bytes.span), let license = license(in: json)
            else { continue }
            return license
        }
        return nil
    }

    /// `licenses: [{"name"}]`, below `info` in downloaded ones; `licenseName` of models.
    static func license(in json: JSON) -> String? {
        let all = (json["licenses"] ?? json["info"]?["licenses"])?.array ?? []
        let names = all.compactMap { $0["name"]?.string }.filter { !$0.isEmpty }
        if !names.isEmpty { return names.joined(separator: ", ") }
        return json["licenseName"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
