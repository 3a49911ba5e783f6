package import Tensors

/// What a GGUF states of a model as a whole: the keys `general.*` but for the architecture and the type of the
/// tensors.
///
/// A value is `nil` where nothing states it. An empty text is one that a source gives: it is not written, and no other
/// source is asked. The keys and where their values come from are those of gguf-py's `metadata.py`.
package struct GeneralMetadata: Sendable, Equatable {
    /// What kind of file is described.
    package enum Kind: String, Sendable {
        /// A model.
        case model
        /// A LoRA adapter for a model.
        case adapter
        /// A model's part for pictures or sound.
        case projector = "mmproj"
    }

    /// What the file is (`general.type`).
    package var kind = Kind.model
    /// The numbers to sample with.
    package var sampling = SamplingParameters()
    /// The name for people, as "Qwen3 30B A3B Instruct".
    package var name: String?
    /// Who made the model.
    package var author: String?
    /// The version, as "v0.2".
    package var version: String?
    /// The organization that published the model.
    package var organization: String?
    /// What it was tuned for, as "Instruct".
    package var finetune: String?
    /// The name without size, version and tuning, as "Qwen3".
    package var basename: String?
    /// One or two sentences on the model.
    package var description: String?
    /// Who quantized it.
    package var quantizedBy: String?
    /// The number of parameters as names of models have it, as "7B" or "8x22B".
    package var sizeLabel: String?
    /// The licence, several joined by commas.
    package var license: String?
    /// What the licence is called where ``license`` is "other".
    package var licenseName: String?
    /// Where the licence is.
    package var licenseLink: String?
    /// Where this file is described.
    package var url: String?
    /// The digital object identifier of this file.
    package var doi: String?
    /// The UUID of this file.
    package var uuid: String?
    /// The repository of this file.
    package var repositoryURL: String?
    /// Where the model that the file was made of is described.
    package var sourceURL: String?
    /// The digital object identifier of the model that the file was made of.
    package var sourceDOI: String?
    /// The UUID of the model that the file was made of.
    package var sourceUUID: String?
    /// The repository of the model that the file was made of.
    package var sourceRepositoryURL: String?
    /// The models that this one was made from; `nil` where nothing is said of them.
    package var baseModels: [ModelSource]?
    /// What it was trained on; `nil` where nothing is said of it.
    package var datasets: [ModelSource]?
    /// The tags: an array, of strings but where a card has nothing but numbers.
    package var tags: GGUFContent?
    /// The languages by their codes: an array, as ``tags``.
    package var languages: GGUFContent?
    /// What could not be taken from the card and the configurations, a sentence without a full stop each.
    package internal(set) var remarks: [String] = []

    /// Nothing yet.
    package init() {}
}

extension GeneralMetadata {
    /// Adds the keys, in the order of the reference converter's.
    package func add(to metadata: inout ModelMetadata) {
        metadata["general.type"] = .string(kind.rawValue)
        if kind == .adapter { metadata["adapter.type"] = .string("lora") }
        sampling.add(to: &metadata)
        let texts = [
            ("name", name), ("author", author), ("version", version), ("organization", organization),
            ("finetune", finetune), ("basename", basename), ("description", description),
            ("quantized_by", quantizedBy), ("size_label", sizeLabel), ("license", license),
            ("license.name", licenseName), ("license.link", licenseLink), ("url", url), ("doi", doi),
            ("uuid", uuid), ("repo_url", repositoryURL), ("source.url", sourceURL),
            ("source.doi", sourceDOI), ("source.uuid", sourceUUID), ("source.repo_url", sourceRepositoryURL),
        ]
        for case (let key, let text?) in texts { metadata["general.\(key)"] = .string(text) }
        Self.add(baseModels, "general.base_model", to: &metadata)
        Self.add(datasets, "general.dataset", to: &metadata)
        if let tags { metadata["general.tags"] = tags }
        if let languages { metadata["general.languages"] = languages }
    }

    private static func add(_ sources: [ModelSource]?, _ prefix: String, to metadata: inout ModelMetadata) {
        guard let sources else { return }
        metadata["\(prefix).count"] = .uint32(UInt32(clamping: sources.count))
        for (index, source) in sources.enumerated() {
            for (key, text) in source.texts { metadata["\(prefix).\(index).\(key)"] = .string(text) }
        }
    }
}
