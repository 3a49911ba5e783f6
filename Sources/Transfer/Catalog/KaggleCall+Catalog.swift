import Formats
import Manifests

// Names of methods and members: kagglesdk 0.1.38, `ModelApiClient` and `DatasetApiClient`.
extension KaggleCall {
    /// Asks for a page of the models that are found.
    static func searchModels(_ arguments: [JSON.Member]) -> KaggleCall {
        KaggleCall(models, "ListModels", arguments)
    }

    /// Asks for a page of the data sets that are found.
    static func searchDatasets(_ arguments: [JSON.Member]) -> KaggleCall {
        KaggleCall(datasets, "ListDatasets", arguments)
    }

    /// Asks what Kaggle states of a model, whatever its variation.
    /// - Parameter handle: of a model.
    static func model(_ handle: KaggleHandle) -> KaggleCall {
        KaggleCall(
            models, "GetModel",
            [
                JSON.Member("ownerSlug", .string(handle.parts.first ?? "")),
                JSON.Member("modelSlug", .string(handle.parts.dropFirst().first ?? "")),
            ])
    }
}
