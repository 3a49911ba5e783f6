import Formats
import Manifests

/// The bodies of requests about one handle (kagglesdk 0.1.38): names in camel case.
struct KaggleRequest {
    private let handle: KaggleHandle

    /// - Parameter handle: of a model or a data set.
    init(_ handle: KaggleHandle) { self.handle = handle }

    private func part(_ index: Int) -> JSON {
        .string(handle.parts.indices.contains(index) ? handle.parts[index] : "")
    }

    /// Of `GetModel`.
    var model: JSON { ["ownerSlug": part(0), "modelSlug": part(1)] }

    /// Of `GetModelInstance`.
    var instance: JSON {
        let framework = handle.parts.indices.contains(2) ? handle.parts[2] : ""
        return model.setting("framework", .string(KaggleFramework.interfaceName(framework)))
            .setting("instanceSlug", part(3))
    }

    /// Of `ListModelInstanceVersionFiles`.
    var modelFiles: JSON {
        handle.version.map { instance.setting("versionNumber", .integer($0)) } ?? instance
    }

    /// Of `GetDataset`.
    var dataset: JSON { ["ownerSlug": part(0), "datasetSlug": part(1)] }

    /// Of `ListDatasetFiles`.
    var datasetFiles: JSON {
        handle.version.map { dataset.setting("datasetVersionNumber", .integer($0)) } ?? dataset
    }

    /// Of the download of one file.
    func download(_ path: RelativePath) -> (KaggleMethod, JSON) {
        handle.kind == .model
            ? (.downloadModel, modelFiles.setting("path", .string(path.text)))
            : (.downloadDataset, datasetFiles.setting("fileName", .string(path.text)))
    }
}

extension JSON {
    /// The object with one more member, or another value of it.
    func setting(_ key: String, _ value: JSON) -> JSON {
        .object((members ?? []).filter { !$0.key.hasSameBytes(as: key) } + [Member(key, value)])
    }
}
