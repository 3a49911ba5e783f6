import Formats
import Manifests
import Storage

/// Has Kaggle make a version of what was sent: exactly one, also where an answer is lost.
struct KaggleVersionMaker: Sendable {
    /// What Kaggle answers.
    struct Answer: Sendable {
        /// Keywords that it does not know.
        var unknownTags: [String] = []
    }

    private let client: KaggleClient
    private let handle: KaggleHandle
    private let bundle: BundleSettings
    private let owner: String
    private let isPublic: Bool
    private let message: String
    private let versions: KaggleVersions

    /// Asks nothing yet.
    init(
        _ client: KaggleClient, _ handle: KaggleHandle, _ bundle: BundleSettings, owner: String,
        isPublic: Bool,
        message: String, _ versions: KaggleVersions
    ) {
        self.client = client
        self.handle = handle
        self.bundle = bundle
        self.owner = owner
        self.isPublic = isPublic
        self.message = message
        self.versions = versions
    }

    /// Asks for the version.
    ///
    /// - Parameters:
    ///   - before: the version that is current; `nil` if there is nothing.
    ///   - note: notes that it is asked for.
    func make(_ tree: KaggleTree, after before: Int?, note: () throws -> Void) throws -> Answer {
        if handle.kind == .model, before == nil { try makeModel() }
        try note()
        guard before == nil else { return try once(next(tree), after: before) }
        do {
            return try once(first(tree), after: nil)
        } catch let refusal as KaggleRefusal where refusal.isConflict {
            // It is there, and Kaggle did not show it.
            return try once(next(tree), after: try versions.current())
        }
    }

    private func next(_ tree: KaggleTree) -> KaggleCall {
        handle.kind == .model
            ? .createVariationVersion(handle, message: message, tree)
            : .createDatasetVersion(handle, bundle, message: message, tree)
    }

    private func first(_ tree: KaggleTree) throws -> KaggleCall {
        handle.kind == .model
            ? .createVariation(handle, try metadata("model-instance-metadata.json"), tree)
            : .createDataset(bundle, owner: owner, isPublic: isPublic, tree)
    }

    /// What the files state by which the kaggle command uploads, with the owner.
    private func metadata(_ name: RelativePath) throws -> JSON {
        let owned = BundleSettings(
            name: bundle.name, owner: owner, title: bundle.title, subtitle: bundle.subtitle,
            license: bundle.license, keywords: bundle.keywords, deduplication: bundle.deduplication,
            model: bundle.model)
        let text = UploadMetadata(owned).files.first { $0.name == name }?.text ?? "{}"
        return try JSON.parse(Array(text.utf8))
    }

    /// Makes the model that the variation is of, if it is not there.
    private func makeModel() throws {
        do {
            _ = try client.answer(.model(handle), of: .model)
            return
        } catch let refusal as KaggleRefusal where refusal.kind == .notFound || refusal.kind == .forbidden {
            // It is made.
        }
        do {
            let json = try client.answer(
                .createModel(try metadata("model-metadata.json"), isPublic: isPublic), of: .model)
            try require(json)
        } catch let refusal as KaggleRefusal where refusal.isConflict {
            // It was made when an answer was lost.
        }
    }

    /// Sends a call until it is answered; where the answer is lost, Kaggle is asked whether it did what it was asked to.
    private func once(_ call: KaggleCall, after before: Int?) throws -> Answer {
        var failures = 0
        while true {
            do {
                let json = try client.answerOnce(call, of: handle.kind, isRepeatable: false)
                try require(json)
                return Answer(unknownTags: json["invalidTags"]?.strings ?? [])
            } catch let error as NetworkError {
                failures += 1
                try client.requester.patience.wait(after: failures, error)
                if try versions.isComing(after: before) { return Answer() }
            }
        }
    }

    /// An error may come in an answer that is none by its status.
    private func require(_ json: JSON) throws {
        let words = json["error"]?.string ?? ""
        let status = json["status"]?.string ?? ""
        guard !words.isEmpty || status.lowercased().hasSameBytes(as: "error") else { return }
        throw KaggleRefusal(
            status: json["errorCode"]?.integer ?? 400, message: words, of: handle.kind, isKnown: true)
    }
}

extension KaggleRefusal {
    /// Whether there is already what should be made newly.
    var isConflict: Bool {
        kind == .status(409) || words.lowercased().containsUTF8("already in use by a dataset")
            || words.lowercased().containsUTF8("already exists")
    }

    /// Whether it is about what was uploaded before, and not about what is made of it.
    var isAboutUploads: Bool {
        guard case .status(let status) = kind, (400..<500).contains(status) else { return kind == .notFound }
        let small = words.lowercased()
        return ["token", "blob", "upload"].contains { small.containsUTF8($0) }
    }
}
